// SPDX-License-Identifier: Apache-2.0
// Arm GICv3 as QEMU's virt machine without EL3 presents it: one Security state (GICD_CTLR.DS = 1), affinity routing
// only.
//
// Models: SGIs, PPIs, SPIs; level and edge; groups 0 (FIQ) and 1 (IRQ); 32 priority levels, priority masking,
// preemption by running priority and binary points; both EOI modes; routing by affinity and 1-of-N (to the
// lowest-numbered PE that is awake with the group enabled: the choice is IMPLEMENTATION DEFINED); redistributor sleep:
// a PE whose GICR_WAKER.ProcessorSleep is set is not signalled. Leaves out: LPIs and the ITS, extended SPI and PPI
// ranges, NMI, message-based SPIs, legacy (non-affinity) operation, PMHE, virtualization. Source: Arm IHI 0069H.
#pragma once

#include "models/board/gic_cpu_interface.hpp"
#include "models/board/gic_distributor.hpp"
#include "models/board/gic_redistributor.hpp"

#include <functional>
#include <string>
#include <vector>

namespace bbmsim {
class Archive;
}

namespace bbmsim::board {

class GicV3 {
public:
    // Called on changes only, possibly in the middle of an access below: it must not call back into the GIC.
    using Line = std::function<void(PeId pe, bool level)>;
    // spis: a multiple of 32, up to 960 (QEMU's virt: 256).
    GicV3(unsigned pes, Line irq, Line fiq, unsigned spis = 256);
    GicV3(const GicV3&) = delete;
    GicV3& operator=(const GicV3&) = delete;

    [[nodiscard]] unsigned pes() const { return pes_; }
    // Memory-mapped devices, each with read(offset, size) and write(offset, value, size).
    [[nodiscard]] GicDistributor& distributor() { return distributor_; }
    [[nodiscard]] GicRedistributors& redistributors() { return redistributors_; }
    // System registers; false: UNDEFINED.
    bool icc_read(PeId pe, u32 encoding, u64& value) { return interfaces_[pe].read(encoding, value); }
    bool icc_write(PeId pe, u32 encoding, u64 value) { return interfaces_[pe].write(encoding, value); }

    void set_spi(unsigned spi, bool level) { distributor_.set_spi(spi, level); }  // INTID 32 + spi
    void set_ppi(PeId pe, unsigned intid, bool level) {
        redistributors_.of(pe).set_ppi(intid, level);
    }  // INTID 16 to 31
    // The PE comes out of reset (CPU_ON): its CPU interface does too; the redistributor keeps its state.
    void reset_cpu_interface(PeId pe);

    // Accesses to registers that are not modelled: one line for each device that saw some.
    [[nodiscard]] std::vector<std::string> notes() const;
    void archive(Archive& ar);

private:
    friend class GicCpuInterface;
    void refresh(PeMask pes);
    void participation_changed(PeId pe);
    void set_irq(PeId pe, bool level) {
        if (irq_) irq_(pe, level);
    }
    void set_fiq(PeId pe, bool level) {
        if (fiq_) fiq_(pe, level);
    }

    unsigned pes_;
    Line irq_, fiq_;
    GicDistributor distributor_;
    GicRedistributors redistributors_;
    std::vector<GicCpuInterface> interfaces_;
    std::array<PeMask, 2> participants_{};
};

}  // namespace bbmsim::board
