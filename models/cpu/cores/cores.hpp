// SPDX-License-Identifier: Apache-2.0
// The presets, one file each. Every function returns a complete configuration with its source.
#pragma once

#include "models/cpu/core_config.hpp"

namespace bbmsim::cpu::cores {

CoreConfig generic();
CoreConfig cortex_a53();
CoreConfig cortex_a55();
CoreConfig cortex_a57();
CoreConfig cortex_a72();
CoreConfig cortex_a76();
CoreConfig neoverse_n1();
CoreConfig cortex_a510();
CoreConfig cortex_a520();
CoreConfig cortex_a715();
CoreConfig cortex_a720();
CoreConfig cortex_x4();
CoreConfig neoverse_v1();
CoreConfig neoverse_v2();
CoreConfig neoverse_v3();
CoreConfig neoverse_n3();
CoreConfig ampereone();
CoreConfig olympus();
CoreConfig apple_m1_p();

// --- what the files share (common.cpp)

// Features by architecture version, as far as FeatureConfig goes and as cores of that version have them, cryptographic
// instructions included.
FeatureConfig armv8_0();
FeatureConfig armv8_2();
FeatureConfig armv8_4();
FeatureConfig armv9_0();
FeatureConfig armv9_2();
// Assumed throughput of a pipeline that issues so many instructions a cycle.
TimingConfig in_order(unsigned width);
TimingConfig out_of_order(unsigned width);
// Fully associative L1 TLBs and a set-associative L2 TLB.
void tlb(CoreConfig& c, u32 l1i, u32 l1d, u32 l2, u32 l2_ways);
void caches(CoreConfig& c, u32 l1d_kib, u32 l1d_ways, u32 l2_kib, u32 l2_ways);
// MmuConfig fields that follow from the architecture version: hardware access flag, range TLBI.
void match_features(CoreConfig& c);

}  // namespace bbmsim::cpu::cores
