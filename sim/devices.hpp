// SPDX-License-Identifier: Apache-2.0
// TLM-2.0 targets of the board: the address decoder, a wrapper for register devices, RAM, and the host's own port.
//
// All use the blocking interface with annotated delay: the PE that accesses a device is at board time and charges the
// delay itself. RAM is here for initiators other than PEs, and for the host; PEs read and write through RamView.
#pragma once

#include "models/mmu/inner_domain.hpp"
#include "sim/kernel.hpp"

#include <functional>
#include <memory>
#include <span>
#include <vector>

#include <tlm_utils/multi_passthrough_initiator_socket.h>
#include <tlm_utils/multi_passthrough_target_socket.h>
#include <tlm_utils/passthrough_target_socket.h>
#include <tlm_utils/simple_initiator_socket.h>
#include <tlm>

namespace bbmsim::sim {

// A device of registers: the models/board object behind two functions of an offset.
class RegisterDevice final : public sc_core::sc_module {
public:
    using Read = std::function<u64(u64 offset, unsigned size)>;
    using Write = std::function<void(u64 offset, u64 value, unsigned size)>;
    RegisterDevice(const sc_core::sc_module_name& name, Read read, Write write);

    tlm_utils::passthrough_target_socket<RegisterDevice> socket;

private:
    void b_transport(tlm::tlm_generic_payload& trans, sc_core::sc_time& delay);
    Read read_;
    Write write_;
};

// Writes go through the domain, so that checker, TLBs, monitors and decoded code see them. DMI is granted for reading
// pages that are backed; never for writing.
class RamTarget final : public sc_core::sc_module {
public:
    RamTarget(const sc_core::sc_module_name& name, mmu::InnerDomain& domain);

    tlm_utils::passthrough_target_socket<RamTarget> socket;

private:
    bool access(tlm::tlm_generic_payload& trans);
    void b_transport(tlm::tlm_generic_payload& trans, sc_core::sc_time& delay);
    unsigned transport_dbg(tlm::tlm_generic_payload& trans);
    bool get_direct_mem_ptr(tlm::tlm_generic_payload& trans, tlm::tlm_dmi& dmi);
    mmu::InnerDomain& domain_;
};

// Decodes physical addresses; targets see offsets. What no target claims is an address error: an external abort.
class Router final : public sc_core::sc_module {
public:
    Router(const sc_core::sc_module_name& name, u64 device_ps);

    tlm_utils::multi_passthrough_target_socket<Router> from;
    tlm_utils::multi_passthrough_initiator_socket<Router> to;

    template <class Socket>
    void map(u64 base, u64 bytes, Socket& target) {
        to.bind(target);
        regions_.push_back({base, bytes});
    }

private:
    struct Region {
        u64 base, bytes;
    };
    [[nodiscard]] int find(const tlm::tlm_generic_payload& trans) const;  // -1: nobody
    void b_transport(int port, tlm::tlm_generic_payload& trans, sc_core::sc_time& delay);
    unsigned transport_dbg(int port, tlm::tlm_generic_payload& trans);
    bool get_direct_mem_ptr(int port, tlm::tlm_generic_payload& trans, tlm::tlm_dmi& dmi);
    std::vector<Region> regions_;
    sc_core::sc_time device_time_;
};

// The host's accesses: no time passes.
class HostPort final : public sc_core::sc_module {
public:
    explicit HostPort(const sc_core::sc_module_name& name) : sc_module(name), socket("socket") {}
    bool read(u64 pa, std::span<u8> bytes);
    bool write(u64 pa, std::span<const u8> bytes);

    tlm_utils::simple_initiator_socket<HostPort> socket;
};

}  // namespace bbmsim::sim
