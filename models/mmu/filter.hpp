// SPDX-License-Identifier: Apache-2.0
// The exact filter in front of the modelled L1 TLB (design: mechanism 7).
//
// A slot says: this 4 KiB page of VA is answered by that L1 entry, at this host address, and an access of this kind
// by this Exception level is allowed, conflicts with nothing, is Normal memory, and touches no watched page. A hit is
// an L1 hit that costs no extra cycles; the caller performs the policy's touch through `entry` and counts it. A slot is
// good for as long as entry->gen has not moved; Mmu bumps gen whenever the entry leaves, becomes stale, or gets a
// second match, so no slot need be searched for. With `enabled` false every look-up misses and every figure must
// come out the same (a test holds them equal).
//
// A page of RAM that no host memory backs yet may have a slot in a read bank too, marked in its tag so that only
// find_unbacked() sees it: reads of it are hits as well, but the caller computes what they read, and must look at
// PageFlag::kBacked first, since backing a page does not search for its slots.
#pragma once

#include "models/mmu/tlb_entry.hpp"
#include "models/mmu/types.hpp"

#include <array>

namespace bbmsim::mmu {

struct alignas(64) FilterSlot {
    u64 tag = ~u64{0};   // va & ~0xfff; kUnbacked added for a page without host memory
    u8* host = nullptr;  // host address of the 4 KiB page, or null
    TlbEntry* entry = nullptr;
    u32 gen = 0;
    u32 page = 0;                // pa >> 12
    u64 to_host = 0, to_pa = 0;  // added to a VA in the page they give its host address and its PA
};

class TranslationFilter {
public:
    static constexpr unsigned kSlots = 256;
    using Bank = std::array<FilterSlot, kSlots>;

    // Banks by what they permit. Fetch slots are used at block entry only.
    enum BankId : u8 {
        kReadEl0,
        kReadEl1,
        kWriteEl0,
        kWriteEl1,
        kFetchEl0,
        kFetchEl1,
        kBankCount,
        kEmpty = kBankCount
    };

    [[nodiscard]] FilterSlot& slot(BankId bank, u64 va) { return banks_[bank][(va >> kPageShift) & (kSlots - 1)]; }
    // The slot if it answers va now, or null.
    [[nodiscard]] FilterSlot* find(BankId bank, u64 va) {
        FilterSlot& s = slot(bank, va);
        return s.tag == (va & ~kPageMask) && s.gen == s.entry->gen ? &s : nullptr;
    }
    [[nodiscard]] FilterSlot* find_unbacked(BankId bank, u64 va) {
        FilterSlot& s = slot(bank, va);
        return s.tag == ((va & ~kPageMask) | kUnbacked) && s.gen == s.entry->gen ? &s : nullptr;
    }
    // host_page null: the page is not backed.
    void insert(BankId bank, u64 va, u8* host_page, TlbEntry* entry, u64 pa) {
        if (!enabled) return;
        const u64 page = va & ~kPageMask;
        slot(bank, va) = {.tag = page | (host_page ? 0 : kUnbacked),
                          .host = host_page,
                          .entry = entry,
                          .gen = entry->gen,
                          .page = static_cast<u32>(pa >> kPageShift),
                          .to_host = reinterpret_cast<u64>(host_page) - page,
                          .to_pa = (pa & ~kPageMask) - page};
    }
    void clear();  // context change: all banks
    void clear_bank(BankId bank);
    void drop_writes(u64 pa);  // the page became watched, code, or monitored
    void drop_reads(u64 pa);   // reads of the page are looked at from now on
    void drop_page(u64 pa);    // the page's host address changed (it was backed)

    // A fetch slot, or an L1I entry behind one, is no longer what it was: whoever goes from block to block must look.
    void fetch_moved() {
        if (fetch_limit) *fetch_limit = 0;
    }

    bool enabled = true;
    u64* fetch_limit = nullptr;  // the PE's, or null

private:
    static constexpr u64 kUnbacked = 1;

    std::array<Bank, kBankCount + 1> banks_{};  // the last one stays empty
};

}  // namespace bbmsim::mmu
