// SPDX-License-Identifier: Apache-2.0
// Software shifts addresses into TLBI operands, and their upper bits end in the TTL field.
#include "tests/engine/machine.hpp"

#include <gtest/gtest.h>

namespace bbmsim::cpu::test {
namespace {

// Whether `tlbi vaae1` with TTL = 0b1111 (64K granule, level 3) removes a 4K page that was read before.
bool removed(bool ttl) {
    Options options;
    options.config.features.ttl = ttl;
    options.config.mmu.invalidation = mmu::InvalidationPolicy::kMinimal;
    Machine m(options);
    m.build_identity();
    m.load(
        kCode,
        "ldr x9, [x0]; lsr x1, x0, #12; orr x1, x1, #0xf00000000000; dsb nshst; tlbi vaae1, x1; dsb nsh; isb; hvc #99");
    m.pe[0]->r[0] = kData;
    m.enable_mmu(0);
    EXPECT_EQ(m.run(), Exit::kOff);
    for (const mmu::TlbEntry& e : m.mmu[0]->entries(mmu::Structure::kL2))
        if (e.matches(kData, 0)) return false;
    return true;
}

TEST(TlbiOperand, BitsOfTheTtlFieldAreAHintOnlyWithFeatTtl) {
    EXPECT_TRUE(removed(false));
    EXPECT_FALSE(removed(true));  // nothing need be removed for a hint of another granule (R_SQXYZ)
}

}  // namespace
}  // namespace bbmsim::cpu::test
