// SPDX-License-Identifier: Apache-2.0
// A trace of what matters to break-before-make, in lines of text: from a simulator, a tracer in a hypervisor, a model
// checker's counterexample, or by hand. The checker reads it without any CPU (docs/manual/traces.md has the format).
//
// Parsing never throws and never trusts: a wrong line gives its number, the text and what was expected.
#pragma once

#include "models/mmu/tlbi.hpp"
#include "models/mmu/types.hpp"

#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace bbmsim::mmu::trace {

enum class ContextRegister : u8 { kTtbr0, kTtbr1, kTcr, kMair, kSctlr };

struct Store {  // of an aligned doubleword
    u64 pa = 0, value = 0, pc = 0;
    StoreKind kind = StoreKind::kPlain;
};
struct Load {  // of an aligned doubleword, by software: what hardware set there is known from now on
    u64 pa = 0;
};
struct Barrier {  // DSB
    BarrierDomain domain{};
    BarrierType type{};
};
struct Acquire {};      // DMB, load-acquire: later DSBs of this PE may order what other PEs wrote before
struct Synchronize {};  // ISB, exception entry or return: register writes take effect
struct Register {
    ContextRegister which{};
    u64 value = 0;
};
struct Power {
    bool on = false;
};
struct Touch {  // an access to this VA, translated by modelled TLBs
    u64 va = 0;
    Access kind{};
};
using Action = std::variant<Store, Load, Barrier, Acquire, Synchronize, Register, Power, Touch, Tlbi>;

struct Event {
    u32 line = 0;     // 1-based
    PeId pe = kNoPe;  // kNoPe: the host, a device
    Action action;
};
struct Pe {
    bool present = false;
    u32 bbml = 0;
    bool conflict_free = false;
    u32 asid_bits = 16;
};
struct Trace {
    u64 ram_base = 0x4000'0000, ram_bytes = u64{1} << 30;
    std::vector<Pe> pes;  // by id
    std::vector<Event> events;
};
struct Error {
    u32 line = 0;
    std::string message;  // what stands there, and what would be right
};

std::variant<Trace, Error> parse(std::string_view text);

}  // namespace bbmsim::mmu::trace
