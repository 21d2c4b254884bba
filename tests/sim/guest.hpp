// SPDX-License-Identifier: Apache-2.0
// Loads the little guests of this folder into a session.
#pragma once

#include "sim/session.hpp"

#include <map>
#include <string>

namespace bbmsim::sim::test {

struct Guest {
    u64 entry = 0;
    struct Segment {
        u64 pa;
        std::vector<u8> bytes;
    };
    std::vector<Segment> segments;
    std::vector<Symbol> symbols;
};
Guest read_guest(const std::string& name);  // from GUEST_DIR

// `cores` equal cores of 2 GHz, 64 MiB.
BoardConfig board_of(unsigned cores);

void load_guest(Session& session, const Guest& guest);

// Runs to an outcome other than kRunning, however often run() comes back; then judges the end of the run.
Outcome run_to_end(Session& session, u64 limit_ps = 1'000'000'000'000);

std::map<std::string, u64> results_of(const Session& session);

// Everything that a run leaves behind, but for the host's part, as text: for comparing runs.
std::string fingerprint(const Session& session, unsigned cores);

}  // namespace bbmsim::sim::test
