// SPDX-License-Identifier: Apache-2.0
// RAM of the board: owns the host memory behind a RamView.
//
// Models: contents and page flags of one contiguous range of physical memory, up to 4 TiB and more, on a host with far
// less: both areas are reserved without commitment, and only pages that somebody wrote (PageFlag::kBacked) cost memory.
// Leaves out: timing, ECC, more than one range.
#pragma once

#include "models/mmu/ram_view.hpp"
#include "models/mmu/types.hpp"

namespace bbmsim {
class Archive;
}

namespace bbmsim::board {

class Ram {
public:
    // `base` and `bytes` are multiples of 4 KiB. Throws std::invalid_argument for a wrong size, std::runtime_error
    // (with size and errno) if the host refuses to reserve the address space.
    Ram(PhysAddr base, u64 bytes, bool zero_fill = false);
    ~Ram();
    Ram(Ram&& other) noexcept;
    Ram& operator=(Ram&& other) noexcept;
    Ram(const Ram&) = delete;
    Ram& operator=(const Ram&) = delete;

    [[nodiscard]] const RamView& view() const { return view_; }
    [[nodiscard]] PhysAddr base() const { return PhysAddr(view_.base); }
    [[nodiscard]] u64 bytes() const { return view_.bytes; }

    // All of [pa, pa + bytes) is about to be written: huge pages of the host may back what they fit into.
    void expect(PhysAddr pa, u64 bytes);

    // Pages that are backed. Looks only at flag bytes that the host holds in memory, so that the cost follows what was
    // written and not the size of RAM; flag bytes that the host swapped out are missed, hence an estimate.
    [[nodiscard]] u64 backed_pages() const;
    // Host memory for backed pages and the flag bytes in use.
    [[nodiscard]] u64 resident_bytes() const;
    void archive(Archive& ar);

private:
    struct FlagUse {
        u64 backed_pages = 0;
        u64 flag_bytes = 0;  // resident, in whole host pages
    };
    [[nodiscard]] FlagUse measure() const;
    void release() noexcept;

    RamView view_;
    u64 flag_area_bytes_ = 0;
};

}  // namespace bbmsim::board
