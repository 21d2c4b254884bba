// SPDX-License-Identifier: Apache-2.0
#include "models/memory/l3.hpp"

#include <cstring>

namespace bbmsim::memory {

namespace {
using Four = u32 __attribute__((vector_size(16)));
}

L3::L3(u32 bytes, u32 ways) : present_(bytes != 0) {
    if (!present_) return;
    ways_ = ways;
    const u64 sets = bytes / (64 * ways);
    set_bits_ = static_cast<unsigned>(std::bit_width(sets) - 1);
    set_mask_ = sets - 1;
    tags_.assign(sets * ways, kNone);
    next_.assign(sets, 0);
}

u32* L3::find(u64 set, u32 tag) {
    u32* words = tags_.data() + set * ways_;
    const u32 in_fours = ways_ & ~3u;
    Four any{};  // most look-ups find nothing: one question about all
    for (u32 i = 0; i < in_fours; i += 4) {
        Four four;
        std::memcpy(&four, words + i, sizeof four);
        any |= (four & ~kDirtyBit) == tag;
    }
    u64 halves[2];
    std::memcpy(halves, &any, sizeof halves);
    for (u32 i = halves[0] | halves[1] ? 0 : in_fours; i < ways_; ++i)
        if ((words[i] & ~kDirtyBit) == tag) return words + i;
    return nullptr;
}

L3::Found L3::find_or_insert(u64 line, bool dirty, u64& written_back) {
    const u64 set = set_of(line);
    const u32 tag = tag_of(line), state = dirty ? kDirtyBit : 0;
    if (u32* found = find(set, tag)) {
        *found |= state;
        return Found::kYes;
    }
    u8& next = next_[set];
    u32& slot = tags_[set * ways_ + next];
    const u32 gone = slot;
    slot = tag | state;
    next = next + 1u == ways_ ? 0 : static_cast<u8>(next + 1);
    if (gone == kNone || !(gone & kDirtyBit)) return Found::kNo;
    const u64 old = gone & ~kDirtyBit;
    written_back = old << set_bits_ | ((set ^ fold(old)) & set_mask_);
    return Found::kNoAndWroteBack;
}

void L3::drop(u64 line) {
    if (!present_) return;
    if (u32* found = find(set_of(line), tag_of(line))) *found = kNone;
}

}  // namespace bbmsim::memory
