// SPDX-License-Identifier: Apache-2.0
// A TLB conflict abort, FSC 0b110000, on an access: as if several entries matched (R_FVQCK). `sticky`: every further
// access in the range conflicts as well, until a TLBI that empties the PE's TLBs, which must remove it (R_BLRKC); what
// less would do is IMPLEMENTATION DEFINED (R_GRVDR), and here does nothing.
#include "models/cpu/pe.hpp"
#include "models/mmu/snapshot/archive.hpp"
#include "sim/inject/fault.hpp"

#include <stdexcept>

namespace bbmsim::sim {

namespace {

constexpr u64 kRead = 1, kWrite = 2, kFetch = 4, kAnyEl = 2;

class TlbConflict final : public Fault {
public:
    using Fault::Fault;
    [[nodiscard]] Occasion::Kind occasion() const override { return Occasion::Kind::kAccess; }
    [[nodiscard]] bool applies(const Occasion& o, const cpu::Pe& pe, Machine&) override { return mine(o, pe); }
    bool act(Occasion& o, cpu::Pe&, Machine&) override {
        o.taken = true;
        stuck_ = sticky_;
        return true;
    }
    [[nodiscard]] bool goes_on() const override { return stuck_; }
    void watch(Occasion& o, const cpu::Pe& pe) override {
        if (o.kind == Occasion::Kind::kTlbi)
            stuck_ = stuck_ && (o.taken || o.tlbi->kind != mmu::TlbiKind::kVmall);
        else if (o.kind == Occasion::Kind::kAccess)
            o.taken |= o.va >= spec.va_lo && o.va < spec.va_hi && mine(o, pe);
    }
    void archive(Archive& ar) override { ar(stuck_); }

private:
    [[nodiscard]] bool mine(const Occasion& o, const cpu::Pe& pe) const {
        const u64 bit = o.access == Access::kFetch ? kFetch : o.access == Access::kWrite ? kWrite : kRead;
        return (on_ & bit) && (el_ == kAnyEl || el_ == pe.ps.el);
    }
    const u64 on_ = spec.value("on", kRead | kWrite), el_ = spec.value("el", kAnyEl);
    const bool sticky_ = spec.value("sticky", 0) != 0;
    bool stuck_ = false;
};

}  // namespace

std::unique_ptr<Fault> make_tlb_conflict(const Injection& spec) {
    if ((spec.value("on", kRead) & (kRead | kWrite | kFetch)) == 0)
        throw std::invalid_argument("injection.on: none of read, write, fetch");
    return std::make_unique<TlbConflict>(spec);
}

}  // namespace bbmsim::sim
