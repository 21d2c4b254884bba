// SPDX-License-Identifier: Apache-2.0
// The GIC keeps summaries so that nothing is scanned when nothing is pending. Here every PE's highest priority pending
// interrupt and its line are recomputed after each of many random operations by a scan over all registers.
#include "models/board/affinity.hpp"
#include "tests/board/gic_fixture.hpp"

#include <random>

namespace bbmsim::board {
namespace {

struct GicRandom : GicFixture {
    static constexpr unsigned kPes = 18, kIntids = 288;
    GicRandom() : GicFixture(kPes) {}
    std::mt19937_64 rng{20260101};

    u64 below(u64 n) { return rng() % n; }
    bool bit_of(PeId pe, u64 base, unsigned intid) {
        const u64 word = intid < 32 ? redist(pe, gicr::kSgi + base) : dist(base + 4 * (intid / 32));
        return (word >> (intid % 32) & 1) != 0;
    }
    PeId one_of_n(unsigned group) {
        for (PeId pe = 0; pe < kPes; ++pe)
            if (redist(pe, gicr::kWaker) == 0 && icc_get(pe, group != 0 ? icc::kIgrpen1 : icc::kIgrpen0) == 1)
                return pe;
        return kNoPe;
    }
    struct Expected {
        u32 intid = kSpurious;
        u64 priority = 0xff;
        unsigned group = 1;
    };
    Expected scan(PeId pe) {
        Expected best;
        if (redist(pe, gicr::kWaker) != 0) return best;
        for (unsigned intid = 0; intid < kIntids; ++intid) {
            const unsigned group = bit_of(pe, gicd::kIgroupr, intid) ? 1 : 0;
            if (!bit_of(pe, gicd::kIspendr, intid) || !bit_of(pe, gicd::kIsenabler, intid) ||
                bit_of(pe, gicd::kIsactiver, intid))
                continue;
            if ((dist(gicd::kCtlr) >> group & 1) == 0 || icc_get(pe, group != 0 ? icc::kIgrpen1 : icc::kIgrpen0) == 0)
                continue;
            if (intid >= 32) {
                const u64 route = dist(gicd::kIrouter + 8 * intid, 8);
                if ((route >> 31 & 1) != 0 ? one_of_n(group) != pe : route != affinity_of(pe)) continue;
            }
            const u64 priority =
                intid < 32 ? redist(pe, gicr::kSgi + gicd::kIpriorityr + intid, 1) : dist(gicd::kIpriorityr + intid, 1);
            if (priority < best.priority) best = {intid, priority, group};
        }
        return best;
    }
    void check() {
        for (PeId pe = 0; pe < kPes; ++pe) {
            const Expected e = scan(pe);
            EXPECT_EQ(icc_get(pe, icc::kHppir1), e.group == 1 ? e.intid : kSpurious) << unsigned{pe};
            EXPECT_EQ(icc_get(pe, icc::kHppir0), e.group == 0 ? e.intid : kSpurious) << unsigned{pe};
            const bool signal = e.priority < icc_get(pe, icc::kPmr) && e.priority < icc_get(pe, icc::kRpr);
            EXPECT_EQ(irq[pe], signal && e.group == 1) << unsigned{pe};
            EXPECT_EQ(fiq[pe], signal && e.group == 0) << unsigned{pe};
        }
    }
    void step() {
        const auto pe = static_cast<PeId>(below(kPes));
        const u64 spi_word = 4 * (1 + below(8));
        const u64 mask = u64{1} << below(32) | u64{1} << below(32);
        switch (below(22)) {
            case 0:
            case 1:
            case 2: gic.set_spi(static_cast<unsigned>(below(256)), below(2) != 0); break;
            case 3: gic.set_ppi(pe, static_cast<unsigned>(16 + below(16)), below(2) != 0); break;
            case 4:
                icc_set(pe, below(4) != 0 ? icc::kSgi1r : icc::kSgi0r,
                        below(16) << 24 | below(2) << 16 | below(0x10000) | below(2) << 40);
                break;
            case 5: dist_write((below(3) != 0 ? gicd::kIsenabler : gicd::kIcenabler) + spi_word, mask); break;
            case 6: redist_write(pe, gicr::kSgi + (below(3) != 0 ? gicd::kIsenabler : gicd::kIcenabler), mask); break;
            case 7: dist_write((below(2) != 0 ? gicd::kIspendr : gicd::kIcpendr) + spi_word, mask); break;
            case 8: redist_write(pe, gicr::kSgi + (below(2) != 0 ? gicd::kIspendr : gicd::kIcpendr), mask); break;
            case 9: dist_write((below(4) == 0 ? gicd::kIsactiver : gicd::kIcactiver) + spi_word, mask); break;
            case 10: redist_write(pe, gicr::kSgi + (below(4) == 0 ? gicd::kIsactiver : gicd::kIcactiver), mask); break;
            case 11: dist_write(gicd::kIpriorityr + 32 + below(256), below(256), 1); break;
            case 12: redist_write(pe, gicr::kSgi + gicd::kIpriorityr + below(32), below(256), 1); break;
            case 13: dist_write(gicd::kIcfgr + 8 + 4 * below(16), rng() & 0xffff'ffff); break;
            case 14:
                dist_write(gicd::kIrouter + 8 * (32 + below(256)),
                           below(4) == 0 ? u64{1} << 31 : affinity_of(static_cast<PeId>(below(kPes + 2))), 8);
                break;
            case 15: dist_write(gicd::kIgroupr + spi_word, dist(gicd::kIgroupr + spi_word) ^ mask); break;
            case 16:
                redist_write(pe, gicr::kSgi + gicd::kIgroupr, redist(pe, gicr::kSgi + gicd::kIgroupr) ^ mask);
                break;
            case 17: icc_set(pe, icc::kPmr, below(3) == 0 ? below(256) : 0xff); break;
            case 18: icc_set(pe, below(2) != 0 ? icc::kIgrpen1 : icc::kIgrpen0, below(4) != 0); break;
            case 19: redist_write(pe, gicr::kWaker, below(5) == 0 ? 2 : 0); break;
            case 20: {
                const bool group1 = below(3) != 0;
                const u64 intid = icc_get(pe, group1 ? icc::kIar1 : icc::kIar0);
                if (below(3) != 0) icc_set(pe, group1 ? icc::kEoir1 : icc::kEoir0, intid);
                break;
            }
            default:
                if (below(20) == 0) dist_write(gicd::kCtlr, below(4));
                icc_set(pe, below(2) != 0 ? icc::kAp1r0 : icc::kAp0r0, 0);
        }
    }
};

TEST_F(GicRandom, SummariesAgreeWithAScanOfAllRegisters) {
    bring_up();
    dist_write(gicd::kCtlr, 3);
    for (PeId pe = 0; pe < kPes; ++pe) {
        icc_set(pe, icc::kIgrpen0, 1);
        redist_write(pe, gicr::kSgi + gicd::kIsenabler, rng() & 0xffff'ffff);
    }
    for (unsigned w = 1; w <= 8; ++w) dist_write(gicd::kIsenabler + 4 * w, rng() & 0xffff'ffff);
    unsigned signalled = 0;
    for (int i = 0; i < 20'000; ++i) {
        step();
        if (i % 8 == 0) check();
        for (PeId pe = 0; pe < kPes; ++pe) signalled += irq[pe] || fiq[pe];
        if (HasFailure()) FAIL() << "first disagreement after operation " << i;
    }
    EXPECT_GT(signalled, 10'000u) << "the test must not be about silence";
}

}  // namespace
}  // namespace bbmsim::board
