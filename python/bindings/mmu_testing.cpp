// SPDX-License-Identifier: Apache-2.0
// _core.mmu_testing: one translation of one access over given memory, by a fresh Mmu (and again from its TLBs) and by
// inspect_walk(). For tests that hold the model beside another walker.
#include "models/mmu/event.hpp"
#include "models/mmu/inner_domain.hpp"
#include "models/mmu/mmu.hpp"
#include "python/bindings/bindings.hpp"
#include "python/bindings/fields.hpp"

#include <cstring>
#include <string>
#include <vector>

namespace bbmsim::python {
namespace {

const char* name_of(mmu::FaultType type) {
    static constexpr const char* kNames[] = {"none",       "address_size",     "translation",  "access_flag",
                                             "permission", "external_on_walk", "tlb_conflict", "unsupported_update"};
    return kNames[static_cast<unsigned>(type)];
}

py::dict shown_attr(const mmu::MemAttr& attr) {
    static constexpr const char* kTypes[] = {"nGnRnE", "nGnRE", "nGRE", "GRE", "normal", "tagged"};
    py::dict d;
    d["type"] = kTypes[static_cast<unsigned>(attr.type)];
    d["inner"] = attr.inner;
    d["outer"] = attr.outer;
    d["share"] = static_cast<unsigned>(attr.share);
    return d;
}

py::dict shown_perms(const mmu::Permissions& p) {
    py::dict d;
    d["read_el0"] = p.read_el0;
    d["write_el0"] = p.write_el0;
    d["exec_el0"] = p.exec_el0;
    d["read_el1"] = p.read_el1;
    d["write_el1"] = p.write_el1;
    d["exec_el1"] = p.exec_el1;
    d["guarded"] = p.guarded;
    d["clean"] = p.dirty_managed;
    return d;
}

void show_fault(py::dict& d, const mmu::Fault& fault) {
    d["fault"] = name_of(fault.type);
    d["level"] = fault.level;
    d["fsc"] = fault.fsc();
}

py::dict shown(const mmu::Outcome& out) {
    py::dict d;
    show_fault(d, out.fault);
    if (!out.fault) {
        d["pa"] = out.pa;
        d["attr"] = shown_attr(out.attr);
        d["writable"] = out.writable;
    }
    return d;
}

py::dict shown(const mmu::WalkResult& walk) {
    py::dict d;
    show_fault(d, walk.fault);
    if (!walk.fault) {
        d["pa"] = walk.pa;
        d["span"] = walk.span_bytes;
        d["attr"] = shown_attr(walk.attr);
        d["perms"] = shown_perms(walk.perms);
        d["global"] = walk.global;
        d["contiguous"] = walk.contiguous;
    }
    py::list steps;
    for (const auto& step : walk.steps) steps.append(py::make_tuple(step.pa, step.value, step.level));
    d["steps"] = steps;
    return d;
}

mmu::Request request_of(u64 va, const std::string& access, bool privileged, bool pan) {
    mmu::Request q;
    q.va = va;
    if (access == "fetch")
        q.access = Access::kFetch;
    else if (access == "read")
        q.access = Access::kRead;
    else if (access == "write")
        q.access = Access::kWrite;
    else
        throw std::invalid_argument("access=" + access + ": one of fetch, read, write");
    q.privileged = privileged;
    q.pan = pan;
    return q;
}

// Memory as a machine of its own for the time of one call.
py::dict translate(const py::bytes& memory, u64 base, const py::dict& regs, const py::dict& overrides, u64 va,
                   const std::string& access, bool privileged, bool pan) {
    const std::string_view given = memory;
    if (base & kPageMask || given.size() & kPageMask) throw std::invalid_argument("base, memory: whole 4 KiB pages");
    std::vector<u8> host(given.begin(), given.end());
    std::vector<u8> flags(host.size() >> kPageShift, kBacked);
    RamView ram;
    ram.host = host.data();
    ram.flags = flags.data();
    ram.base = base;
    ram.bytes = host.size();

    mmu::MmuConfig config;
    from_python(overrides, config, "");
    if (const auto problems = mmu::validate(config); !problems.empty()) throw std::invalid_argument(problems.front());
    mmu::Context context;
    for (const auto& [name, value] : regs) {
        const std::string reg = py::str(name);
        u64* field = reg == "sctlr"   ? &context.sctlr
                     : reg == "tcr"   ? &context.tcr
                     : reg == "ttbr0" ? &context.ttbr0
                     : reg == "ttbr1" ? &context.ttbr1
                     : reg == "mair"  ? &context.mair
                                      : nullptr;
        if (!field) throw std::invalid_argument("regs." + reg + ": no such register");
        *field = value.cast<u64>();
    }

    py::dict result;
    result["inspect"] = shown(mmu::inspect_walk(ram, context, config, va));
    EventBus bus;
    mmu::InnerDomain domain(ram, bus);
    mmu::Mmu mmu(0, config, ram, bus, 1);
    domain.add(&mmu);
    mmu.set_context(context);
    const mmu::Request request = request_of(va, access, privileged, pan);
    result["first"] = shown(mmu.translate(request));
    result["again"] = shown(mmu.translate(request));
    result["walks"] = mmu.stats.walks;
    py::dict writes;  // descriptors that the hardware updated
    for (std::size_t i = 0; i + 8 <= host.size(); i += 8)
        if (std::memcmp(&host[i], &given[i], 8) != 0) writes[py::int_(base + i)] = ram.read64(PhysAddr(base + i));
    result["writes"] = writes;
    return result;
}

}  // namespace

void bind_mmu_testing(py::module_& m) {
    auto sub = m.def_submodule("mmu_testing", "the MMU model on its own, for tests");
    sub.def("translate", &translate, py::arg("memory"), py::arg("base"), py::arg("regs"), py::arg("config"),
            py::arg("va"), py::arg("access"), py::arg("privileged"), py::arg("pan"),
            "one access over `memory` at physical `base`: {'first', 'again', 'inspect', 'walks', 'writes'}");
}

}  // namespace bbmsim::python
