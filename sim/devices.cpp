// SPDX-License-Identifier: Apache-2.0
#include "sim/devices.hpp"

#include <algorithm>
#include <cstring>
#include <limits>

namespace bbmsim::sim {

RegisterDevice::RegisterDevice(const sc_core::sc_module_name& name, Read read, Write write)
    : sc_module(name), socket("socket"), read_(std::move(read)), write_(std::move(write)) {
    socket.register_b_transport(this, &RegisterDevice::b_transport);
}

void RegisterDevice::b_transport(tlm::tlm_generic_payload& trans, sc_core::sc_time&) {
    const unsigned size = trans.get_data_length();
    u64 value = 0;
    if (trans.get_byte_enable_ptr() || size > sizeof value) {
        trans.set_response_status(tlm::TLM_BURST_ERROR_RESPONSE);
        return;
    }
    if (trans.is_write()) {
        std::memcpy(&value, trans.get_data_ptr(), size);
        write_(trans.get_address(), value, size);
    } else {
        value = read_(trans.get_address(), size);
        std::memcpy(trans.get_data_ptr(), &value, size);
    }
    trans.set_response_status(tlm::TLM_OK_RESPONSE);
}

RamTarget::RamTarget(const sc_core::sc_module_name& name, mmu::InnerDomain& domain)
    : sc_module(name), socket("socket"), domain_(domain) {
    socket.register_b_transport(this, &RamTarget::b_transport);
    socket.register_transport_dbg(this, &RamTarget::transport_dbg);
    socket.register_get_direct_mem_ptr(this, &RamTarget::get_direct_mem_ptr);
}

bool RamTarget::access(tlm::tlm_generic_payload& trans) {
    const RamView& ram = domain_.ram;
    const u64 pa = ram.base + trans.get_address();
    const u64 size = trans.get_data_length();
    if (trans.get_byte_enable_ptr() || !ram.contains(PhysAddr(pa), size)) return false;
    if (trans.is_write()) {
        domain_.write(kNoPe, PhysAddr(pa), trans.get_data_ptr(), size);
        return true;
    }
    for (u64 done = 0; done < size;) {
        const u64 at = pa + done;
        const u64 n = std::min(size - done, kPageBytes - (at & kPageMask));
        if (ram.page_flags(PhysAddr(at)) & kBacked)
            std::memcpy(trans.get_data_ptr() + done, ram.at(PhysAddr(at)), n);
        else
            for (u64 i = 0; i < n; i += 16)
                ram.read(PhysAddr(at + i), trans.get_data_ptr() + done + i,
                         static_cast<unsigned>(std::min<u64>(16, n - i)));
        done += n;
    }
    return true;
}

void RamTarget::b_transport(tlm::tlm_generic_payload& trans, sc_core::sc_time&) {
    trans.set_response_status(access(trans) ? tlm::TLM_OK_RESPONSE : tlm::TLM_ADDRESS_ERROR_RESPONSE);
}

unsigned RamTarget::transport_dbg(tlm::tlm_generic_payload& trans) {
    return access(trans) ? trans.get_data_length() : 0;
}

bool RamTarget::get_direct_mem_ptr(tlm::tlm_generic_payload& trans, tlm::tlm_dmi& dmi) {
    const u64 page = (domain_.ram.base + trans.get_address()) & ~kPageMask;
    if (!domain_.ram.contains(PhysAddr(page)) || !(domain_.ram.page_flags(PhysAddr(page)) & kBacked)) return false;
    dmi.set_start_address(page - domain_.ram.base);
    dmi.set_end_address(page - domain_.ram.base + kPageMask);
    dmi.set_dmi_ptr(domain_.ram.at(PhysAddr(page)));
    dmi.set_granted_access(tlm::tlm_dmi::DMI_ACCESS_READ);
    return true;
}

Router::Router(const sc_core::sc_module_name& name, u64 device_ps)
    : sc_module(name), from("from"), to("to"), device_time_(Kernel::ps(device_ps)) {
    from.register_b_transport(this, &Router::b_transport);
    from.register_transport_dbg(this, &Router::transport_dbg);
    from.register_get_direct_mem_ptr(this, &Router::get_direct_mem_ptr);
}

int Router::find(const tlm::tlm_generic_payload& trans) const {
    const u64 pa = trans.get_address(), size = trans.get_data_length();
    for (std::size_t i = 0; i < regions_.size(); ++i) {
        const u64 offset = pa - regions_[i].base;
        if (offset < regions_[i].bytes && size <= regions_[i].bytes - offset) return static_cast<int>(i);
    }
    return -1;
}

void Router::b_transport(int, tlm::tlm_generic_payload& trans, sc_core::sc_time& delay) {
    delay += device_time_;
    const int target = find(trans);
    if (target < 0) {
        trans.set_response_status(tlm::TLM_ADDRESS_ERROR_RESPONSE);
        return;
    }
    const u64 pa = trans.get_address();
    trans.set_address(pa - regions_[static_cast<std::size_t>(target)].base);
    to[target]->b_transport(trans, delay);
    trans.set_address(pa);
}

unsigned Router::transport_dbg(int, tlm::tlm_generic_payload& trans) {
    const int target = find(trans);
    if (target < 0) return 0;
    const u64 pa = trans.get_address();
    trans.set_address(pa - regions_[static_cast<std::size_t>(target)].base);
    const unsigned done = to[target]->transport_dbg(trans);
    trans.set_address(pa);
    return done;
}

bool Router::get_direct_mem_ptr(int, tlm::tlm_generic_payload& trans, tlm::tlm_dmi& dmi) {
    const int target = find(trans);
    if (target < 0) return false;
    const u64 pa = trans.get_address(), base = regions_[static_cast<std::size_t>(target)].base;
    trans.set_address(pa - base);
    const bool granted = to[target]->get_direct_mem_ptr(trans, dmi);
    trans.set_address(pa);
    dmi.set_start_address(dmi.get_start_address() + base);
    dmi.set_end_address(dmi.get_end_address() + base);
    return granted;
}

namespace {

constexpr std::size_t kLargestTransfer = std::size_t{1} << 30;  // a TLM length is an unsigned int

template <class Socket>
bool transfer(Socket& socket, tlm::tlm_command command, u64 pa, u8* bytes, std::size_t size) {
    while (size != 0) {
        const std::size_t n = std::min(size, kLargestTransfer);
        tlm::tlm_generic_payload trans;
        trans.set_command(command);
        trans.set_address(pa);
        trans.set_data_ptr(bytes);
        trans.set_data_length(static_cast<unsigned>(n));
        trans.set_streaming_width(static_cast<unsigned>(n));
        if (socket->transport_dbg(trans) != n) return false;
        pa += n;
        bytes += n;
        size -= n;
    }
    return true;
}

}  // namespace

bool HostPort::read(u64 pa, std::span<u8> bytes) {
    return transfer(socket, tlm::TLM_READ_COMMAND, pa, bytes.data(), bytes.size());
}

bool HostPort::write(u64 pa, std::span<const u8> bytes) {
    return transfer(socket, tlm::TLM_WRITE_COMMAND, pa, const_cast<u8*>(bytes.data()), bytes.size());
}

}  // namespace bbmsim::sim
