// SPDX-License-Identifier: Apache-2.0
// GICv3 CPU interface of one PE: the ICC_*_EL1 system registers. See gicv3.hpp for what is modelled.
#pragma once

#include "models/board/gic_bank.hpp"

namespace bbmsim {
class Archive;
}

namespace bbmsim::board {

class GicV3;

// Encodings as cpu::Engine::sysreg_id makes them.
constexpr u32 icc_id(unsigned op0, unsigned op1, unsigned crn, unsigned crm, unsigned op2) {
    return (op0 << 14) | (op1 << 11) | (crn << 7) | (crm << 3) | op2;
}
namespace icc {
inline constexpr u32 kPmr = icc_id(3, 0, 4, 6, 0), kIar0 = icc_id(3, 0, 12, 8, 0), kEoir0 = icc_id(3, 0, 12, 8, 1),
                     kHppir0 = icc_id(3, 0, 12, 8, 2), kBpr0 = icc_id(3, 0, 12, 8, 3), kAp0r0 = icc_id(3, 0, 12, 8, 4),
                     kAp1r0 = icc_id(3, 0, 12, 9, 0), kDir = icc_id(3, 0, 12, 11, 1), kRpr = icc_id(3, 0, 12, 11, 3),
                     kSgi1r = icc_id(3, 0, 12, 11, 5), kAsgi1r = icc_id(3, 0, 12, 11, 6),
                     kSgi0r = icc_id(3, 0, 12, 11, 7), kIar1 = icc_id(3, 0, 12, 12, 0),
                     kEoir1 = icc_id(3, 0, 12, 12, 1), kHppir1 = icc_id(3, 0, 12, 12, 2),
                     kBpr1 = icc_id(3, 0, 12, 12, 3), kCtlr = icc_id(3, 0, 12, 12, 4), kSre = icc_id(3, 0, 12, 12, 5),
                     kIgrpen0 = icc_id(3, 0, 12, 12, 6), kIgrpen1 = icc_id(3, 0, 12, 12, 7);
}  // namespace icc

class GicCpuInterface {
public:
    GicCpuInterface(PeId pe, GicV3& gic) : pe_(pe), gic_(&gic) {}

    // False: UNDEFINED (no such register, or not accessible this way).
    bool read(u32 encoding, u64& value);
    bool write(u32 encoding, u64 value);
    void reset();

    // Looks again at what is pending and sets the IRQ and FIQ lines.
    void refresh();
    [[nodiscard]] u32 groups() const { return igrpen_; }
    void archive(Archive& ar);

private:
    [[nodiscard]] u8 running_priority() const;
    [[nodiscard]] u8 group_priority_mask(unsigned group) const;
    [[nodiscard]] bool can_signal() const;
    u32 acknowledge(unsigned group);
    void end_of_interrupt(unsigned group, u32 intid);
    void deactivate(u32 intid);
    void send_sgi(unsigned group, u64 value);
    [[nodiscard]] u8 bpr1() const;
    void set_groups(u32 groups);

    PeId pe_;
    GicV3* gic_;
    u8 pmr_ = 0;
    u8 bpr0_ = kMinimumBpr0, bpr1_ = kMinimumBpr0 + 1;
    bool common_bpr_ = false;  // CTLR.CBPR
    bool split_eoi_ = false;   // CTLR.EOImode: EOIR drops the priority only
    u32 igrpen_ = 0;           // kGroup0, kGroup1
    u32 active_[2] = {0, 0};   // AP0R0, AP1R0: bit n is group priority n << 3
    GicCandidate pending_;     // highest priority pending, whatever the masks
    bool irq_ = false, fiq_ = false;
    static constexpr u8 kMinimumBpr0 = 7 - kPriorityBits;
};

}  // namespace bbmsim::board
