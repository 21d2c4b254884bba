// SPDX-License-Identifier: Apache-2.0
// A small machine for MMU scenarios: RAM, one or more MMUs in a domain, and a table builder that writes descriptors
// the way a guest would.
#pragma once

#include "models/mmu/descriptor.hpp"
#include "models/mmu/event.hpp"
#include "models/mmu/inner_domain.hpp"
#include "models/mmu/mmu.hpp"

#include <memory>
#include <vector>

namespace bbmsim::mmu::testing {

inline constexpr u64 kBase = 0x40000000;

// Descriptor bits by name.
namespace bits {
inline constexpr u64 kValid = 1, kTableOrPage = 2, kAf = 1 << 10, kNg = 1 << 11, kEl0 = 1 << 6, kRo = 1 << 7;
inline constexpr u64 kInnerShare = 3 << 8, kNt = 1 << 16;
inline constexpr u64 kGp = u64{1} << 50, kDbm = u64{1} << 51, kCont = u64{1} << 52, kPxn = u64{1} << 53,
                     kUxn = u64{1} << 54;
inline constexpr u64 kPxnTable = u64{1} << 59, kUxnTable = u64{1} << 60, kNoEl0Table = u64{1} << 61,
                     kRoTable = u64{1} << 62;
constexpr u64 attr(unsigned i) { return u64{i} << 2; }
inline constexpr u64 kPage = kValid | kTableOrPage | kAf | kInnerShare;
inline constexpr u64 kBlock = kValid | kAf | kInnerShare;
inline constexpr u64 kTable = kValid | kTableOrPage;
}  // namespace bits

namespace tcr {
constexpr u64 t0sz(unsigned n) { return n; }
constexpr u64 t1sz(unsigned n) { return u64{n} << 16; }
constexpr u64 tg0(Granule g) { return u64{g == Granule::k4K ? 0u : g == Granule::k64K ? 1u : 2u} << 14; }
constexpr u64 tg1(Granule g) { return u64{g == Granule::k16K ? 1u : g == Granule::k4K ? 2u : 3u} << 30; }
constexpr u64 ips(unsigned n) { return u64{n} << 32; }
inline constexpr u64 kEpd0 = 1 << 7, kEpd1 = 1 << 23, kA1 = 1 << 22, kAs = u64{1} << 36, kTbi0 = u64{1} << 37,
                     kTbi1 = u64{1} << 38;
inline constexpr u64 kHa = u64{1} << 39, kHd = u64{1} << 40, kHpd0 = u64{1} << 41, kHpd1 = u64{1} << 42;
inline constexpr u64 kTbid0 = u64{1} << 51, kE0pd0 = u64{1} << 55, kE0pd1 = u64{1} << 56;
}  // namespace tcr

inline constexpr u64 kSctlrM = 1, kSctlrWxn = 1 << 19;
// Attr0 device nGnRnE, 1 nGnRE, 2 GRE, 3 Normal NC, 4 Normal WB, 5 Normal WT, 6 tagged, 7 nGRE.
inline constexpr u64 kMair = 0x08'f0'bb'ff'44'0c'04'00;
inline constexpr unsigned kNormal = 4;

class Machine {
public:
    explicit Machine(const MmuConfig& config = {}, unsigned pes = 1, u64 ram_bytes = 8 << 20, u64 seed = 1)
        : host_(ram_bytes), flags_(ram_bytes >> kPageShift) {
        ram.host = host_.data();
        ram.flags = flags_.data();
        ram.base = kBase;
        ram.bytes = ram_bytes;
        ram.zero_fill = true;
        domain = std::make_unique<InnerDomain>(ram, bus);
        for (unsigned i = 0; i < pes; ++i) {
            mmus.push_back(std::make_unique<Mmu>(static_cast<PeId>(i), config, ram, bus, seed + i));
            domain->add(mmus.back().get());
        }
        next_ = kBase + (1 << 20);
    }

    Mmu& mmu(unsigned pe = 0) { return *mmus[pe]; }

    // A zeroed table page of the granule's size.
    u64 table(Granule g = Granule::k4K) {
        const u64 bytes = u64{1} << granule_shift(g);
        next_ = (next_ + bytes - 1) & ~(bytes - 1);
        const u64 pa = next_;
        next_ += bytes;
        return pa;
    }
    // A store by the host, which all MMUs notice.
    void put(u64 pa, u64 value) { domain->store(kNoPe, PhysAddr(pa), &value, 8, 0); }
    [[nodiscard]] u64 get(u64 pa) const { return ram.read64(PhysAddr(pa)); }

    // Address of the descriptor of va at a level, below a root; makes the tables on the way (with `table_bits`).
    u64 descriptor(u64 root, u64 va, unsigned level, Granule g = Granule::k4K, unsigned input_bits = 48,
                   u64 table_bits = 0) {
        unsigned at = 4 - (input_bits - granule_shift(g) + index_bits(g) - 1) / index_bits(g);
        u64 base = root;
        for (;; ++at) {
            const unsigned shift = level_shift(g, at);
            const u64 index = (va & ((u64{1} << input_bits) - 1)) >> shift & ((u64{1} << index_bits(g)) - 1);
            const u64 pa = base + 8 * index;
            if (at == level) return pa;
            if (!(get(pa) & 1)) put(pa, table(g) | bits::kTable | table_bits);
            base = Descriptor{get(pa)}.next_table(g);
        }
    }
    u64 map(u64 root, u64 va, unsigned level, u64 value, Granule g = Granule::k4K, unsigned input_bits = 48,
            u64 table_bits = 0) {
        const u64 pa = descriptor(root, va, level, g, input_bits, table_bits);
        put(pa, value);
        return pa;
    }

    RamView ram;
    EventBus bus;
    std::unique_ptr<InnerDomain> domain;
    std::vector<std::unique_ptr<Mmu>> mmus;

private:
    std::vector<u8> host_;
    std::vector<u8> flags_;
    u64 next_ = 0;
};

// MMU on, both halves of one granule, 48 bits.
inline Context context(u64 ttbr0, u64 ttbr1 = 0, Granule g = Granule::k4K, u64 tcr_extra = 0) {
    Context c;
    c.sctlr = kSctlrM;
    c.tcr = tcr::t0sz(16) | tcr::t1sz(16) | tcr::tg0(g) | tcr::tg1(g) | tcr::ips(5) | tcr_extra;
    c.ttbr0 = ttbr0;
    c.ttbr1 = ttbr1;
    c.mair = kMair;
    return c;
}
inline Request access(u64 va, Access a, bool privileged = true, bool pan = false) {
    Request r;
    r.va = va;
    r.access = a;
    r.privileged = privileged;
    r.pan = pan;
    return r;
}
inline Request read(u64 va) { return access(va, Access::kRead); }
inline Request write(u64 va) { return access(va, Access::kWrite); }
inline Request fetch(u64 va) { return access(va, Access::kFetch); }
inline Request user_read(u64 va) { return access(va, Access::kRead, false); }

}  // namespace bbmsim::mmu::testing
