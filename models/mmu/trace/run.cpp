// SPDX-License-Identifier: Apache-2.0
#include "models/mmu/trace/run.hpp"

namespace bbmsim::mmu::trace {

Run::Run(const Trace& trace, const RamView& ram) : trace_(trace), domain_(ram, bus_), checker_(domain_) {
    for (std::size_t id = 0; id < trace.pes.size(); ++id) {
        const Pe& p = trace.pes[id];
        MmuConfig config;
        config.bbml = p.bbml;
        config.conflict_free = p.conflict_free;
        config.conflict = ConflictBehaviour::kFirst;
        config.asid_bits = p.asid_bits;
        config.hafdbs_af = config.hafdbs_dirty = false;  // hardware's updates are events of their own
        mmus_.push_back(std::make_unique<Mmu>(static_cast<PeId>(id), config, domain_.ram, bus_, 1));
        mmus_.back()->now_ps = mmus_.back()->current_pc = &line_;
        domain_.add(mmus_.back().get());
        checker_.add_pe(static_cast<PeId>(id), {p.bbml, p.conflict_free, p.asid_bits});
        on_.push_back(true);
    }
    domain_.device_now_ps = &line_;
    domain_.checker = &checker_;
    checker_.time_is_lines();
    written_.resize(trace.pes.size());
}

void Run::all() {
    for (const Event& e : trace_.events) apply(e);
    checker_.finish(trace_.events.empty() ? 0 : trace_.events.back().line);
}

void Run::apply(const Event& e) {
    line_ = e.line;
    struct Visitor {
        Run& run;
        const Event& e;
        void operator()(const Store& s) const {
            run.domain_.store(e.pe, PhysAddr(s.pa), &s.value, 8, s.pc ? s.pc : e.line, s.kind);
        }
        void operator()(const Load& l) const { run.domain_.loaded(PhysAddr(l.pa), 8); }
        void operator()(const Barrier& b) const { run.checker_.on_dsb(e.pe, b.domain, b.type); }
        void operator()(const Acquire&) const { run.checker_.on_acquire(e.pe); }
        void operator()(const Synchronize&) const {
            const Context& c = run.written_[e.pe];
            run.mmus_[e.pe]->set_context(c);
            run.checker_.on_context_sync(e.pe, c, e.line, e.line);
        }
        void operator()(const Register& r) const {
            Context& c = run.written_[e.pe];
            u64* const where[] = {&c.ttbr0, &c.ttbr1, &c.tcr, &c.mair, &c.sctlr};
            *where[static_cast<unsigned>(r.which)] = r.value;
        }
        void operator()(const Power& p) const {
            run.on_[e.pe] = p.on;
            Context& c = run.written_[e.pe];
            c = run.mmus_[e.pe]->context();  // what was not synchronized is lost
            c.sctlr &= ~u64{1};
            run.mmus_[e.pe]->set_context(c);
            run.checker_.on_power(e.pe, p.on);
        }
        void operator()(const Touch& t) const { (void)run.mmus_[e.pe]->translate({.va = t.va, .access = t.kind}); }
        void operator()(const Tlbi& op) const {
            run.mmus_[e.pe]->invalidate(op);
            run.checker_.on_tlbi(e.pe, op);
            if (!op.broadcast()) return;
            for (std::size_t q = 0; q < run.mmus_.size(); ++q)
                if (q != e.pe && run.on_[q]) run.mmus_[q]->invalidate(op);
        }
    };
    std::visit(Visitor{*this, e}, e.action);
}

}  // namespace bbmsim::mmu::trace
