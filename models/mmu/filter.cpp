// SPDX-License-Identifier: Apache-2.0
#include "models/mmu/filter.hpp"

namespace bbmsim::mmu {

void TranslationFilter::clear() {
    for (unsigned b = 0; b < kBankCount; ++b) clear_bank(static_cast<BankId>(b));
}

void TranslationFilter::clear_bank(BankId bank) {
    // The tag alone decides: ~0 is not page-aligned, so no look-up equals it.
    for (FilterSlot& s : banks_[bank]) s.tag = ~u64{0};
    fetch_moved();
}

void TranslationFilter::drop_writes(u64 pa) {
    const auto page = static_cast<u32>(pa >> kPageShift);
    for (const BankId bank : {kWriteEl0, kWriteEl1})
        for (FilterSlot& s : banks_[bank])
            if (s.page == page) s.tag = ~u64{0};
}

void TranslationFilter::drop_reads(u64 pa) {
    const auto page = static_cast<u32>(pa >> kPageShift);
    for (const BankId bank : {kReadEl0, kReadEl1})
        for (FilterSlot& s : banks_[bank])
            if (s.page == page) s.tag = ~u64{0};
}

void TranslationFilter::drop_page(u64 pa) {
    const auto page = static_cast<u32>(pa >> kPageShift);
    for (Bank& bank : banks_)
        for (FilterSlot& s : bank)
            if (s.page == page) s.tag = ~u64{0};
    fetch_moved();
}

}  // namespace bbmsim::mmu
