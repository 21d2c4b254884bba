// SPDX-License-Identifier: Apache-2.0
#include "sim/dvm.hpp"

#include <algorithm>

namespace bbmsim::sim {

tlm::tlm_generic_payload* DvmPool::acquire(const mmu::Tlbi& op, PeId issuer) {
    if (free_.empty()) {
        all_.push_back(std::make_unique<tlm::tlm_generic_payload>(this));
        auto& trans = *all_.back();
        trans.set_command(tlm::TLM_IGNORE_COMMAND);
        trans.set_data_length(0);
        trans.set_streaming_width(0);
        trans.set_extension(new DvmExtension);  // the payload deletes it
        free_.push_back(&trans);
    }
    tlm::tlm_generic_payload* trans = free_.back();
    free_.pop_back();
    auto* dvm = trans->get_extension<DvmExtension>();
    dvm->op = op;
    dvm->issuer = issuer;
    trans->set_response_status(tlm::TLM_INCOMPLETE_RESPONSE);
    trans->acquire();
    return trans;
}

DvmNode::DvmNode(const sc_core::sc_module_name& name, const BoardConfig& board, Kernel& kernel, Agenda& agenda)
    : sc_module(name),
      from_pe("from_pe"),
      to_pe("to_pe"),
      kernel_(kernel),
      hop_ps_(u64{board.interconnect.hop_ns} * 1000),
      target_ps_(board.detail == memory::Detail::kFast ? 0 : u64{board.interconnect.dvm_target_ns} * 1000),
      slots_(board.interconnect.dvm_outstanding),
      due_(agenda, [this] { process(); }) {
    from_pe.register_nb_transport_fw(this, &DvmNode::request);
}

tlm::tlm_sync_enum DvmNode::request(int, tlm::tlm_generic_payload& trans, tlm::tlm_phase&, sc_core::sc_time& delay) {
    const u64 due = kernel_.now_ps() + delay.value() + hop_ps_;
    travelling_.push_back({&trans, Stage::kToNode, due});
    due_.at(due);
    return tlm::TLM_ACCEPTED;
}

void DvmNode::process() {
    const u64 now = kernel_.now_ps();
    // A message may move through several stages at once if hops take no time.
    for (bool moved = true; moved;) {
        moved = false;
        for (std::size_t i = 0; i < travelling_.size(); ++i)
            if (travelling_[i].due_ps <= now) {
                Message message = travelling_[i];
                travelling_.erase(travelling_.begin() + static_cast<std::ptrdiff_t>(i));
                advance(message, now);
                moved = true;
                break;
            }
    }
    u64 next = ~u64{0};
    for (const Message& m : travelling_) next = std::min(next, m.due_ps);
    if (next != ~u64{0}) due_.at(next);
}

void DvmNode::advance(Message& message, u64 now) {
    switch (message.stage) {
        case Stage::kToNode:
            waiting_.push_back(message.trans);
            admit(now);
            break;
        case Stage::kToPes:
            travelling_.push_back({message.trans, Stage::kAcknowledging, now + deliver(*message.trans) + hop_ps_});
            break;
        case Stage::kAcknowledging:
            --in_flight_;
            travelling_.push_back({message.trans, Stage::kToIssuer, now + hop_ps_});
            admit(now);
            break;
        case Stage::kToIssuer: complete(*message.trans); break;
    }
}

void DvmNode::admit(u64 now) {
    while (!waiting_.empty() && in_flight_ < slots_) {
        travelling_.push_back({waiting_.front(), Stage::kToPes, now + hop_ps_});
        waiting_.pop_front();
        ++in_flight_;
    }
}

u64 DvmNode::deliver(tlm::tlm_generic_payload& trans) {
    const PeId issuer = trans.get_extension<DvmExtension>()->issuer;
    u64 slowest = 0, sent = 0;
    for (unsigned i = 0; i < to_pe.size(); ++i) {
        if (i == issuer) continue;
        tlm::tlm_phase phase = tlm::BEGIN_REQ;
        sc_core::sc_time delay = Kernel::ps(sent);
        to_pe[static_cast<int>(i)]->nb_transport_fw(trans, phase, delay);
        if (delay.value() == sent) continue;  // off: no longer one of those that are told
        slowest = std::max<u64>(slowest, delay.value());
        sent += target_ps_;
    }
    return slowest;
}

void DvmNode::complete(tlm::tlm_generic_payload& trans) {
    const PeId issuer = trans.get_extension<DvmExtension>()->issuer;
    trans.set_response_status(tlm::TLM_OK_RESPONSE);
    tlm::tlm_phase phase = tlm::BEGIN_RESP;
    sc_core::sc_time delay = sc_core::SC_ZERO_TIME;
    from_pe[issuer]->nb_transport_bw(trans, phase, delay);
}

}  // namespace bbmsim::sim
