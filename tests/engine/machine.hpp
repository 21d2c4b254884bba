// SPDX-License-Identifier: Apache-2.0
// A machine without SystemC: RAM, PEs with real MMUs, checker and monitors, and a platform that answers at once.
#pragma once

#include "models/cpu/engine.hpp"
#include "models/cpu/exclusives.hpp"
#include "models/cpu/platform.hpp"
#include "models/mmu/checker/bbm_checker.hpp"
#include "models/mmu/event.hpp"
#include "models/mmu/inner_domain.hpp"
#include "models/mmu/mmu.hpp"

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace bbmsim::cpu::test {

inline constexpr u64 kRamBase = 0x4000'0000;
inline constexpr u64 kRamBytes = u64{32} << 20;
inline constexpr u64 kCode = kRamBase;                // where programs are loaded
inline constexpr u64 kVectors = kRamBase + 0x8000;    // vector tables of tests
inline constexpr u64 kTables = kRamBase + 0x10'0000;  // translation tables
inline constexpr u64 kData = kRamBase + 0x20'0000;
inline constexpr u64 kUart = 0x0900'0000;

// GNU as; local labels and literal pools work, other symbols do not.
std::vector<u32> assemble(const std::string& text);

class Machine;

class FakePlatform final : public Platform {
public:
    explicit FakePlatform(Machine& machine) : machine_(machine) {}
    bool mmio_read(Pe& pe, u64 pa, unsigned size, u64& value) override;
    bool mmio_write(Pe& pe, u64 pa, unsigned size, u64 value) override;
    bool icc_read(Pe& pe, u32 encoding, u64& value) override;
    bool icc_write(Pe& pe, u32 encoding, u64 value) override;
    u64 counter(const Pe& pe) override;
    void timer_written(Pe& pe) override;
    void broadcast_tlbi(Pe& pe, const mmu::Tlbi& op) override;
    void send_event(Pe& pe) override;
    void event_to(PeId pe) override;
    void hypercall(Pe& pe, bool smc, u16 imm) override;
    void probe(Pe& pe, u64 va) override;

    struct Write {
        u64 pa;
        unsigned size;
        u64 value;
    };
    std::vector<Write> device_writes;
    std::vector<std::pair<u64, u64>> probes;  // va, instructions retired before
    std::vector<u16> hypercalls;
    std::map<u32, u64> icc;  // registers that exist, with their values
    unsigned timer_writes = 0, events = 0, broadcasts = 0;
    u64 device_value = 0;
    bool deliver_tlbis = true;   // false: dvm_outstanding stays until acknowledge()
    bool unsynced_call = false;  // somebody called without board time

private:
    void called(const Pe& pe);
    Machine& machine_;
};

class Recorder final : public EventSink {
public:
    void on_event(const Event& event) override { events.push_back(event); }
    std::vector<Event> events;
};

struct Options {
    unsigned pes = 1;
    CoreConfig config;
    bool filter = true;
    bool checker = true;
    u64 seed = 1;
};

class Machine {
public:
    explicit Machine(const Options& options = {});
    ~Machine();

    void load(u64 pa, const std::vector<u32>& words);
    void load(u64 pa, const std::string& text) { load(pa, assemble(text)); }
    // Vectors that store ESR, FAR, ELR, SPSR and the vector's offset into X20..X24, X25 += 1, and power off by
    // HVC #99, for all 16.
    void load_stop_vectors();
    void reset(unsigned pe, u64 pc = kCode, u64 x0 = 0) { engine[pe]->reset(pc, x0); }
    // 4K tables at kTables that map RAM and the first GiB (device) one to one in TTBR0, and TCR, MAIR values for it.
    // Pages and attributes are the test's to change through map().
    void build_identity();
    void map(u64 va, u64 pa, u64 attributes, u64 size = kPageBytes);  // level 3 entries
    [[nodiscard]] u64 descriptor_pa(u64 va) const;                    // of the level 3 entry
    // Sets the registers as if by MSR and ISB, before the program starts.
    void enable_mmu(unsigned pe);

    // Runs PE `pe` until it stops for another reason than kSync or kWaitDvm, or `budget` cycles have passed.
    Exit run(unsigned pe = 0, u64 budget = 1'000'000);
    [[nodiscard]] u64 read64(u64 pa) const { return ram.read64(PhysAddr(pa)); }
    void write64(u64 pa, u64 value) { domain->write(kNoPe, PhysAddr(pa), &value, 8); }

    RamView ram;
    EventBus bus;
    std::unique_ptr<mmu::InnerDomain> domain;
    std::unique_ptr<mmu::BbmChecker> checker;
    std::vector<std::unique_ptr<mmu::Mmu>> mmu;
    std::vector<std::unique_ptr<Pe>> pe;
    std::unique_ptr<ExclusiveMonitors> monitors;
    std::unique_ptr<FakePlatform> platform;
    std::vector<std::unique_ptr<Engine>> engine;
    u64 syncs = 0;
    bool overflow_interrupts = false;  // the PMU's line is the PE's IRQ

private:
    std::vector<u8> flags_;
    u64 next_table_ = 0;
    u64 new_table();
    u64 walk_to(u64 va, bool make);
};

// Descriptor attributes (lower and upper) for map(): AF, inner shareable, MAIR index 0 = Normal write-back.
inline constexpr u64 kAf = 1 << 10, kInnerShareable = 3 << 8, kNormalMemory = 0, kDeviceMemory = 1 << 2;
inline constexpr u64 kUser = 1 << 6, kReadOnly = 1 << 7, kNotGlobal = 1 << 11, kGuarded = u64{1} << 50;
inline constexpr u64 kPxn = u64{1} << 53, kUxn = u64{1} << 54;
inline constexpr u64 kKernelPage = kAf | kInnerShareable | kNormalMemory;

}  // namespace bbmsim::cpu::test
