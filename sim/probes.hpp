// SPDX-License-Identifier: Apache-2.0
// Probed addresses and what happens there: phases begin and end, injections are armed, maps are taken.
#pragma once

#include "models/cpu/pe.hpp"
#include "sim/injector.hpp"
#include "sim/map_recorder.hpp"
#include "sim/phase_recorder.hpp"
#include "sim/symbols.hpp"

#include <map>
#include <set>
#include <string>
#include <vector>

namespace bbmsim {
class Archive;
}

namespace bbmsim::sim {

class Probes {
public:
    Probes(PhaseRecorder& phases, Injector& injector, MapRecorder& maps, unsigned cores)
        : phases_(phases), injector_(injector), maps_(maps), returns_(cores), sites_(cores), dirty_(cores, false) {}

    void add_phase(const PhaseSpec& spec);
    // Throws std::invalid_argument if the name is neither a symbol nor an address.
    static void require(const SymbolTable& symbols, const std::string& name, const std::string& who);
    // Every address of a symbol, SYMBOL+0x1c, or address written 0x...; throws as require() does.
    static std::vector<u64> addresses(const SymbolTable& symbols, const std::string& name, const std::string& who);
    // Gives every name its addresses. Throws std::invalid_argument that names an unknown symbol.
    void resolve(const SymbolTable& symbols);

    void reached(cpu::Pe& pe, u64 va);  // before the instruction there executes

    // The addresses to install in the PE's engine, if they changed since they were last taken.
    [[nodiscard]] bool changed(PeId pe) const { return dirty_[pe]; }
    std::vector<u64> take(PeId pe);
    void archive(Archive& ar);

private:
    struct Action {
        enum class Kind : u8 { kEnter, kLeave, kLeaveAnywhere, kArm, kMap } kind;
        std::string name;  // of the phase, or of the symbol that arms
        bool until_return = false;
        u32 map = 0;
        void archive(Archive& ar);
    };
    // A PE is inside a phase that ends when it returns: there, with the stack pointer of the call. Or a map is due
    // there, or something is armed.
    struct Return {
        Action action;
        u64 va;
        u64 sp;
        void archive(Archive& ar);
    };
    void enter(cpu::Pe& pe, const Action& action);
    void expect_return(cpu::Pe& pe, const Action& action);
    void arm(cpu::Pe& pe, const Action& action);

    PhaseRecorder& phases_;
    Injector& injector_;
    MapRecorder& maps_;
    std::vector<PhaseSpec> specs_;
    std::map<u64, std::vector<Action>> actions_;
    std::vector<std::vector<Return>> returns_;
    // Where returns have been expected: they stay probed, since a change of probes costs all decoded code.
    static constexpr std::size_t kMostSites = 256;
    std::vector<std::set<u64>> sites_;
    std::vector<bool> dirty_;
};

}  // namespace bbmsim::sim
