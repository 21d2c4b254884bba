// SPDX-License-Identifier: Apache-2.0
// The one typed event stream (design: mechanism 9). A kind that no sink asked for costs one test of a bit.
#pragma once

#include "models/mmu/types.hpp"

#include <vector>

namespace bbmsim {

enum class EventKind : u8 {
    kDescriptorWrite,  // va, pa = descriptor, level, a = old, b = new, sub = 1: it broke a rule
    kWalk,             // va, pa = result, level = last level, a = cycles, b = descriptors read
    kFill,             // va, pa, level, a = span bytes, b = structure (0 L1I, 1 L1D, 2 L2, 3 walk cache)
    kEvict,            // as kFill; sub = 0 replaced, 1 TLBI
    kTlbi,             // sub = TlbiKind, a = operand, b = flags (bit 0 broadcast, 1 nXS, 2 range)
    kDvm,              // pe = receiver, a = issuer, b = cycles
    kDsb,              // sub = domain << 2 | type, a = stall cycles
    kContextSync,      // a = TTBR0, b = TTBR1
    kConflict,         // va, a = number of matches, sub = behaviour taken; of the largest: level, pa = its descriptor
    kException,        // va = FAR, a = ESR, b = target PC
    kExceptionReturn,  // a = target PC, b = SPSR
    kWfe,
    kWfeWake,
    kWfi,
    kWfiWake,
    kSev,
    kExclusive,    // pa, sub = 0 load, 1 store ok, 2 store failed, 3 cleared by another PE
    kPsci,         // a = function id, b = result
    kConsole,      // sub = byte
    kMarker,       // a = marker id, sub = 0 begin, 1 end
    kProbe,        // a = probe id
    kInjected,     // a = injection id
    kViolation,    // a = index into the checker's list
    kHazard,       // a = index into the checker's list
    kInstruction,  // pc, a = encoding: full trace, slow
    kCount
};
const char* name_of(EventKind kind);

struct Event {
    EventKind kind{};
    PeId pe = kNoPe;
    u8 level = 0;
    u8 sub = 0;
    u64 time_ps = 0;
    u64 pc = 0;
    u64 va = 0;
    u64 pa = 0;
    u64 a = 0;
    u64 b = 0;
};

class EventSink {
public:
    virtual ~EventSink() = default;
    virtual void on_event(const Event& event) = 0;
};

class EventBus {
public:
    [[nodiscard]] bool wants(EventKind k) const { return (mask_ >> static_cast<unsigned>(k)) & 1; }
    void emit(const Event& e) const {
        for (const auto& s : sinks_)
            if ((s.mask >> static_cast<unsigned>(e.kind)) & 1) s.sink->on_event(e);
    }
    void attach(EventSink* sink, u64 mask);  // bit n: EventKind n
    void detach(EventSink* sink);

private:
    struct Attached {
        EventSink* sink;
        u64 mask;
    };
    std::vector<Attached> sinks_;
    u64 mask_ = 0;
};

}  // namespace bbmsim
