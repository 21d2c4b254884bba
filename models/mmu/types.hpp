// SPDX-License-Identifier: Apache-2.0
// Quantities and enumerations that every room shares.
//
// Addresses, identifiers and times are distinct types: mixing a virtual with a physical address, or cycles with
// picoseconds, does not compile. `raw()` leaves the type system on purpose and is greppable.
#pragma once

#include <compare>
#include <cstdint>
#include <limits>

namespace bbmsim {

using u8 = std::uint8_t;
using u16 = std::uint16_t;
using u32 = std::uint32_t;
using u64 = std::uint64_t;
using i8 = std::int8_t;
using i16 = std::int16_t;
using i32 = std::int32_t;
using i64 = std::int64_t;

// A number with a meaning. Sums and differences with plain numbers keep the meaning; a difference of two is a number.
template <class Tag, class Rep = u64>
class Quantity {
public:
    constexpr Quantity() = default;
    constexpr explicit Quantity(Rep value) : value_(value) {}
    [[nodiscard]] constexpr Rep raw() const { return value_; }
    constexpr auto operator<=>(const Quantity&) const = default;
    constexpr Quantity operator+(Rep n) const { return Quantity(static_cast<Rep>(value_ + n)); }
    constexpr Quantity operator-(Rep n) const { return Quantity(static_cast<Rep>(value_ - n)); }
    constexpr Rep operator-(Quantity o) const { return static_cast<Rep>(value_ - o.value_); }
    constexpr Quantity& operator+=(Rep n) {
        value_ = static_cast<Rep>(value_ + n);
        return *this;
    }

private:
    Rep value_{};
};

using VirtAddr = Quantity<struct VirtAddrTag>;
using PhysAddr = Quantity<struct PhysAddrTag>;
using Ipa = Quantity<struct IpaTag>;
using Asid = Quantity<struct AsidTag, u16>;
using Vmid = Quantity<struct VmidTag, u16>;
using Cycles = Quantity<struct CyclesTag>;  // of one PE's clock
using Picos = Quantity<struct PicosTag>;    // board time

using PeId = u8;                     // index of the PE on the board, 0 is the boot PE
inline constexpr PeId kNoPe = 0xff;  // writes by devices, by the host, by injection
inline constexpr unsigned kMaxPes = 64;
using PeMask = u64;  // bit n: PE n
constexpr PeMask pe_bit(PeId pe) { return pe < kMaxPes ? PeMask{1} << pe : 0; }

enum class Granule : u8 { k4K, k16K, k64K };
constexpr unsigned granule_shift(Granule g) { return g == Granule::k4K ? 12 : g == Granule::k16K ? 14 : 16; }
constexpr unsigned index_bits(Granule g) { return granule_shift(g) - 3; }  // VA bits resolved by a full table
constexpr unsigned level_shift(Granule g, unsigned level) {                // log2 of what one entry of the level maps
    return granule_shift(g) + (3 - level) * index_bits(g);
}
// Members of a contiguous group at a level (D8.7.1); 0 where the level has no Contiguous bit.
constexpr unsigned contiguous_members(Granule g, unsigned level) {
    if (g == Granule::k4K) return level >= 1 ? 16 : 0;
    if (g == Granule::k16K) return level == 2 ? 32 : level == 3 ? 128 : 0;
    return level >= 2 ? 32 : 0;
}

enum class Access : u8 { kFetch, kRead, kWrite };
// How a write came about: `kAtomic` are exclusives and LSE atomics, whose value was made from what memory held then;
// `kHardware` is a walker that sets the Access flag or the dirty state, by an atomic read-modify-write (R_LFTXR,
// R_PQJJR).
enum class StoreKind : u8 { kPlain, kAtomic, kHardware };
enum class Shareability : u8 { kNon = 0, kReserved = 1, kOuter = 2, kInner = 3 };  // the descriptor's SH encoding
enum class BarrierDomain : u8 { kOuter = 0, kNon = 1, kInner = 2, kFull = 3 };     // CRm[3:2]
enum class BarrierType : u8 { kReserved = 0, kLoads = 1, kStores = 2, kAll = 3 };  // CRm[1:0]

// Page size of the simulator's own bookkeeping (filters, watches, backing): always 4 KiB.
inline constexpr unsigned kPageShift = 12;
inline constexpr u64 kPageBytes = u64{1} << kPageShift;
inline constexpr u64 kPageMask = kPageBytes - 1;

}  // namespace bbmsim
