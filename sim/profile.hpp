// SPDX-License-Identifier: Apache-2.0
// What a profiler has gathered: a tree of call stacks, and each core's figures at its nodes.
#pragma once

#include "models/mmu/types.hpp"

#include <string>
#include <vector>

namespace bbmsim {
class Archive;
}

namespace bbmsim::sim {

struct ProfileNode {
    u32 parent = 0;  // node 0 is the root, and its own parent
    u32 frame = 0;   // in Profile::frames
};

struct ProfileFigures {  // of a node itself, without its children
    u64 cycles = 0;
    u64 walks = 0;  // TLB misses of all levels
    u64 walk_cycles = 0;
};

struct ProfileSample {
    u64 time_ps = 0;
    u64 cycles = 0;  // since the core's last one
    u64 walks = 0;   // likewise
    u32 frame = 0;   // the innermost
    PeId core = 0;
};

struct Profile {
    u64 interval_cycles = 0;
    std::vector<std::string> frames;  // functions, and what is in brackets: [WFE], [WFI], [DSB], [off], [user], ...
    std::vector<ProfileNode> nodes;
    std::vector<std::vector<ProfileFigures>> cores;  // [core][node]; shorter than nodes: zero from there on
    std::vector<ProfileSample> samples;              // in order of each core's time
    u64 dropped_samples = 0;
    void archive(Archive& ar);
};

}  // namespace bbmsim::sim
