// SPDX-License-Identifier: Apache-2.0
#include "models/cpu/cores/cores.hpp"

namespace bbmsim::cpu::cores {

FeatureConfig armv8_0() {
    FeatureConfig f;
    visit_fields(f, [](const char*, bool& feature) { feature = false; });
    f.crc32 = f.pmu = f.fp = true;
    f.aes = f.pmull = f.sha1 = f.sha256 = true;  // an option of the licensee
    return f;
}

FeatureConfig armv8_2() {
    FeatureConfig f = armv8_0();
    f.lse = f.pan = f.lor = f.uao = f.dpb = f.ttcnp = f.rcpc = true;  // RCPC of v8.3, as these cores have it
    f.ssbs = f.csv3 = f.ras = f.rdm = f.fp16 = f.dotprod = true;
    return f;
}

FeatureConfig armv8_4() {
    FeatureConfig f = armv8_2();
    f.pauth = f.dit = f.flagm = f.rcpc2 = f.ttl = f.tlbios = f.dpb2 = f.jscvt = f.sha512 = f.sha3 = true;
    return f;
}

FeatureConfig armv9_0() {
    FeatureConfig f = armv8_4();
    f.bti = f.sb = f.e0pd = f.flagm2 = f.specres = f.frintts = true;
    return f;
}

FeatureConfig armv9_2() {
    FeatureConfig f = armv9_0();
    f.xs = f.ets2 = true;
    return f;
}

TimingConfig in_order(unsigned width) {
    TimingConfig t;
    t.alu = 1.2 / width;
    t.branch = 1.5;
    t.load = 1.5;
    t.store = 1.0;
    t.multiply = 1.5;
    t.divide = 10;
    return t;
}

TimingConfig out_of_order(unsigned width) {
    TimingConfig t;
    t.alu = 1.5 / width;
    t.branch = 0.75;
    t.load = 2.0 / width;
    t.store = 2.0 / width;
    t.multiply = 0.75;
    t.divide = 6;
    return t;
}

void tlb(CoreConfig& c, u32 l1i, u32 l1d, u32 l2, u32 l2_ways) {
    c.mmu.l1i_tlb.entries = c.mmu.l1i_tlb.ways = l1i;
    c.mmu.l1d_tlb.entries = c.mmu.l1d_tlb.ways = l1d;
    c.mmu.l2_tlb.entries = l2;
    c.mmu.l2_tlb.ways = l2_ways;
}

void caches(CoreConfig& c, u32 l1d_kib, u32 l1d_ways, u32 l2_kib, u32 l2_ways) {
    c.cache.l1d_bytes = l1d_kib * 1024;
    c.cache.l1d_ways = l1d_ways;
    c.cache.l2_bytes = l2_kib * 1024;
    c.cache.l2_ways = l2_ways;
    constexpr double kMemoryNs = 100;  // assumed of all; models/memory/config.hpp has the generic core's
    c.cache.memory_cycles = static_cast<u32>(kMemoryNs * c.freq_mhz / 1000);
}

void match_features(CoreConfig& c) {
    c.mmu.hafdbs_af = c.mmu.hafdbs_dirty = c.features.pan;  // both arrived with v8.1
    c.mmu.tlbirange = c.features.tlbios;                    // both with v8.4
}

}  // namespace bbmsim::cpu::cores
