// SPDX-License-Identifier: Apache-2.0
// Set-associative tags with LRU, by physical line: no contents, memory is always current.
//
// A word is a line's number and its state. FrontTags (L1) keeps the most recently used line of each set apart, so that
// the engine can compare it inline; StateTags (L2) holds what a PE holds, and how: everything in L1 is there too.
#pragma once

#include "models/memory/line_vector.hpp"
#include "models/mmu/types.hpp"

namespace bbmsim {
class Archive;
}

namespace bbmsim::memory {

inline constexpr unsigned kLineShift = 6;
inline constexpr u64 kNoLine = ~u64{0};
inline constexpr u64 kLineBits = (u64{1} << 58) - 1;
inline constexpr u64 kUnique = u64{1} << 62;  // no other PE's cache has it
inline constexpr u64 kDirty = u64{1} << 63;   // stored to since memory or L3 had it; implies kUnique
inline constexpr u64 line_of(u64 word) { return word & kLineBits; }

class FrontTags {
public:
    void configure(u32 bytes, u32 ways);
    [[nodiscard]] bool present() const { return present_; }
    bool promote(u64 line);                 // true: a hit; the line is the front one
    void insert(u64 line, bool writable);   // not held until now; the oldest of its set goes
    void set_writable(u64 line, bool yes);  // if held
    void remove(u64 line);
    void clear();
    void archive(Archive& ar);

    LineVector<u64> front;     // most recently used line of each set
    LineVector<u64> writable;  // the same line, if a store to it asks nobody
    u64 set_mask = 0;

private:
    [[nodiscard]] u64 front_word(u64 set) const { return front[set] | (writable[set] == front[set] ? kDirty : 0); }
    void put(u64 set, u64 word);
    bool present_ = false;
    unsigned rest_ways_ = 0;  // ways beside the most recently used one
    LineVector<u64> rest_;    // words of the others, by recency
};

class StateTags {
public:
    void configure(u32 bytes, u32 ways);
    [[nodiscard]] bool present() const { return present_; }
    void prefetch(u64 line) const { __builtin_prefetch(words_.data() + (line & set_mask_) * ways_); }
    u64* touch(u64 line);  // its word, now the most recent of its set; null: not held
    u64* find(u64 line);
    u64 insert(u64 word);  // not held until now; the word that goes, or kNoLine
    void clear();
    void archive(Archive& ar);
    [[nodiscard]] const LineVector<u64>& words() const { return words_; }

private:
    bool present_ = false;
    unsigned ways_ = 1;
    u64 set_mask_ = 0;
    LineVector<u64> words_;
};

}  // namespace bbmsim::memory
