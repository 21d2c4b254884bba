// SPDX-License-Identifier: Apache-2.0
// A core type as data: identity, features, costs and MMU. Presets (cores/) are values of this; Python may override
// any field. Same field names on both sides; visit_fields() is the one list of them.
#pragma once

#include "models/memory/config.hpp"
#include "models/mmu/config.hpp"
#include "models/mmu/types.hpp"

#include <string>
#include <vector>

namespace bbmsim::cpu {

// Cycles per instruction class; fractions stand for superscalar issue (0.25: four a cycle). Summed per block.
struct TimingConfig {
    double alu = 0.5, multiply = 1.0, divide = 8.0, branch = 1.0, load = 1.0, store = 1.0, atomic = 6.0, system = 4.0;
    double barrier = 8.0;     // DMB/DSB/ISB without their waiting
    double exception = 20.0;  // entry and return
};

using memory::CacheConfig;

// TLB maintenance over the interconnect, the PE's part (cores.md: assumed; sweep, do not trust).
struct MaintenanceConfig {
    u32 tlbi_issue_cycles = 15;
    u32 tlbi_receive_cycles = 30;  // per broadcast TLBI that this PE must perform, charged to it
    u32 wfe_wake_cycles = 20;
};

struct FeatureConfig {  // what ID registers advertise; each is implemented if true
    bool lse = true, crc32 = true, rcpc = true, rcpc2 = true, flagm = true, flagm2 = true, rdm = true;
    bool pauth = true, bti = true, dit = true, ssbs = true, sb = true, pan = true, uao = true, dpb = true, dpb2 = true;
    bool e0pd = true, ets2 = false, csv3 = true, specres = false, lor = false, ttcnp = true, ttl = true;
    bool xs = false;     // TLBI nXS forms
    bool tlbios = true;  // outer-shareable and range TLBI need ID_AA64ISAR0.TLB; ranges: mmu.tlbirange
    bool pmu = true;     // PMUv3
    bool ras = true;     // the minimum: ESB, DISR_EL1, no error records
    bool fp = true;      // FP/Advanced SIMD
    bool fp16 = true, fhm = false, jscvt = true, fcma = false, frintts = true;  // of FP and Advanced SIMD
    bool dotprod = true, aes = true, pmull = true, sha1 = true, sha256 = true, sha512 = true, sha3 = true;
};

struct CoreConfig {
    std::string name = "generic";
    std::string source;  // where the figures come from; what is assumed
    u64 midr = 0x000f0000;
    double freq_mhz = 2000.0;
    u32 cache_line_shift = 6;  // CTR_EL0, DC by line; DC ZVA block 64 bytes
    FeatureConfig features;
    TimingConfig timing;
    CacheConfig cache;
    MaintenanceConfig maintenance;
    mmu::MmuConfig mmu;
};

template <class V>
void visit_fields(TimingConfig& c, V&& v) {
    v("alu", c.alu);
    v("multiply", c.multiply);
    v("divide", c.divide);
    v("branch", c.branch);
    v("load", c.load);
    v("store", c.store);
    v("atomic", c.atomic);
    v("system", c.system);
    v("barrier", c.barrier);
    v("exception", c.exception);
}
template <class V>
void visit_fields(MaintenanceConfig& c, V&& v) {
    v("tlbi_issue_cycles", c.tlbi_issue_cycles);
    v("tlbi_receive_cycles", c.tlbi_receive_cycles);
    v("wfe_wake_cycles", c.wfe_wake_cycles);
}
template <class V>
void visit_fields(FeatureConfig& c, V&& v) {
    v("lse", c.lse);
    v("crc32", c.crc32);
    v("rcpc", c.rcpc);
    v("rcpc2", c.rcpc2);
    v("flagm", c.flagm);
    v("flagm2", c.flagm2);
    v("rdm", c.rdm);
    v("pauth", c.pauth);
    v("bti", c.bti);
    v("dit", c.dit);
    v("ssbs", c.ssbs);
    v("sb", c.sb);
    v("pan", c.pan);
    v("uao", c.uao);
    v("dpb", c.dpb);
    v("dpb2", c.dpb2);
    v("e0pd", c.e0pd);
    v("ets2", c.ets2);
    v("csv3", c.csv3);
    v("specres", c.specres);
    v("lor", c.lor);
    v("ttcnp", c.ttcnp);
    v("ttl", c.ttl);
    v("xs", c.xs);
    v("tlbios", c.tlbios);
    v("pmu", c.pmu);
    v("ras", c.ras);
    v("fp", c.fp);
    v("fp16", c.fp16);
    v("fhm", c.fhm);
    v("jscvt", c.jscvt);
    v("fcma", c.fcma);
    v("frintts", c.frintts);
    v("dotprod", c.dotprod);
    v("aes", c.aes);
    v("pmull", c.pmull);
    v("sha1", c.sha1);
    v("sha256", c.sha256);
    v("sha512", c.sha512);
    v("sha3", c.sha3);
}
template <class V>
void visit_fields(CoreConfig& c, V&& v) {
    v("name", c.name);
    v("source", c.source);
    v("midr", c.midr);
    v("freq_mhz", c.freq_mhz);
    v("cache_line_shift", c.cache_line_shift);
    v("features", c.features);
    v("timing", c.timing);
    v("cache", c.cache);
    v("maintenance", c.maintenance);
    v("mmu", c.mmu);
}

// Every preset, in listing order. Names as users type them: "cortex-x4".
const std::vector<CoreConfig>& presets();
const CoreConfig* find_preset(const std::string& name);
std::vector<std::string> validate(const CoreConfig& config);  // one line per problem, field paths from the core down

}  // namespace bbmsim::cpu
