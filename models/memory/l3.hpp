// SPDX-License-Identifier: Apache-2.0
// The shared L3's tags, neither inclusive nor exclusive: lines come in when memory answers for them and when a private
// cache gives up a dirty one. Sets are chosen by a hash, as no power-of-two stride may fill a few alone; the oldest
// line of a set goes.
#pragma once

#include "models/memory/line_vector.hpp"
#include "models/mmu/types.hpp"

#include <bit>
#include <vector>

namespace bbmsim {
class Archive;
}

namespace bbmsim::memory {

class L3 {
public:
    L3(u32 bytes, u32 ways);

    enum class Found : u8 { kYes, kNo, kNoAndWroteBack };  // kNo...: it is there now; for it a dirty line had to go
    Found find_or_insert(u64 line, bool dirty, u64& written_back);
    void drop(u64 line);
    [[nodiscard]] bool present() const { return present_; }
    void prefetch(u64 line) const { __builtin_prefetch(tags_.data() + set_of(line) * ways_); }
    void archive(Archive& ar);

private:
    static constexpr u32 kNone = ~u32{0}, kDirtyBit = u32{1} << 31;
    [[nodiscard]] u64 fold(u64 tag) const { return (tag ^ tag >> set_bits_) & set_mask_; }
    [[nodiscard]] u64 set_of(u64 line) const { return (line ^ fold(line >> set_bits_)) & set_mask_; }
    [[nodiscard]] u32 tag_of(u64 line) const { return static_cast<u32>(line >> set_bits_); }
    u32* find(u64 set, u32 tag);

    bool present_;
    u32 ways_ = 1;
    unsigned set_bits_ = 0;
    u64 set_mask_ = 0;
    LineVector<u32> tags_;  // tag, and whether memory is older
    std::vector<u8> next_;  // of each set: the oldest
};

}  // namespace bbmsim::memory
