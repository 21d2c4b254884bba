// SPDX-License-Identifier: Apache-2.0
// A file of the host as a disk. By default what the guest writes stays in memory and the file is only read (snapshot);
// writable disks write through. The file is locked for as long as it is open: shared by snapshots, for one writer
// alone.
#pragma once

#include "models/mmu/types.hpp"

#include <array>
#include <memory>
#include <span>
#include <string>
#include <unordered_map>

namespace bbmsim {
class Archive;
}

namespace bbmsim::board {

class Disk {
public:
    static constexpr u64 kSectorBytes = 512;

    // A regular file or a block device. Throws std::invalid_argument with one line that begins "disk=PATH: ".
    Disk(const std::string& path, bool writable);
    ~Disk();
    Disk(const Disk&) = delete;
    Disk& operator=(const Disk&) = delete;

    [[nodiscard]] u64 sectors() const { return (bytes_ + kSectorBytes - 1) / kSectorBytes; }  // the last may be partial
    [[nodiscard]] bool writable() const { return writable_; }

    // `offset` and size within the sectors. False: the host could not.
    [[nodiscard]] bool read(u64 offset, std::span<u8> out) const;
    [[nodiscard]] bool write(u64 offset, std::span<const u8> in);
    [[nodiscard]] bool flush();
    void archive(Archive& ar);

private:
    using Block = std::array<u8, 4096>;
    [[nodiscard]] bool read_file(u64 offset, std::span<u8> out) const;  // beyond its end: zeros
    [[nodiscard]] bool write_file(u64 offset, std::span<const u8> in);

    int file_ = -1;
    bool writable_;
    u64 bytes_ = 0;
    std::unordered_map<u64, std::unique_ptr<Block>> overlay_;  // by block number: what a snapshot's guest wrote
};

}  // namespace bbmsim::board
