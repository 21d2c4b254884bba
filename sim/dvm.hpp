// SPDX-License-Identifier: Apache-2.0
// The interconnect's DVM node: carries broadcast TLBIs from a PE to all others and tells the issuer when the slowest
// of them has acknowledged.
//
// A TLBI is a TLM-2.0 transaction of the base protocol with an ignorable extension and no data: the issuer's BEGIN_REQ
// takes one hop to the node, waits there until fewer than `dvm_outstanding` messages are in flight, takes another hop
// to every PE, one after the other as the node sends it, which performs it at once (it is between two blocks: its own
// boundary) and returns TLM_COMPLETED with the time after which it has dealt with this one and those before it;
// acknowledgements take a hop back, which frees the slot, and a last hop carries BEGIN_RESP to the issuer. Messages
// overtake nobody: the node serves them in order of arrival. A PE that has more than `dvm_outstanding` of its own under
// way stalls, so that no guest can flood the node.
#pragma once

#include "models/mmu/tlbi.hpp"
#include "sim/agenda.hpp"
#include "sim/config.hpp"
#include "sim/kernel.hpp"

#include <deque>
#include <memory>
#include <vector>

#include <tlm_utils/multi_passthrough_initiator_socket.h>
#include <tlm_utils/multi_passthrough_target_socket.h>
#include <tlm>

namespace bbmsim {
class Archive;
}

namespace bbmsim::sim {

struct DvmExtension final : tlm::tlm_extension<DvmExtension> {
    mmu::Tlbi op;
    PeId issuer = kNoPe;

    tlm_extension_base* clone() const override { return new DvmExtension(*this); }
    void copy_from(const tlm_extension_base& other) override { *this = static_cast<const DvmExtension&>(other); }
};

// Transactions are pooled; each owns its extension for good.
class DvmPool final : public tlm::tlm_mm_interface {
public:
    tlm::tlm_generic_payload* acquire(const mmu::Tlbi& op, PeId issuer);
    void free(tlm::tlm_generic_payload* trans) override { free_.push_back(trans); }

private:
    std::vector<std::unique_ptr<tlm::tlm_generic_payload>> all_;
    std::vector<tlm::tlm_generic_payload*> free_;
};

class DvmNode final : public sc_core::sc_module {
public:
    DvmNode(const sc_core::sc_module_name& name, const BoardConfig& board, Kernel& kernel, Agenda& agenda);

    tlm_utils::multi_passthrough_target_socket<DvmNode> from_pe;   // bound in order of PeId
    tlm_utils::multi_passthrough_initiator_socket<DvmNode> to_pe;  // likewise
    void archive(Archive& ar, DvmPool& pool);

private:
    enum class Stage : u8 { kToNode, kToPes, kAcknowledging, kToIssuer };
    struct Message {
        tlm::tlm_generic_payload* trans;
        Stage stage;
        u64 due_ps;
    };

    tlm::tlm_sync_enum request(int port, tlm::tlm_generic_payload& trans, tlm::tlm_phase& phase,
                               sc_core::sc_time& delay);
    void process();
    void advance(Message& message, u64 now_ps);
    void admit(u64 now_ps);
    u64 deliver(tlm::tlm_generic_payload& trans);  // the slowest PE's time
    void complete(tlm::tlm_generic_payload& trans);

    Kernel& kernel_;
    u64 hop_ps_, target_ps_;
    u32 slots_;
    std::vector<Message> travelling_;
    std::deque<tlm::tlm_generic_payload*> waiting_;  // at the node, for a slot
    u32 in_flight_ = 0;
    Alarm due_;
};

}  // namespace bbmsim::sim
