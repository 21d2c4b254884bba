// SPDX-License-Identifier: Apache-2.0
// A GIC with PEs that are initialised as an operating system does it, and short names for its registers.
#pragma once

#include "models/board/gicv3.hpp"

#include <gtest/gtest.h>

#include <array>

namespace bbmsim::board {

namespace gicd {
inline constexpr u64 kCtlr = 0x0, kTyper = 0x4, kIgroupr = 0x80, kIsenabler = 0x100, kIcenabler = 0x180,
                     kIspendr = 0x200, kIcpendr = 0x280, kIsactiver = 0x300, kIcactiver = 0x380, kIpriorityr = 0x400,
                     kIcfgr = 0xc00, kIrouter = 0x6000, kPidr2 = 0xffe8;
}
namespace gicr {
inline constexpr u64 kTyper = 0x8, kWaker = 0x14, kPidr2 = 0xffe8, kSgi = 0x1'0000, kStride = 0x2'0000;
}

struct GicFixture : testing::Test {
    explicit GicFixture(unsigned pes = 4)
        : gic(
              pes, [this](PeId pe, bool level) { irq[pe] = level; }, [this](PeId pe, bool level) { fiq[pe] = level; }) {
    }

    std::array<bool, kMaxPes> irq{}, fiq{};
    GicV3 gic;

    u64 dist(u64 offset, unsigned size = 4) { return gic.distributor().read(offset, size); }
    void dist_write(u64 offset, u64 value, unsigned size = 4) { gic.distributor().write(offset, value, size); }
    u64 redist(PeId pe, u64 offset, unsigned size = 4) {
        return gic.redistributors().read(pe * gicr::kStride + offset, size);
    }
    void redist_write(PeId pe, u64 offset, u64 value, unsigned size = 4) {
        gic.redistributors().write(pe * gicr::kStride + offset, value, size);
    }
    u64 icc_get(PeId pe, u32 encoding) {
        u64 value = ~u64{0};
        EXPECT_TRUE(gic.icc_read(pe, encoding, value));
        return value;
    }
    void icc_set(PeId pe, u32 encoding, u64 value) { EXPECT_TRUE(gic.icc_write(pe, encoding, value)); }
    u64 ack(PeId pe) { return icc_get(pe, icc::kIar1); }
    void eoi(PeId pe, u64 intid) { icc_set(pe, icc::kEoir1, intid); }

    // Everything in group 1 at priority 0xa0, nothing enabled; all PEs awake and unmasked.
    void bring_up() {
        dist_write(gicd::kCtlr, 0x2);
        for (unsigned w = 1; w <= 8; ++w) dist_write(gicd::kIgroupr + 4 * w, 0xffff'ffff);
        for (unsigned i = 32; i < 288; i += 4) dist_write(gicd::kIpriorityr + i, 0xa0a0'a0a0);
        for (unsigned pe = 0; pe < gic.pes(); ++pe) bring_up_pe(static_cast<PeId>(pe));
    }
    void bring_up_pe(PeId pe) {
        redist_write(pe, gicr::kWaker, 0);
        redist_write(pe, gicr::kSgi + gicd::kIgroupr, 0xffff'ffff);
        for (unsigned i = 0; i < 32; i += 4) redist_write(pe, gicr::kSgi + gicd::kIpriorityr + i, 0xa0a0'a0a0);
        icc_set(pe, icc::kPmr, 0xf0);
        icc_set(pe, icc::kIgrpen1, 1);
    }
    void enable_private(PeId pe, unsigned intid, u8 priority = 0xa0) {
        redist_write(pe, gicr::kSgi + gicd::kIpriorityr + intid, priority, 1);
        redist_write(pe, gicr::kSgi + gicd::kIsenabler, u64{1} << intid);
    }
    void enable_spi(unsigned spi, u8 priority = 0xa0, u64 route = 0) {
        const unsigned intid = 32 + spi;
        dist_write(gicd::kIpriorityr + intid, priority, 1);
        dist_write(gicd::kIrouter + 8 * intid, route, 8);
        dist_write(gicd::kIsenabler + 4 * (intid / 32), u64{1} << (intid % 32));
    }
    void make_edge(unsigned spi) {
        const unsigned intid = 32 + spi;
        const u64 offset = gicd::kIcfgr + 4 * (intid / 16);
        dist_write(offset, dist(offset) | u64{2} << (2 * (intid % 16)));
    }
};

}  // namespace bbmsim::board
