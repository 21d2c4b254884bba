// SPDX-License-Identifier: Apache-2.0
#include "sim/host_usage.hpp"

#include <chrono>
#include <ctime>
#include <fstream>
#include <string>

namespace bbmsim::sim {

// Of this program: ru_maxrss of getrusage() counts what the process was before exec, too. 0 where there is no such
// file.
static u64 own_peak_rss() {
    std::ifstream status("/proc/self/status");
    for (std::string line; std::getline(status, line);)
        if (line.starts_with("VmHWM:")) return std::stoull(line.substr(6)) * 1024;
    return 0;
}

HostUsage HostUsage::now() {
    timespec cpu{};
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &cpu);
    return {std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count(),
            static_cast<double>(cpu.tv_sec) + static_cast<double>(cpu.tv_nsec) * 1e-9, own_peak_rss()};
}

}  // namespace bbmsim::sim
