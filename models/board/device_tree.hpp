// SPDX-License-Identifier: Apache-2.0
// The flattened device tree of the board: lists what there is and nothing else (compare QEMU's virt.c, from which node
// names and bindings come). Built with libfdt.
#pragma once

#include "models/mmu/types.hpp"

#include <optional>
#include <string>
#include <vector>

namespace bbmsim::board {

struct DeviceTreeCpu {
    u64 affinity = 0;                      // MPIDR affinity fields (affinity_of)
    std::string compatible = "arm,armv8";  // most specific; "arm,armv8" is always listed too
};

struct InitrdRange {
    u64 start = 0, end = 0;  // physical, end exclusive
};

struct DeviceTreeConfig {
    std::string model = "bbmsim,virt";
    std::vector<DeviceTreeCpu> cpus;
    u64 memory_base = 0x4000'0000;
    u64 memory_bytes = 0;
    std::string bootargs;
    u64 seed = 0;      // /chosen/rng-seed is drawn from it
    bool pmu = false;  // every PE has PMUv3
    std::optional<InitrdRange> initrd;
    unsigned virtio_slots = 0;  // occupied virtio-mmio slots, from the first
};

// Throws std::invalid_argument that names the field, std::length_error if bootargs do not fit the 2 MiB that the arm64
// boot protocol admits.
std::vector<u8> build_device_tree(const DeviceTreeConfig& config);

// A device tree of the user's with the boot arguments (unless empty) and the initial RAM disk in its /chosen. Throws
// std::invalid_argument if the blob is no device tree.
std::vector<u8> amend_device_tree(const std::vector<u8>& blob, const std::string& bootargs,
                                  const std::optional<InitrdRange>& initrd);

}  // namespace bbmsim::board
