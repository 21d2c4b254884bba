// SPDX-License-Identifier: Apache-2.0
// What the rest of the machine sees of RAM: a window into host memory, and one byte of flags for each 4 KiB page.
//
// board::Ram owns the memory; this is a plain view, copied freely. A page that nobody wrote is not backed by host
// memory; reading it gives `pattern(pa)`, so that wrong translations show as wrong data in any size of RAM.
#pragma once

#include "models/mmu/types.hpp"

#include <cstring>

namespace bbmsim {

enum PageFlag : u8 {
    kBacked = 1,      // host memory holds the page's contents; clear: contents are fill(pa)
    kWatched = 2,     // the page is or was a live translation table: stores go to the checker
    kCode = 4,        // decoded blocks exist for this page: stores drop them
    kMonitored = 8,   // some PE may have an exclusives monitor open in the page: stores clear it
    kHwUpdated = 16,  // hardware updated a descriptor there that nobody has read since: loads go to the checker
};
// A store may use a fast path only if, of these, exactly kBacked is set.
inline constexpr u8 kStoreSlow = kWatched | kCode | kMonitored;

struct RamView {
    u8* host = nullptr;   // host address of `base`
    u8* flags = nullptr;  // one byte of PageFlag for each 4 KiB page
    u64 base = 0;         // physical address of the first byte
    u64 bytes = 0;
    bool zero_fill = false;  // unwritten RAM reads zero rather than the pattern

    [[nodiscard]] bool contains(PhysAddr pa, u64 size = 1) const {
        const u64 off = pa.raw() - base;
        return off < bytes && size <= bytes - off;
    }
    [[nodiscard]] u8* at(PhysAddr pa) const { return host + (pa.raw() - base); }
    [[nodiscard]] u8& page_flags(PhysAddr pa) const { return flags[(pa.raw() - base) >> kPageShift]; }

    // Contents of the aligned doubleword at pa (pa is rounded down to 8) as long as nobody wrote its page.
    [[nodiscard]] u64 fill(u64 pa) const { return zero_fill ? 0 : pattern(pa); }
    static constexpr u64 pattern(u64 pa) {
        pa &= ~u64{7};
        return (pa * 0x9e3779b97f4a7c15ULL) ^ (pa >> 29);
    }
    // Gives a page host memory that holds what it read as before. Idempotent.
    void back(PhysAddr pa) const {
        u8& f = page_flags(pa);
        if (f & kBacked) return;
        const u64 page = pa.raw() & ~kPageMask;
        u8* p = at(PhysAddr(page));
        if (!zero_fill)
            for (u64 i = 0; i < kPageBytes; i += 8) {
                const u64 v = pattern(page + i);
                std::memcpy(p + i, &v, 8);
            }
        f |= kBacked;
    }
    // Reads size <= 16 bytes within one page; RAM only.
    void read(PhysAddr pa, void* out, unsigned size) const {
        if (page_flags(pa) & kBacked) {
            std::memcpy(out, at(pa), size);
            return;
        }
        auto* bytes_out = static_cast<u8*>(out);
        for (unsigned i = 0; i < size; ++i) {
            const u64 a = pa.raw() + i;
            bytes_out[i] = static_cast<u8>(fill(a) >> (8 * (a & 7)));
        }
    }
    [[nodiscard]] u64 read64(PhysAddr pa) const {
        if (page_flags(pa) & kBacked) [[likely]] {
            u64 v;
            std::memcpy(&v, at(pa), 8);
            return v;
        }
        return fill(pa.raw());
    }
};

}  // namespace bbmsim
