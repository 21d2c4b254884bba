// SPDX-License-Identifier: Apache-2.0
// ID registers computed from the core's configuration: they say what this model implements, no more.
#include "models/cpu/self_hosted_debug.hpp"
#include "models/cpu/system_registers.hpp"

#include <algorithm>
#include <bit>

namespace bbmsim::cpu {

namespace {
constexpr u64 at(unsigned lsb, u64 value) { return value << lsb; }
}  // namespace

u64 id_pfr0(const CoreConfig& c) {
    const u64 fp = !c.features.fp ? 0xf : c.features.fp16;
    return at(0, 1) | at(4, 1) |                 // EL0, EL1: AArch64 only; no EL2, EL3
           at(16, fp) | at(20, fp) |             // FP, AdvSIMD
           at(24, 1) |                           // GIC system registers
           at(28, c.features.ras) |              // no error records
           at(48, c.features.dit) | at(56, 1) |  // DIT, CSV2: nothing is speculated
           at(60, c.features.csv3);
}

u64 id_pfr1(const CoreConfig& c) { return at(0, c.features.bti) | at(4, c.features.ssbs ? 2 : 0); }

u64 id_dfr0(const CoreConfig& c) {
    using Points = SelfHostedDebug;
    return at(0, 6) | at(8, c.features.pmu) | at(12, Points::kBreakpoints - 1) | at(20, Points::kWatchpoints - 1) |
           at(28, Points::kContextAware - 1);  // Armv8 debug, PMUv3
}

u64 id_isar0(const CoreConfig& c) {
    const FeatureConfig& f = c.features;
    const u64 tlb = !f.tlbios ? 0 : c.mmu.tlbirange ? 2 : 1;
    const u64 aes = f.pmull ? 2 : f.aes, sha2 = f.sha512 ? 2 : f.sha256;
    return at(4, aes) | at(8, f.sha1) | at(12, sha2) | at(16, f.crc32) | at(20, f.lse ? 2 : 0) | at(28, f.rdm) |
           at(32, f.sha3) | at(44, f.dotprod) | at(48, f.fhm) |
           at(52, f.flagm2  ? 2
                  : f.flagm ? 1
                            : 0) |
           at(56, tlb);
}

u64 id_isar1(const CoreConfig& c) {
    const FeatureConfig& f = c.features;
    return at(0, f.dpb2  ? 2
                 : f.dpb ? 1
                         : 0) |
           at(4, f.pauth) | at(12, f.jscvt) | at(16, f.fcma) |
           at(20, f.rcpc2  ? 2
                  : f.rcpc ? 1
                           : 0) |
           at(24, f.pauth) | at(32, f.frintts) | at(36, f.sb) | at(40, f.specres) |
           at(56, f.xs);  // APA, GPA: the architected algorithm
}

u64 id_mmfr0(const CoreConfig& c) {
    const mmu::MmuConfig& m = c.mmu;
    const u64 pa_range = m.pa_bits >= 48   ? 5
                         : m.pa_bits >= 44 ? 4
                         : m.pa_bits >= 42 ? 3
                         : m.pa_bits >= 40 ? 2
                         : m.pa_bits >= 36 ? 1
                                           : 0;
    return at(0, pa_range) | at(4, m.asid_bits == 16 ? 2 : 0) | at(20, m.granule_16k) |
           at(24, m.granule_64k ? 0 : 0xf) | at(28, m.granule_4k ? 0 : 0xf);
}

u64 id_mmfr1(const CoreConfig& c) {
    const u64 hafdbs = !c.mmu.hafdbs_af ? 0 : c.mmu.hafdbs_dirty ? 2 : 1;
    return at(0, hafdbs) | at(12, 1) | at(16, c.features.lor) | at(20, c.features.pan ? 2 : 0) |  // HPDS
           at(36, c.features.ets2 ? 2 : 0);
}

u64 id_mmfr2(const CoreConfig& c) {
    const FeatureConfig& f = c.features;
    return at(0, f.ttcnp) | at(4, f.uao) | at(48, f.ttl) | at(52, c.mmu.bbml & 0xf) | at(60, f.e0pd);
}

u64 id_ctr(const CoreConfig& c) {
    const u64 words = c.cache_line_shift - 2;
    return at(0, words) | at(14, 3) | at(16, words) | at(20, 4) | at(24, words) | at(31, 1);  // PIPT; ERG 64 bytes
}

u64 id_clidr(const CoreConfig& c) {
    const bool l2 = c.cache.l2_bytes != 0;
    return at(0, 3) | at(3, l2 ? 4 : 0) | at(21, 1) | at(24, l2 ? 2 : 1) | at(27, 1);  // LoUIS, LoC, LoUU
}

u64 id_ccsidr(const CoreConfig& c, u64 csselr) {
    const bool l2 = (csselr >> 1) == 1;
    if ((csselr >> 1) > 1 || (l2 && ((csselr & 1) || !c.cache.l2_bytes))) return 0;  // no such cache: UNKNOWN
    const u64 bytes = l2 ? c.cache.l2_bytes : c.cache.l1d_bytes;
    const u64 ways = std::clamp<u64>(l2 ? c.cache.l2_ways : c.cache.l1d_ways, 1, 1024);
    const u64 sets = std::clamp<u64>((bytes >> c.cache_line_shift) / ways, 1, 0x8000);
    return at(0, c.cache_line_shift - 4) | at(3, ways - 1) | at(13, sets - 1);
}

}  // namespace bbmsim::cpu
