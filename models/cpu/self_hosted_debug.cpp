// SPDX-License-Identifier: Apache-2.0
#include "models/cpu/self_hosted_debug.hpp"

#include "models/cpu/engine_impl.hpp"

#include <algorithm>
#include <bit>

namespace bbmsim::cpu {

namespace {

constexpr u64 kKde = u64{1} << 13, kMde = u64{1} << 15;  // MDSCR_EL1
constexpr u8 kMaskDebug = 8;                             // in PState::daif
constexpr u32 kEcBreakpoint = 0x30, kEcWatchpoint = 0x34, kDebugException = 0x22, kWnr = 1 << 6;
constexpr u64 kAddressBits = (u64{1} << 49) - 1;  // what is compared: no FEAT_LVA; tags are above

constexpr u64 field(u64 control, unsigned low, unsigned bits) { return (control >> low) & ((u64{1} << bits) - 1); }
constexpr bool enabled(u64 control) { return control & 1; }
constexpr u64 kind(u64 control) { return field(control, 20, 4); }     // DBGBCR.BT
constexpr bool linked(u64 control) { return field(control, 20, 1); }  // of BT, and DBGWCR.WT

enum : u64 { kAddress = 0, kAddressLinked = 1, kContext = 2, kContextLinked = 3 };  // BT

}  // namespace

bool SelfHostedDebug::exceptions_enabled(const Pe& pe, u8 el, u8 daif) {
    if (pe.sys.os_locked || pe.sys.osdlr) return false;
    return el == 0 || ((pe.sys.mdscr & kKde) && !(daif & kMaskDebug));
}

void SelfHostedDebug::update() {
    const bool on = (pe_.sys.mdscr & kMde) && !pe_.sys.os_locked && !pe_.sys.osdlr;
    const auto any = [&](const auto& controls, unsigned count) {
        return on && std::any_of(controls.begin(), controls.begin() + count, enabled);
    };
    const auto before = watched_;
    const unsigned count_before = watched_count_;
    breaking_ = any(pe_.sys.dbgbcr, kBreakpoints);
    watched_ = {};
    watched_count_ = 0;
    for (unsigned n = 0; n < kWatchpoints && on; ++n) {
        const u64 control = pe_.sys.dbgwcr[n], value = pe_.sys.dbgwvr[n] & kAddressBits;
        const u64 mask = field(control, 24, 5), bas = field(control, 5, 8), lsc = field(control, 3, 2);
        if (!enabled(control) || !lsc || !bas) continue;
        Watched w{.on_read = (lsc & 1) != 0, .on_write = (lsc & 2) != 0, .index = n};
        if (mask) {
            const u64 inside = (u64{1} << mask) - 1;
            if (mask < 3 || bas != 0xff || (value & inside)) continue;
            w.lo = value;
            w.last = value | inside;
        } else {
            const u64 select = value & 4 ? bas & 0xf : bas;  // a word's address: bits 7:4 are ignored
            if (!select || !std::has_single_bit((select >> std::countr_zero(select)) + 1)) continue;  // not adjacent
            w.lo = value & ~u64{3};
            w.last = w.lo + (value & 4 ? 3 : 7);
            w.bytes = static_cast<u8>(select);
        }
        watched_[watched_count_++] = w;
    }
    watching_ = watched_count_ != 0;
    const auto same = [](const Watched& a, const Watched& b) { return a.lo == b.lo && a.last == b.last; };
    if (watched_count_ != count_before || !std::ranges::equal(watched_, before, same)) pe_.mmu->filter.clear();
    if (breaking_) pe_.attend();  // blocks are not chained from here on
}

bool SelfHostedDebug::watches_page(u64 va) const {
    const u64 page = va & kAddressBits & ~kPageMask;
    return std::any_of(watched_.begin(), watched_.begin() + watched_count_,
                       [&](const Watched& w) { return w.lo <= (page | kPageMask) && page <= w.last; });
}

// HMC and SSC other than 0 select by security state, EL2 or EL3, of which there is none: reserved.
bool SelfHostedDebug::state_matches(u64 control, bool privileged) const {
    if (field(control, 13, 1) || field(control, 14, 2)) return false;
    return field(control, 1, 2) & (privileged ? 1 : 2);  // PMC, PAC
}

bool SelfHostedDebug::context_matches(unsigned n, bool as_link) const {
    if (n < kBreakpoints - kContextAware || n >= kBreakpoints) return false;
    const u64 control = pe_.sys.dbgbcr[n];
    if (!enabled(control) || kind(control) != (as_link ? kContextLinked : kContext)) return false;
    return static_cast<u32>(pe_.sys.dbgbvr[n]) == static_cast<u32>(pe_.sys.contextidr);
}

bool SelfHostedDebug::link_matches(u64 control) const {
    return !linked(control) || context_matches(static_cast<unsigned>(field(control, 16, 4)), true);
}

bool SelfHostedDebug::breaks_at(u64 va) const {
    if (!exceptions_enabled(pe_, pe_.ps.el, pe_.ps.daif)) return false;
    for (unsigned n = 0; n < kBreakpoints; ++n) {
        const u64 control = pe_.sys.dbgbcr[n];
        if (!enabled(control)) continue;
        const bool by_address = kind(control) == kAddress || kind(control) == kAddressLinked;
        const bool value = by_address
                               ? ((va ^ pe_.sys.dbgbvr[n]) & kAddressBits & ~u64{3}) == 0 && link_matches(control)
                               : context_matches(n, false);
        if (value && state_matches(control, pe_.ps.el == 1)) return true;
    }
    return false;
}

void SelfHostedDebug::take_breakpoint() {
    pe_.slow_pc = pe_.pc;
    pe_.update_now();
    take_exception(pe_, Vector::kSync, pe_.pc, make_esr(kEcBreakpoint + (pe_.ps.el == 1), kDebugException));
}

const Op* SelfHostedDebug::take_breakpoint(const Op* op) {
    return sync_exception(pe_, op, kEcBreakpoint + (pe_.ps.el == 1), kDebugException);
}

// The first selected byte of [lo, last], if there is one.
bool SelfHostedDebug::first_watched(const Watched& w, u64 lo, u64 last, u64& at) {
    const u64 first = std::max(lo, w.lo), end = std::min(last, w.last);
    for (at = first; at <= end; ++at)
        if (w.last - w.lo > 7 || (w.bytes >> (at - w.lo) & 1)) return true;
    return false;
}

// DDI 0487 D2.9: FAR is the lowest watched byte of the access; an atomic counts as a read if a read would have matched.
bool SelfHostedDebug::access(const Op* op, const DataAccess& access) {
    if (!exceptions_enabled(pe_, pe_.ps.el, pe_.ps.daif)) return false;
    const u64 lo = access.va & kAddressBits, last = lo + (access.bytes - 1);
    for (unsigned i = 0; i < watched_count_; ++i) {
        const Watched& w = watched_[i];
        const bool by_read = access.read && w.on_read;
        u64 at = 0;
        if (!(by_read || (access.write && w.on_write)) || !first_watched(w, lo, last, at)) continue;
        const u64 control = pe_.sys.dbgwcr[w.index];
        if (!state_matches(control, access.privileged) || !link_matches(control)) continue;
        const u64 far = access.va + (at - lo);
        sync_exception(pe_, op, kEcWatchpoint + (pe_.ps.el == 1), kDebugException | (by_read ? 0 : kWnr), &far);
        return true;
    }
    return false;
}

}  // namespace bbmsim::cpu
