// SPDX-License-Identifier: Apache-2.0
// Construction, reset, and the state that changes of PSTATE and of the translation registers carry with them.
#include "models/cpu/engine.hpp"

#include "models/cpu/decode.hpp"
#include "models/cpu/engine_impl.hpp"
#include "models/cpu/system_registers.hpp"
#include "models/mmu/checker/bbm_checker.hpp"

#include <algorithm>
#include <cmath>

namespace bbmsim::cpu {

namespace {
u64 khz_of(const CoreConfig& config) { return static_cast<u64>(std::max(1LL, std::llround(config.freq_mhz * 1000))); }
}  // namespace

Engine::Impl::Impl(Engine& engine, Pe& pe, const CoreConfig& config, mmu::Mmu& mmu, mmu::InnerDomain& domain,
                   ExclusiveMonitors& monitors, Platform& platform, memory::MemorySystem* shared)
    : pe(pe),
      config(config),
      mmu(mmu),
      domain(domain),
      monitors(monitors),
      platform(platform),
      cache(config.cache, shared, pe.id, khz_of(config)),
      walker(pe, cache, config.mmu.walk_read_cycles),
      code(this->config, pe.fast.code_generation),
      debug(pe),
      points(pe) {
    pe.engine = &engine;
    pe.mmu = &mmu;
    pe.khz = khz_of(config);
    pe.sys.mpidr = 0x80000000 | (u64{pe.id} / 16) << 8 | pe.id % 16;
    pe.fast.filter = &mmu.filter;
    pe.fast.cache = &cache;
    pe.fast.front_lines = cache.front_lines();
    pe.fast.writable_lines = cache.writable_lines();
    pe.fast.cache_mask = cache.set_mask();
    pe.fast.touch_data = mmu.touch_needed_data();
    pe.fast.touch_fetch = mmu.touch_needed_fetch();
    pe.fast.data_stamps = mmu.data_stamps().stamps;
    pe.fast.data_clock = mmu.data_stamps().clock;
    pe.fast.fetch_stamps = mmu.fetch_stamps().stamps;
    pe.fast.fetch_clock = mmu.fetch_stamps().clock;
    pe.fast.bti = config.features.bti;
    mmu.now_ps = &pe.now_ps;
    mmu.filter.fetch_limit = &pe.fast.cycle_limit;
    mmu.current_pc = &pe.slow_pc;
    if (shared) mmu.walk_memory = &walker;
    exception_cycles = std::max(1u, static_cast<u32>(std::ceil(config.timing.exception)));  // loops must move time
    barrier_cycles = static_cast<u32>(std::ceil(config.timing.barrier));
    least_cycles = 1.0 / CodeCache::kMaxInstructions;
    double cheapest = 1;
    TimingConfig timing = config.timing;
    visit_fields(timing, [&](const char*, double cycles) { cheapest = std::min(cheapest, cycles); });
    least_cycles = std::max(least_cycles, cheapest);
    update_banks(pe);
}

Engine::Engine(Pe& pe, const CoreConfig& config, mmu::Mmu& mmu, mmu::InnerDomain& domain, ExclusiveMonitors& monitors,
               Platform& platform, memory::MemorySystem* shared)
    : impl_(std::make_unique<Impl>(*this, pe, config, mmu, domain, monitors, platform, shared)) {
    monitors.attach(pe, *this, platform);
}

Engine::~Engine() {
    impl_->monitors.detach(impl_->pe);
    impl_->mmu.now_ps = nullptr;
    impl_->mmu.filter.fetch_limit = nullptr;
    impl_->mmu.current_pc = nullptr;
    impl_->mmu.walk_memory = nullptr;
}

DebugPort& Engine::debug() { return impl_->debug; }
const CoreConfig& Engine::config() const { return impl_->config; }
memory::PrivateCaches& Engine::caches() { return impl_->cache; }

void Engine::reset(u64 entry_pa, u64 x0) {
    Pe& pe = impl_->pe;
    const u64 cntfrq = pe.sys.cntfrq, mpidr = pe.sys.mpidr;
    pe.sys = SysRegs{};
    pe.sys.cntfrq = cntfrq;
    pe.sys.mpidr = mpidr;
    reset_system_registers(pe);
    pe.ps = PState{};
    pe.ps.ssbs = false;
    pe.r.fill(0);
    pe.v.fill({});
    pe.r[0] = x0;
    pe.pc = entry_pa;
    pe.exclusive = {};
    pe.exit = Exit::kNone;
    pe.event_register = false;
    pe.synced = false;
    pe.powered = true;
    pe.attend();
    pe.abort_loop = 0;
    impl_->drop_pending();
    impl_->pan_sensitive = false;
    impl_->probed_pc = ~u64{0};
    impl_->cache.reset();
    mmu::TranslationFilter& filter = impl_->mmu.filter;
    filter.clear();
    update_banks(pe);
    pe.update_now();
    pe.slow_pc = pe.pc;
    context_sync(pe);
}

void Engine::set_probes(std::span<const u64> addresses) {
    impl_->probes = {addresses.begin(), addresses.end()};
    impl_->look_out();
}

void Engine::set_marks(std::span<const u64> addresses) {
    impl_->marks = {addresses.begin(), addresses.end()};
    impl_->look_out();
}

void Engine::Impl::look_out() {
    probe_offsets.reset();
    probe_pages.reset();
    for (const auto* addresses : {&probes, &marks})
        for (const u64 va : *addresses) {
            probe_offsets.set((va & kPageMask) >> 2);
            probe_pages.set((va >> kPageShift) & 1023);
        }
    code.clear();
    pe.attend();
}

void Engine::set_trace(bool every_instruction) {
    impl_->trace = every_instruction;
    impl_->pe.attend();
}

void Engine::drop_code(PhysAddr pa, u64 size) {
    impl_->code.drop(pa.raw(), size);
    if (impl_->code.has_retired()) impl_->pe.attend();
}

void Engine::set_conflict_hook(u64 lo, u64 hi, ConflictHook hook) {
    impl_->hook = std::move(hook);
    impl_->hook_lo = lo;
    impl_->hook_hi = hi;
    impl_->mmu.filter.clear();
}

void Engine::add_encodings(std::set<std::string>& names) const {
    impl_->code.each_op([&](const Op& op) {
        if (op.fn == &end_of_block || op.fn == &probe_check || op.fn == &undefined) return;
        if (const EncodingInfo* info = find_encoding(op.raw)) names.insert(info->name);
    });
}

void emit(Pe& pe, Event event) {
    event.pe = pe.id;
    event.time_ps = pe.now_ps;
    event.pc = pe.slow_pc;
    impl_of(pe).domain.bus.emit(event);
}

void update_banks(Pe& pe) {
    using Filter = mmu::TranslationFilter;
    const bool el1 = pe.ps.el == 1;
    pe.fast.read_bank = el1 ? Filter::kReadEl1 : Filter::kReadEl0;
    pe.fast.write_bank = el1 ? Filter::kWriteEl1 : Filter::kWriteEl0;
    pe.fast.fetch_bank = el1 ? Filter::kFetchEl1 : Filter::kFetchEl0;
    const bool as_el1 = el1 && pe.ps.uao;
    pe.fast.user_read_bank = as_el1 ? Filter::kReadEl1 : Filter::kReadEl0;
    pe.fast.user_write_bank = as_el1 ? Filter::kWriteEl1 : Filter::kWriteEl0;
    const auto slots = [&](u8 bank) { return &pe.fast.filter->slot(static_cast<Filter::BankId>(bank), 0); };
    pe.fast.read_slots = slots(pe.fast.read_bank);
    pe.fast.write_slots = slots(pe.fast.write_bank);
    pe.fast.fetch_slots = slots(pe.fast.fetch_bank);
    pe.fast.user_read_slots = slots(pe.fast.user_read_bank);
    pe.fast.user_write_slots = slots(pe.fast.user_write_bank);
    // Accesses that must be aligned, touches that are no stamp.
    const bool quick = pe.fast.align_mask == 0 && (pe.fast.data_stamps || !pe.fast.touch_data);
    const auto quick_slots = [&](mmu::FilterSlot* bank) { return quick ? bank : slots(Filter::kEmpty); };
    pe.fast.quick_read = quick_slots(pe.fast.read_slots);
    pe.fast.quick_write = quick_slots(pe.fast.write_slots);
    pe.fast.quick_user_read = quick_slots(pe.fast.user_read_slots);
    pe.fast.quick_user_write = quick_slots(pe.fast.user_write_slots);
}

void set_pan(Pe& pe, bool value) {
    Engine::Impl& impl = impl_of(pe);
    if (value && !pe.ps.pan && impl.pan_sensitive) {
        impl.mmu.filter.clear_bank(mmu::TranslationFilter::kReadEl1);
        impl.mmu.filter.clear_bank(mmu::TranslationFilter::kWriteEl1);
        impl.pan_sensitive = false;
    }
    pe.ps.pan = value;
}

void select_stack(Pe& pe, u8 el, bool spsel) {
    (pe.ps.el == 1 && pe.ps.spsel ? pe.sys.sp_el1 : pe.sys.sp_el0) = pe.r[kRegSp];
    pe.ps.el = el;
    pe.ps.spsel = spsel;
    pe.r[kRegSp] = el == 1 && spsel ? pe.sys.sp_el1 : pe.sys.sp_el0;
}

void context_sync(Pe& pe) {
    Engine::Impl& impl = impl_of(pe);
    constexpr u64 kE0pd = u64{3} << 55;  // RES0 without FEAT_E0PD; the MMU takes the bits as they are
    const u64 tcr = impl.config.features.e0pd ? pe.sys.tcr : pe.sys.tcr & ~kE0pd;
    const mmu::Context context{
        .sctlr = pe.sys.sctlr, .tcr = tcr, .ttbr0 = pe.sys.ttbr0, .ttbr1 = pe.sys.ttbr1, .mair = pe.sys.mair};
    if (!(context == impl.mmu.context())) {
        if (impl.mmu.counts_tlb_accesses()) {  // hits of the filter are accesses of the context that they were made in
            impl.mmu.stats.l1d_accesses += pe.filter_data_hits;
            impl.mmu.stats.l1i_accesses += pe.filter_fetch_hits;
        }
        pe.filter_data_hits = pe.filter_fetch_hits = 0;
        impl.mmu.set_context(context);
        impl.pan_sensitive = false;  // set_context cleared the filter
    }
    constexpr u64 kMde = u64{1} << 15;
    if ((pe.sys.mdscr & kMde) || impl.points.breaking() || impl.points.watching()) impl.points.update();
    pe.fast.align_mask = pe.sys.sctlr & 2 ? ~u64{0} : 0;
    if (impl.domain.late.window_ps) [[unlikely]]
        impl.domain.late.observed(pe.id);
    update_banks(pe);
    if (impl.domain.checker) impl.domain.checker->on_context_sync(pe.id, context, pe.now_ps, pe.slow_pc);
    if (impl.domain.bus.wants(EventKind::kContextSync))
        emit(pe, {.kind = EventKind::kContextSync, .a = context.ttbr0, .b = context.ttbr1});
}

}  // namespace bbmsim::cpu
