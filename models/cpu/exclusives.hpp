// SPDX-License-Identifier: Apache-2.0
// Exclusives monitors of all PEs, and what stores by others do to monitors and decoded code.
//
// Models: one monitor a PE (local and global at once: all memory is Inner Shareable here) on a 64-byte granule (ERG).
// LDXR opens it and flags the page kMonitored, so that stores by other PEs take the slow path and clear it, which sends
// the event that WFE waits for. A PE's own plain stores leave its monitor alone; exception return and CLREX close it.
// The flag is dropped lazily, at a store to a flagged page in which no monitor is open any more.
//
// One object for all Engines of a board, made before them; it makes itself the domain's StoreListener.
#pragma once

#include "models/mmu/inner_domain.hpp"
#include "models/mmu/types.hpp"

#include <array>

namespace bbmsim::cpu {

class Engine;
class Platform;
struct Pe;

class ExclusiveMonitors final : public mmu::StoreListener {
public:
    static constexpr u64 kGranuleBytes = 64;

    explicit ExclusiveMonitors(mmu::InnerDomain& domain);
    ~ExclusiveMonitors() override;
    ExclusiveMonitors(const ExclusiveMonitors&) = delete;

    void attach(Pe& pe, Engine& engine, Platform& platform);  // by Engine's constructor
    void detach(const Pe& pe);                                // by its destructor

    void open(Pe& pe, u64 pa, unsigned size);                              // LDXR
    [[nodiscard]] bool passes(const Pe& pe, u64 pa, unsigned size) const;  // STXR would succeed
    static void close(Pe& pe);                                             // STXR, CLREX, exception return

    // A store by `writer` would clear another PE's monitor: it must happen at board time.
    [[nodiscard]] bool contended(PeId writer, u64 pa, u64 size) const;

    void code_written(PhysAddr pa, u64 size) override;
    void monitored_written(PeId writer, PhysAddr pa, u64 size) override;

private:
    struct Attached {
        Pe* pe = nullptr;
        Engine* engine = nullptr;
        Platform* platform = nullptr;
    };
    [[nodiscard]] bool any_open_in_page(u64 pa) const;

    mmu::InnerDomain& domain_;
    std::array<Attached, kMaxPes> attached_{};
    unsigned count_ = 0;  // highest id attached + 1
};

}  // namespace bbmsim::cpu
