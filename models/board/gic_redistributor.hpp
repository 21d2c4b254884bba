// SPDX-License-Identifier: Apache-2.0
// GICv3 redistributors: SGIs and PPIs of each PE. See gicv3.hpp for what is modelled.
#pragma once

#include "models/board/gic_bank.hpp"
#include "models/board/registers.hpp"

#include <functional>
#include <vector>

namespace bbmsim {
class Archive;
}

namespace bbmsim::board {

class GicRedistributor {
public:
    using Changed = std::function<void(PeId, bool woken_or_asleep)>;
    GicRedistributor(PeId pe, bool last, Changed changed);

    u64 read(u64 offset, unsigned size) { return regs_.read(*this, offset, size); }
    void write(u64 offset, u64 value, unsigned size) { regs_.write(*this, offset, value, size); }

    void set_ppi(unsigned intid, bool level);
    // An SGI of a group (0 or 1) arrives; ignored unless the interrupt is configured to be of that group.
    void send_sgi(unsigned intid, unsigned group);
    [[nodiscard]] GicCandidate best(u32 groups) const;
    void acknowledge(u32 intid);
    void deactivate(u32 intid);
    [[nodiscard]] bool awake() const { return (waker_ & kProcessorSleep) == 0; }
    [[nodiscard]] std::string note() const { return regs_.note(); }
    void archive(Archive& ar);

private:
    friend struct GicRedistributorRegisters;
    static constexpr u32 kProcessorSleep = 2, kChildrenAsleep = 4;
    static constexpr u32 kSgis = 0xffff;

    u64 read_typer(unsigned);
    u64 read_waker(unsigned);
    void write_waker(unsigned, u64, u64);
    template <u32 GicBank::*Field>
    u64 read_mask(unsigned) {
        return bank_.*Field;
    }
    template <u32 GicBank::*Field, bool kSet>
    void write_mask(unsigned, u64 value, u64);
    u64 read_pending(unsigned) { return bank_.pending(); }
    void write_group(unsigned, u64 value, u64 lanes);
    u64 read_priority(unsigned i) { return bank_.priority[i]; }
    void write_priority(unsigned i, u64 value, u64 lanes);
    u64 read_config(unsigned i) { return bank_.config(i); }
    void write_config(unsigned i, u64 value, u64 lanes);

    PeId pe_;
    bool last_;
    Changed changed_;
    RegisterFile<GicRedistributor> regs_;
    u32 waker_ = 0;
    GicBank bank_;
};

// The region that holds all of them, one stride for each PE in order.
class GicRedistributors {
public:
    GicRedistributors(unsigned pes, const GicRedistributor::Changed& changed);
    u64 read(u64 offset, unsigned size);
    void write(u64 offset, u64 value, unsigned size);
    [[nodiscard]] GicRedistributor& of(PeId pe) { return frames_[pe]; }
    [[nodiscard]] const GicRedistributor& of(PeId pe) const { return frames_[pe]; }
    void archive(Archive& ar);

private:
    std::vector<GicRedistributor> frames_;
};

}  // namespace bbmsim::board
