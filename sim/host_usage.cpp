// SPDX-License-Identifier: Apache-2.0
#include "sim/host_usage.hpp"

#include <sys/resource.h>
#include <chrono>
#include <ctime>

namespace bbmsim::sim {

HostUsage HostUsage::now() {
    timespec cpu{};
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &cpu);
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    return {std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count(),
            static_cast<double>(cpu.tv_sec) + static_cast<double>(cpu.tv_nsec) * 1e-9,
            static_cast<u64>(usage.ru_maxrss) * 1024};
}

}  // namespace bbmsim::sim
