// SPDX-License-Identifier: Apache-2.0
// What a PE asks of the machine around it. Implemented in sim/ (and by small fakes in tests). Called on slow paths
// only, and, but for counter(), only while the PE is synchronized with board time (pe.synced).
#pragma once

#include "models/mmu/tlbi.hpp"
#include "models/mmu/types.hpp"

namespace bbmsim::cpu {

struct Pe;

class Platform {
public:
    virtual ~Platform() = default;
    // Device accesses, size 1, 2, 4, 8. False: external abort.
    virtual bool mmio_read(Pe& pe, u64 pa, unsigned size, u64& value) = 0;
    virtual bool mmio_write(Pe& pe, u64 pa, unsigned size, u64 value) = 0;
    // GIC CPU interface system registers; `encoding` = op0:op1:CRn:CRm:op2 as sysreg_id(). False: UNDEFINED.
    virtual bool icc_read(Pe& pe, u32 encoding, u64& value) = 0;
    virtual bool icc_write(Pe& pe, u32 encoding, u64 value) = 0;
    virtual u64 counter(const Pe& pe) = 0;   // CNTPCT_EL0 at the PE's local time
    virtual void timer_written(Pe& pe) = 0;  // CNTV_*/CNTP_* changed: deadlines and lines must be re-evaluated
    virtual void broadcast_tlbi(Pe& pe, const mmu::Tlbi& op) = 0;  // to the other PEs; maintains pe.dvm_outstanding
    virtual void send_event(Pe& pe) = 0;                           // SEV: event register of every PE in the domain
    virtual void event_to(PeId pe) = 0;                            // one PE's event register: its monitor was cleared
    virtual void hypercall(Pe& pe, bool smc, u16 imm) = 0;         // PSCI, SMCCC, guest markers: X0..X3 in and out
    virtual void probe(Pe& pe, u64 va) = 0;                        // execution reached a probed address
    virtual void mark(Pe&, u64) {}  // a marked one, not at board time, maybe again at once: no figure may change
};

}  // namespace bbmsim::cpu
