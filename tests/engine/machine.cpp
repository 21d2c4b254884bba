// SPDX-License-Identifier: Apache-2.0
#include "tests/engine/machine.hpp"

#include <sys/mman.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <stdexcept>

namespace bbmsim::cpu::test {

std::vector<u32> assemble(const std::string& text) {
    static std::map<std::string, std::vector<u32>> done;
    if (const auto found = done.find(text); found != done.end()) return found->second;
    namespace fs = std::filesystem;
    std::string folder = (fs::temp_directory_path() / "bbmsim-asm-XXXXXX").string();
    if (!mkdtemp(folder.data())) throw std::runtime_error("no temporary folder");
    const std::string base = folder + "/t";
    std::ofstream(base + ".s") << ".arch armv8.5-a+memtag+nofp\n" << text << "\n";
    const std::string command = "aarch64-linux-gnu-as -o " + base + ".o " + base +
                                ".s && aarch64-linux-gnu-objcopy -O binary " + base + ".o " + base + ".bin";
    const int status = std::system(command.c_str());
    std::vector<u32> words;
    if (std::ifstream in(base + ".bin", std::ios::binary); in) {
        u32 word = 0;
        while (in.read(reinterpret_cast<char*>(&word), 4)) words.push_back(word);
    }
    fs::remove_all(folder);
    if (status != 0 || words.empty()) throw std::runtime_error("aarch64-linux-gnu-as refused:\n" + text);
    return done[text] = words;
}

void FakePlatform::called(const Pe& pe) { unsynced_call |= !pe.synced; }

bool FakePlatform::mmio_read(Pe& pe, u64 pa, unsigned size, u64& value) {
    called(pe);
    if (pa < kUart || pa + size > kUart + 0x1000) return false;
    value = size == 8 ? device_value : device_value & ((u64{1} << (8 * size)) - 1);
    return true;
}
bool FakePlatform::mmio_write(Pe& pe, u64 pa, unsigned size, u64 value) {
    called(pe);
    if (pa < kUart || pa + size > kUart + 0x1000) return false;
    device_writes.push_back({pa, size, value});
    return true;
}
bool FakePlatform::icc_read(Pe& pe, u32 encoding, u64& value) {
    called(pe);
    const auto found = icc.find(encoding);
    if (found != icc.end()) value = found->second;
    return found != icc.end();
}
bool FakePlatform::icc_write(Pe& pe, u32 encoding, u64 value) {
    called(pe);
    const auto found = icc.find(encoding);
    if (found != icc.end()) found->second = value;
    return found != icc.end();
}
u64 FakePlatform::counter(const Pe& pe) { return pe.cycles / 32; }
void FakePlatform::timer_written(Pe& pe) {
    called(pe);
    ++timer_writes;
}
void FakePlatform::broadcast_tlbi(Pe& pe, const mmu::Tlbi& op) {
    called(pe);
    ++broadcasts;
    for (auto& other : machine_.mmu)
        if (other->id != pe.id) other->invalidate(op);
    if (!deliver_tlbis) ++pe.dvm_outstanding;
}
void FakePlatform::send_event(Pe&) {
    for (auto& pe : machine_.pe) pe->event_register = true;
}
void FakePlatform::event_to(PeId id) {
    ++events;
    machine_.pe[id]->event_register = true;
}
void FakePlatform::hypercall(Pe& pe, bool, u16 imm) {
    called(pe);
    hypercalls.push_back(imm);
    if (imm == 99) pe.powered = false;
    pe.r[0] = 0x1234;
}
void FakePlatform::probe(Pe& pe, u64 va) {
    called(pe);
    probes.emplace_back(va, pe.instructions);
}

Machine::Machine(const Options& options) : flags_(kRamBytes >> kPageShift) {
    void* host = mmap(nullptr, kRamBytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (host == MAP_FAILED) throw std::bad_alloc();
    ram.host = static_cast<u8*>(host);
    ram.flags = flags_.data();
    ram.base = kRamBase;
    ram.bytes = kRamBytes;
    domain = std::make_unique<mmu::InnerDomain>(ram, bus);
    if (options.checker) {
        checker = std::make_unique<mmu::BbmChecker>(*domain);
        domain->checker = checker.get();
    }
    monitors = std::make_unique<ExclusiveMonitors>(*domain);
    platform = std::make_unique<FakePlatform>(*this);
    for (unsigned i = 0; i < options.pes; ++i) {
        const auto id = static_cast<PeId>(i);
        mmu.push_back(std::make_unique<mmu::Mmu>(id, options.config.mmu, ram, bus, options.seed + i));
        domain->add(mmu.back().get());
        mmu.back()->filter.enabled = options.filter;
        if (checker)
            checker->add_pe(id,
                            {options.config.mmu.bbml, options.config.mmu.conflict_free, options.config.mmu.asid_bits});
        pe.push_back(std::make_unique<Pe>());
        pe.back()->id = id;
        engine.push_back(
            std::make_unique<Engine>(*pe.back(), options.config, *mmu.back(), *domain, *monitors, *platform));
        if (checker) checker->on_power(id, true);
        reset(i);
    }
}

Machine::~Machine() {
    engine.clear();
    mmu.clear();
    munmap(ram.host, kRamBytes);
}

void Machine::load(u64 pa, const std::vector<u32>& words) {
    domain->write(kNoPe, PhysAddr(pa), words.data(), words.size() * 4);
}

void Machine::load_stop_vectors() {
    for (unsigned i = 0; i < 16; ++i)
        load(kVectors + 0x80 * i,
             "mrs x20, esr_el1; mrs x21, far_el1; mrs x22, elr_el1; mrs x23, spsr_el1; mov x24, #" +
                 std::to_string(0x80 * i) + "; add x25, x25, #1; hvc #99");
    for (auto& p : pe) p->sys.vbar = kVectors;
}

u64 Machine::new_table() {
    const u64 pa = kTables + kPageBytes * next_table_++;
    const std::vector<u8> zeros(kPageBytes);
    domain->write(kNoPe, PhysAddr(pa), zeros.data(), kPageBytes);
    return pa;
}

u64 Machine::walk_to(u64 va, bool make) {
    u64 table = kTables;
    for (unsigned level = 0; level < 3; ++level) {
        const u64 slot = table + 8 * ((va >> (39 - 9 * level)) & 511);
        u64 value = read64(slot);
        if (!(value & 1)) {
            if (!make) return 0;
            value = new_table() | 3;
            write64(slot, value);
        }
        table = value & 0xffff'ffff'f000;
    }
    return table + 8 * ((va >> 12) & 511);
}

u64 Machine::descriptor_pa(u64 va) const { return const_cast<Machine*>(this)->walk_to(va, false); }

void Machine::map(u64 va, u64 pa, u64 attributes, u64 size) {
    for (u64 at = 0; at < size; at += kPageBytes) write64(walk_to(va + at, true), (pa + at) | attributes | 3);
}

void Machine::build_identity() {
    next_table_ = 0;
    new_table();
    map(kRamBase, kRamBase, kKernelPage, u64{4} << 20);
    map(kUart, kUart, kAf | kDeviceMemory | kUxn | kPxn);
}

void Machine::enable_mmu(unsigned id) {
    Pe& p = *pe[id];
    p.sys.mair = 0x00ff;  // 0: Normal write-back, 1: Device-nGnRnE
    p.sys.tcr = 16 | (u64{16} << 16) | (u64{3} << 12) | (u64{1} << 8) | (u64{1} << 10) | (u64{2} << 30) |
                (u64{2} << 32) | (u64{1} << 23);  // 48-bit VA, 4K, TTBR1 off
    p.sys.ttbr0 = kTables;
    p.sys.sctlr |= 0x1005;  // M, C, I; in force from the ISB on
    const u64 at = p.pc;
    load(kRamBase + 0xff00, std::vector<u32>{0xd5033fdf});  // isb
    p.pc = kRamBase + 0xff00;
    engine[id]->run(p.cycles + 1);
    p.pc = at;
}

Exit Machine::run(unsigned id, u64 budget) {
    Pe& p = *pe[id];
    const u64 limit = p.cycles + budget;
    while (true) {
        const Exit why = engine[id]->run(limit);
        if (why == Exit::kPmu) {
            if (overflow_interrupts) p.irq_line = p.sys.pmu.line;
            continue;
        }
        if (why != Exit::kSync && why != Exit::kWaitDvm) return why;
        if (why == Exit::kWaitDvm) p.dvm_outstanding = 0;
        p.synced = true;
        ++syncs;
    }
}

}  // namespace bbmsim::cpu::test
