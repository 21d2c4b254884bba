// SPDX-License-Identifier: Apache-2.0
// Handlers of the registers that are not plain storage, and the table that sysregs.inc makes.
#include "models/cpu/system_registers.hpp"

#include "models/cpu/engine_impl.hpp"
#include "models/cpu/platform.hpp"

#include <algorithm>
#include <cctype>
#include <vector>

namespace bbmsim::cpu {

namespace {

const CoreConfig& config_of(Pe& pe) { return pe.engine->config(); }

// --- when EL0 is trapped to EL1
constexpr bool (*trap_none)(const Pe&, bool) = nullptr;
bool trap_uct(const Pe& pe, bool) { return !(pe.sys.sctlr & (1 << 15)); }
bool trap_uma(const Pe& pe, bool) { return !(pe.sys.sctlr & (1 << 9)); }
bool trap_tdcc(const Pe& pe, bool) { return pe.sys.mdscr & (1 << 12); }
bool trap_cntfrq(const Pe& pe, bool) { return !(pe.sys.cntkctl & 3); }
bool trap_cntpct(const Pe& pe, bool) { return !(pe.sys.cntkctl & 1); }
bool trap_cntvct(const Pe& pe, bool) { return !(pe.sys.cntkctl & 2); }
bool trap_vtimer(const Pe& pe, bool) { return !(pe.sys.cntkctl & (1 << 8)); }
bool trap_ptimer(const Pe& pe, bool) { return !(pe.sys.cntkctl & (1 << 9)); }
// PMUSERENR_EL0: EN all, ER reading event counters and PMSELR_EL0, CR reading the cycle counter, SW PMSWINC_EL0.
bool trap_pmu(const Pe& pe, bool) { return !(pe.sys.pmu.user & 1); }
bool trap_pmsel(const Pe& pe, bool) { return !(pe.sys.pmu.user & 9); }
bool trap_pmcntr(const Pe& pe, bool write) { return !(pe.sys.pmu.user & (write ? 1 : 9)); }
bool trap_pmccntr(const Pe& pe, bool write) { return !(pe.sys.pmu.user & (write ? 1 : 5)); }
bool trap_pmswinc(const Pe& pe, bool) { return !(pe.sys.pmu.user & 3); }

// --- nothing there
u64 read_zero(Pe&) { return 0; }
constexpr void (*write_none)(Pe&, u64) = nullptr;
void write_ignore(Pe&, u64) {}

// --- identification
u64 read_id_midr(Pe& pe) { return config_of(pe).midr; }
u64 read_id_pfr0(Pe& pe) { return id_pfr0(config_of(pe)); }
u64 read_id_pfr1(Pe& pe) { return id_pfr1(config_of(pe)); }
u64 read_id_dfr0(Pe& pe) { return id_dfr0(config_of(pe)); }
u64 read_id_isar0(Pe& pe) { return id_isar0(config_of(pe)); }
u64 read_id_isar1(Pe& pe) { return id_isar1(config_of(pe)); }
u64 read_id_mmfr0(Pe& pe) { return id_mmfr0(config_of(pe)); }
u64 read_id_mmfr1(Pe& pe) { return id_mmfr1(config_of(pe)); }
u64 read_id_mmfr2(Pe& pe) { return id_mmfr2(config_of(pe)); }
u64 read_id_ctr(Pe& pe) { return id_ctr(config_of(pe)); }
u64 read_id_clidr(Pe& pe) { return id_clidr(config_of(pe)); }
u64 read_id_ccsidr(Pe& pe) { return id_ccsidr(config_of(pe), pe.sys.csselr); }
u64 read_id_dczid(Pe& pe) { return 4 | (pe.ps.el == 0 && !(pe.sys.sctlr & (1 << 14)) ? 0x10 : 0); }  // 64 bytes; DZP
u64 read_id_pmceid0(Pe&) { return pmu_events(0); }
u64 read_id_pmceid1(Pe&) { return pmu_events(1); }

// --- PSTATE and stack pointers
u64 read_isr(Pe& pe) { return u64{pe.irq_line} << 7 | u64{pe.fiq_line} << 6; }
u64 read_sp_el0(Pe& pe) { return pe.sys.sp_el0; }  // SPSel=0: UNDEFINED, see the handlers in exec/sysreg.cpp
void write_sp_el0(Pe& pe, u64 v) { pe.sys.sp_el0 = v; }
u64 read_spsel(Pe& pe) { return pe.ps.spsel; }
void write_spsel(Pe& pe, u64 v) { select_stack(pe, pe.ps.el, v & 1); }
u64 read_currentel(Pe& pe) { return u64{pe.ps.el} << 2; }
u64 read_pan(Pe& pe) { return u64{pe.ps.pan} << 22; }
void write_pan(Pe& pe, u64 v) { set_pan(pe, (v >> 22) & 1); }
u64 read_uao(Pe& pe) { return u64{pe.ps.uao} << 23; }
void write_uao(Pe& pe, u64 v) {
    pe.ps.uao = (v >> 23) & 1;
    update_banks(pe);
}
u64 read_nzcv(Pe& pe) { return pe.ps.nzcv; }
void write_nzcv(Pe& pe, u64 v) { pe.ps.nzcv = static_cast<u32>(v & 0xf0000000); }
u64 read_daif(Pe& pe) { return u64{pe.ps.daif} << 6; }
void write_daif(Pe& pe, u64 v) {
    pe.ps.daif = (v >> 6) & 0xf;
    if (pe.sys.mdscr & 1) pe.attend();  // D may let a software step in
}
u64 read_dit(Pe& pe) { return u64{pe.ps.dit} << 24; }
void write_dit(Pe& pe, u64 v) { pe.ps.dit = (v >> 24) & 1; }
u64 read_ssbs(Pe& pe) { return u64{pe.ps.ssbs} << 12; }
void write_ssbs(Pe& pe, u64 v) { pe.ps.ssbs = (v >> 12) & 1; }

// --- generic timer
u64 counter(Pe& pe) {
    pe.update_now();
    return impl_of(pe).platform.counter(pe);
}
u64 with_status(Pe& pe, u64 ctl, u64 cval) { return ctl | ((ctl & 1) && counter(pe) >= cval ? 4 : 0); }
u64 tval(Pe& pe, u64 cval) { return static_cast<u32>(cval - counter(pe)); }
u64 from_tval(Pe& pe, u64 v) { return counter(pe) + static_cast<u64>(static_cast<i64>(static_cast<i32>(v))); }
u64 read_counter(Pe& pe) { return counter(pe); }
u64 read_cntfrq(Pe& pe) { return pe.sys.cntfrq; }
void write_cntfrq(Pe& pe, u64 v) { pe.sys.cntfrq = static_cast<u32>(v); }
#define TIMER(T)                                                                            \
    u64 read_##T##_ctl(Pe& pe) { return with_status(pe, pe.sys.T##_ctl, pe.sys.T##_cval); } \
    void write_##T##_ctl(Pe& pe, u64 v) { pe.sys.T##_ctl = v & 3; }                         \
    u64 read_##T##_cval(Pe& pe) { return pe.sys.T##_cval; }                                 \
    void write_##T##_cval(Pe& pe, u64 v) { pe.sys.T##_cval = v; }                           \
    u64 read_##T##_tval(Pe& pe) { return tval(pe, pe.sys.T##_cval); }                       \
    void write_##T##_tval(Pe& pe, u64 v) { pe.sys.T##_cval = from_tval(pe, v); }
TIMER(cntv)
TIMER(cntp)
#undef TIMER

// --- debug
u64 read_mdscr(Pe& pe) { return pe.sys.mdscr; }
void write_mdscr(Pe& pe, u64 v) {
    pe.sys.mdscr = static_cast<u32>(v);
    pe.attend();  // software step may be active from here on
}
void write_oslar(Pe& pe, u64 v) {
    pe.sys.os_locked = v & 1;
    pe.attend();
}
u64 read_oslsr(Pe& pe) { return 8 | (pe.sys.os_locked ? 2 : 0); }
u64 read_claimset(Pe&) { return 0xff; }
u64 read_claim(Pe& pe) { return pe.sys.dbgclaim; }
void write_claimset(Pe& pe, u64 v) { pe.sys.dbgclaim |= v & 0xff; }
void write_claimclr(Pe& pe, u64 v) { pe.sys.dbgclaim &= ~v; }

// --- performance monitors
u64 read_pmcr(Pe& pe) { return pmu_control(pe); }
void write_pmcr(Pe& pe, u64 v) { pmu_set_control(pe, v); }
u64 read_pmcnten(Pe& pe) { return pe.sys.pmu.enabled; }
void write_pmcntenset(Pe& pe, u64 v) { pmu_enable(pe, v, true); }
void write_pmcntenclr(Pe& pe, u64 v) { pmu_enable(pe, v, false); }
u64 read_pmovs(Pe& pe) {
    pmu_update(pe);
    return pe.sys.pmu.overflows;
}
void write_pmovsclr(Pe& pe, u64 v) { pmu_overflow(pe, v, false); }
void write_pmovsset(Pe& pe, u64 v) { pmu_overflow(pe, v, true); }
u64 read_pminten(Pe& pe) { return pe.sys.pmu.interrupts; }
void write_pmintenset(Pe& pe, u64 v) { pmu_enable_interrupts(pe, v, true); }
void write_pmintenclr(Pe& pe, u64 v) { pmu_enable_interrupts(pe, v, false); }
void write_pmswinc(Pe& pe, u64 v) { pmu_software_increment(pe, v); }
u64 read_pmselr(Pe& pe) { return pe.sys.pmu.selected; }
void write_pmselr(Pe& pe, u64 v) { pe.sys.pmu.selected = v & 0x1f; }
u64 read_pmuserenr(Pe& pe) { return pe.sys.pmu.user; }
void write_pmuserenr(Pe& pe, u64 v) { pe.sys.pmu.user = v & 0xf; }
u64 read_pmxevtyper(Pe& pe) { return pmu_type(pe, pmu_selected(pe)); }
void write_pmxevtyper(Pe& pe, u64 v) { pmu_set_type(pe, pmu_selected(pe), v); }
u64 read_pmxevcntr(Pe& pe) { return pe.sys.pmu.selected == 31 ? 0 : pmu_value(pe, pmu_selected(pe)); }
void write_pmxevcntr(Pe& pe, u64 v) {
    if (pe.sys.pmu.selected != 31) pmu_set_value(pe, pmu_selected(pe), v);
}
template <unsigned kCounter>
u64 read_pmcntr(Pe& pe) {
    return pmu_value(pe, kCounter);
}
template <unsigned kCounter>
void write_pmcntr(Pe& pe, u64 v) {
    pmu_set_value(pe, kCounter, v);
}
template <unsigned kCounter>
u64 read_pmtyper(Pe& pe) {
    return pmu_type(pe, kCounter);
}
template <unsigned kCounter>
void write_pmtyper(Pe& pe, u64 v) {
    pmu_set_type(pe, kCounter, v);
}

// --- the table
constexpr u8 rights_n = kNoAccess, rights_r = kReadable, rights_w = kWritable, rights_rw = kReadable | kWritable;
constexpr bool FeatureConfig::*feature_base = nullptr;
constexpr bool FeatureConfig::*feature_pan = &FeatureConfig::pan;
constexpr bool FeatureConfig::*feature_uao = &FeatureConfig::uao;
constexpr bool FeatureConfig::*feature_dit = &FeatureConfig::dit;
constexpr bool FeatureConfig::*feature_ssbs = &FeatureConfig::ssbs;
constexpr bool FeatureConfig::*feature_pauth = &FeatureConfig::pauth;
constexpr bool FeatureConfig::*feature_fp = &FeatureConfig::fp;
constexpr bool FeatureConfig::*feature_pmu = &FeatureConfig::pmu;
constexpr bool FeatureConfig::*feature_ras = &FeatureConfig::ras;
constexpr bool FeatureConfig::*feature_lor = &FeatureConfig::lor;

std::vector<SystemRegister> make_table() {
    std::vector<SystemRegister> t;
    constexpr auto id = &Engine::sysreg_id;
#define STORED(NAME, O0, O1, N, M, O2, EL0, EL1, FEATURE, TRAP, FIELD, WRITABLE, RESET)                      \
    t.push_back({#NAME, id(O0, O1, N, M, O2), rights_##EL0, rights_##EL1, 0, feature_##FEATURE, trap_##TRAP, \
                 &SysRegs::FIELD, nullptr, static_cast<u64>(WRITABLE), RESET, nullptr, nullptr});
#define HANDLED(NAME, O0, O1, N, M, O2, EL0, EL1, FEATURE, TRAP, FLAGS, READ, WRITE)                             \
    t.push_back({#NAME, id(O0, O1, N, M, O2), rights_##EL0, rights_##EL1, FLAGS, feature_##FEATURE, trap_##TRAP, \
                 nullptr, nullptr, 0, 0, &read_##READ, write_##WRITE});
#define BANK(NAME, O0, O1, N, O2, COUNT, FIELD, WRITABLE)                                                             \
    for (unsigned m = 0; m < COUNT; ++m)                                                                              \
        t.push_back({#NAME, id(O0, O1, N, m, O2), rights_n, rights_rw, 0, nullptr, nullptr, nullptr, &SysRegs::FIELD, \
                     WRITABLE, 0, nullptr, nullptr});
#define GIC(NAME, O0, O1, N, M, O2, EL1)                                                                            \
    t.push_back({#NAME, id(O0, O1, N, M, O2), rights_n, rights_##EL1, kBoardTime | kGic, nullptr, nullptr, nullptr, \
                 nullptr, 0, 0, nullptr, nullptr});
#include "models/cpu/sysregs.inc"
#undef STORED
#undef HANDLED
#undef BANK
#undef GIC
    std::sort(t.begin(), t.end(), [](const auto& a, const auto& b) { return a.id < b.id; });
    return t;
}

const std::vector<SystemRegister>& table() {
    static const std::vector<SystemRegister> made = make_table();
    return made;
}

}  // namespace

std::span<const SystemRegister> system_registers() { return table(); }

const SystemRegister* find_system_register(u32 id) {
    const auto& t = table();
    const auto found =
        std::lower_bound(t.begin(), t.end(), id, [](const auto& r, u32 wanted) { return r.id < wanted; });
    return found != t.end() && found->id == id ? &*found : nullptr;
}

std::optional<u32> find_system_register(std::string_view name) {
    const auto same = [](char a, char b) {
        return std::tolower(static_cast<u8>(a)) == std::tolower(static_cast<u8>(b));
    };
    for (const SystemRegister& r : table())
        if (std::ranges::equal(std::string_view(r.name), name, same)) return r.id;
    return std::nullopt;
}

void reset_system_registers(Pe& pe) {
    for (const SystemRegister& r : table())
        if (r.stored && r.reset) pe.sys.*r.stored = r.reset;
}

u64 peek_system_register(Pe& pe, u32 id) {
    const SystemRegister* r = find_system_register(id);
    if (!r || (r->flags & kGic)) return 0;
    if (r->id == Engine::sysreg_id(3, 0, 4, 1, 0))  // SP_EL0 may be the stack pointer in use
        return pe.ps.el == 1 && pe.ps.spsel ? pe.sys.sp_el0 : pe.r[kRegSp];
    if (r->stored) return pe.sys.*r->stored;
    if (r->bank) return (pe.sys.*r->bank)[(id >> 3) & 15];
    return r->read(pe);
}

}  // namespace bbmsim::cpu
