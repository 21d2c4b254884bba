// SPDX-License-Identifier: Apache-2.0
// What a guest may ask by HVC: PSCI, and the calls of workloads/bare/guest_abi.h. Everything else is NOT_SUPPORTED.
#include "models/board/affinity.hpp"
#include "sim/machine.hpp"
#include "workloads/bare/guest_abi.h"

#include <fmt/format.h>
#include <algorithm>

namespace bbmsim::sim {

namespace {

constexpr u64 kNotSupported = ~u64{0};
constexpr u64 kAbiVersion = 1;
constexpr unsigned kLongestText = 63;
constexpr u8 kMarkerProgress = 2;
constexpr std::size_t kMostResults = 65536;  // a guest can't make the host allocate without bound

}  // namespace

void Machine::hypercall(CoreModule& core, bool smc, u16 imm) {
    cpu::Pe& pe = core.pe;
    pe.now_ps = core.local_ps();
    const u64 function = pe.r[0];
    // SMCCC: immediates other than 0 are reserved; without EL3 there is nobody to answer an SMC.
    if (smc || imm != 0 || !(psci_call(core) || guest_call(core))) pe.r[0] = kNotSupported;
    if (bus.wants(EventKind::kPsci))
        bus.emit({.kind = EventKind::kPsci,
                  .pe = pe.id,
                  .time_ps = pe.now_ps,
                  .pc = pe.slow_pc,
                  .a = function,
                  .b = pe.r[0]});
    if (control.ended()) core.interrupt_engine();
}

bool Machine::psci_call(CoreModule& core) {
    cpu::Pe& pe = core.pe;
    if (refuses_power_on(core)) return true;
    const board::PsciReply reply = psci.call(pe.id, pe.r[0], pe.r[1], pe.r[2], pe.r[3]);
    if (!reply.known) return false;
    pe.r[0] = reply.x0;
    using Kind = board::PsciAction::Kind;
    switch (reply.action.kind) {
        case Kind::kNone: break;
        case Kind::kPowerOn:
            cores[reply.action.target]->power_on(reply.action.entry, reply.action.context_id,
                                                 u64{config.interconnect.psci_on_ns} * 1000);
            break;
        case Kind::kPowerOff: core.power_off(); break;
        case Kind::kSuspend: core.suspend(); break;
        case Kind::kSuspendDown: core.suspend_down(reply.action.entry, reply.action.context_id); break;
        case Kind::kSystemOff: control.end(Outcome::kPoweroff, fmt::format("SYSTEM_OFF by core {}", pe.id)); break;
        case Kind::kSystemReset: control.end(Outcome::kReset, fmt::format("SYSTEM_RESET by core {}", pe.id)); break;
        case Kind::kWarmReset:
            control.end(Outcome::kReset, fmt::format("SYSTEM_RESET2 (warm) by core {}", pe.id));
            break;
    }
    return true;
}

bool Machine::refuses_power_on(CoreModule& caller) {
    cpu::Pe& pe = caller.pe;
    const auto function = static_cast<u32>(pe.r[0]);
    if (function != board::psci::kCpuOn32 && function != board::psci::kCpuOn64) return false;
    for (auto& target : cores) {
        const PeId id = target->pe.id;
        if (board::affinity_of(id) != pe.r[1] || !injector.wants(Occasion::Kind::kPowerOn, id)) continue;
        Occasion o{.kind = Occasion::Kind::kPowerOn, .pc = pe.slow_pc, .time_ps = pe.now_ps};
        injector.offer(o, target->pe);
        if (o.taken) pe.r[0] = static_cast<u64>(o.psci_result);
        return o.taken;
    }
    return false;
}

std::string Machine::guest_text(u64 pa) const {
    std::string text;
    for (unsigned i = 0; i < kLongestText && domain.ram.contains(PhysAddr(pa + i)); ++i) {
        char c = 0;
        domain.ram.read(PhysAddr(pa + i), &c, 1);
        if (c == 0) break;
        text.push_back(c >= ' ' && c < 0x7f ? c : '?');  // it goes into JSON and onto terminals
    }
    return text;
}

bool Machine::guest_call(CoreModule& core) {
    cpu::Pe& pe = core.pe;
    u64 result = 0;
    switch (pe.r[0]) {
        case BBM_CALL_VERSION: result = kAbiVersion; break;
        case BBM_CALL_PHASE_BEGIN: phases.begin(guest_text(pe.r[1]), pe.id, pe.now_ps); break;
        case BBM_CALL_PHASE_END: phases.end(guest_text(pe.r[1]), pe.id, pe.now_ps); break;
        case BBM_CALL_RESULT:
            if (guest_results.size() >= kMostResults) return false;
            guest_results.emplace_back(guest_text(pe.r[1]), pe.r[2]);
            break;
        case BBM_CALL_FAIL: {
            const std::string who = fmt::format("core {}: ", pe.id), text = guest_text(pe.r[1]);
            control.end(Outcome::kGuestFailed, text.starts_with(who) ? text : who + text);
            break;
        }
        case BBM_CALL_PROGRESS:
            progress = {pe.r[1], pe.r[2]};
            emit_marker(pe.id, pe.r[1], pe.r[2], kMarkerProgress);
            break;
        default: return false;
    }
    pe.r[0] = result;
    return true;
}

}  // namespace bbmsim::sim
