// SPDX-License-Identifier: Apache-2.0
#include "models/memory/tags.hpp"

#include <algorithm>
#include <bit>
#include <cstring>

namespace bbmsim::memory {

namespace {

struct Geometry {
    u64 sets;
    u32 ways;
};
Geometry geometry(u32 bytes, u32 ways) {
    const u64 lines = bytes >> kLineShift;
    if (lines == 0) return {1, 1};
    ways = std::clamp<u32>(ways, 1, static_cast<u32>(lines));
    return {std::bit_floor(std::max<u64>(lines / ways, 1)), ways};
}

// words[0, n) go one place back; what stood at n is lost.
void make_room(u64* words, unsigned n) { std::memmove(words + 1, words, n * sizeof(u64)); }

}  // namespace

void FrontTags::configure(u32 bytes, u32 ways) {
    const Geometry g = geometry(bytes, ways);
    present_ = bytes >> kLineShift;
    set_mask = g.sets - 1;
    rest_ways_ = g.ways - 1;
    front.assign(g.sets, kNoLine);
    writable.assign(g.sets, kNoLine);
    rest_.assign(g.sets * rest_ways_, kNoLine);
}

void FrontTags::put(u64 set, u64 word) {
    front[set] = line_of(word);
    writable[set] = word & kDirty ? line_of(word) : kNoLine;
}

bool FrontTags::promote(u64 line) {
    if (!present_) return false;
    const u64 set = line & set_mask;
    if (front[set] == line) return true;
    u64* others = rest_.data() + set * rest_ways_;
    for (unsigned i = 0; i < rest_ways_; ++i) {
        const u64 word = others[i];
        if (line_of(word) != line) continue;
        make_room(others, i);
        others[0] = front_word(set);
        put(set, word);
        return true;
    }
    return false;
}

void FrontTags::insert(u64 line, bool can_write) {
    if (!present_) return;
    const u64 set = line & set_mask;
    if (rest_ways_ && front[set] != kNoLine) {
        u64* others = rest_.data() + set * rest_ways_;
        const auto room = static_cast<unsigned>(std::find(others, others + rest_ways_ - 1, kNoLine) - others);
        make_room(others, room);
        others[0] = front_word(set);
    }
    put(set, line | (can_write ? kDirty : 0));
}

void FrontTags::set_writable(u64 line, bool yes) {
    if (!present_) return;
    const u64 set = line & set_mask;
    if (front[set] == line) {
        writable[set] = yes ? line : kNoLine;
        return;
    }
    u64* others = rest_.data() + set * rest_ways_;
    for (unsigned i = 0; i < rest_ways_; ++i)
        if (line_of(others[i]) == line) others[i] = line | (yes ? kDirty : 0);
}

void FrontTags::remove(u64 line) {
    if (!present_) return;
    const u64 set = line & set_mask;
    if (front[set] == line) {
        front[set] = writable[set] = kNoLine;
        return;
    }
    u64* others = rest_.data() + set * rest_ways_;
    for (unsigned i = 0; i < rest_ways_; ++i)
        if (line_of(others[i]) == line) others[i] = kNoLine;
}

void FrontTags::clear() {
    std::ranges::fill(front, kNoLine);
    std::ranges::fill(writable, kNoLine);
    std::ranges::fill(rest_, kNoLine);
}

void StateTags::configure(u32 bytes, u32 ways) {
    const Geometry g = geometry(bytes, ways);
    present_ = bytes >> kLineShift;
    set_mask_ = g.sets - 1;
    ways_ = g.ways;
    words_.assign(g.sets * ways_, kNoLine);
}

u64* StateTags::find(u64 line) {
    u64* set = words_.data() + (line & set_mask_) * ways_;
    for (unsigned i = 0; i < ways_; ++i)
        if (line_of(set[i]) == line) return set + i;
    return nullptr;
}

u64* StateTags::touch(u64 line) {
    u64* found = find(line);
    if (!found) return nullptr;
    u64* set = words_.data() + (line & set_mask_) * ways_;
    const u64 word = *found;
    make_room(set, static_cast<unsigned>(found - set));
    set[0] = word;
    return set;
}

u64 StateTags::insert(u64 word) {
    if (!present_) return kNoLine;
    u64* set = words_.data() + (line_of(word) & set_mask_) * ways_;
    const auto room = static_cast<unsigned>(std::find(set, set + ways_ - 1, kNoLine) - set);
    const u64 gone = set[room];
    make_room(set, room);
    set[0] = word;
    return gone;
}

void StateTags::clear() { std::ranges::fill(words_, kNoLine); }

}  // namespace bbmsim::memory
