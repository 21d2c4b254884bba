// SPDX-License-Identifier: Apache-2.0
// GICv3 distributor: SPIs and their routing. See gicv3.hpp for what is modelled.
#pragma once

#include "models/board/gic_bank.hpp"
#include "models/board/registers.hpp"

#include <functional>
#include <vector>

namespace bbmsim {
class Archive;
}

namespace bbmsim::board {

class GicDistributor {
public:
    using Changed = std::function<void(PeMask)>;  // these PEs' highest priority pending interrupt may be another one
    GicDistributor(unsigned pes, unsigned spis, Changed changed);

    u64 read(u64 offset, unsigned size) { return regs_.read(*this, offset, size); }
    void write(u64 offset, u64 value, unsigned size) { regs_.write(*this, offset, value, size); }

    void set_spi(unsigned spi, bool level);
    [[nodiscard]] u32 groups() const { return ctlr_ & (kGroup0 | kGroup1); }
    [[nodiscard]] GicCandidate best_for(PeId pe, u32 groups) const;
    void acknowledge(u32 intid);
    void deactivate(u32 intid);
    // PEs that take part in 1-of-N distribution of a group (0 or 1): awake, with the group enabled.
    void set_participants(unsigned group, PeMask mask);
    [[nodiscard]] bool has(u32 intid) const { return intid >= 32 && intid < 32 + 32 * banks_.size(); }
    [[nodiscard]] std::string note() const { return regs_.note(); }
    void archive(Archive& ar);

private:
    friend struct GicDistributorRegisters;
    static constexpr PeId kAnyPe = 0xfe;  // 1-of-N

    [[nodiscard]] GicBank* bank(unsigned word) {
        return word >= 1 && word <= banks_.size() ? &banks_[word - 1] : nullptr;
    }
    [[nodiscard]] PeId target_of(unsigned word, unsigned bit) const;
    void refresh(unsigned word);
    void changed(unsigned word, u32 bits);
    void changed_all();

    u64 read_ctlr(unsigned);
    void write_ctlr(unsigned, u64 value, u64 lanes);
    u64 read_typer(unsigned);
    template <u32 GicBank::*Field>
    u64 read_mask(unsigned i);
    template <u32 GicBank::*Field, bool kSet>
    void write_mask(unsigned i, u64 value, u64);
    u64 read_pending(unsigned i);
    void write_group(unsigned i, u64 value, u64 lanes);
    u64 read_priority(unsigned i);
    void write_priority(unsigned i, u64 value, u64 lanes);
    u64 read_config(unsigned i);
    void write_config(unsigned i, u64 value, u64 lanes);
    u64 read_route(unsigned i);
    void write_route(unsigned i, u64 value, u64 lanes);

    unsigned pes_;
    Changed changed_;
    RegisterFile<GicDistributor> regs_;
    u32 ctlr_ = 0;
    std::vector<GicBank> banks_;  // banks_[w - 1]: INTIDs 32w to 32w+31
    std::vector<u64> route_;      // GICD_IROUTER, by SPI
    std::vector<PeId> target_;    // what it means: a PE, kAnyPe, or kNoPe
    std::vector<u32> ready_;      // by bank; with the distributor's group enables
    u32 ready_words_ = 0;         // bit b: ready_[b] != 0, so that nothing is scanned when nothing is pending
    std::array<PeMask, 2> participants_{};
};

}  // namespace bbmsim::board
