// SPDX-License-Identifier: Apache-2.0
#include "models/board/device_tree.hpp"

#include "models/board/generic_timer.hpp"
#include "models/board/memory_map.hpp"

#include <fmt/format.h>
#include <libfdt.h>

#include <initializer_list>
#include <stdexcept>
#include <utility>

namespace bbmsim::board {
namespace {

constexpr u32 kGicPhandle = 1, kClockPhandle = 2;
constexpr u32 kSpi = 0, kPpi = 1, kLevelHigh = 4;  // interrupt specifiers of the GICv3 binding
constexpr u32 kUartClockHz = 24'000'000;
constexpr u64 kMaximumBytes = u64{2} << 20;  // arm64 boot protocol

// Sequential writer; every libfdt error becomes an exception.
class Writer {
public:
    explicit Writer(u64 capacity) : blob_(capacity) {
        check(fdt_create(blob_.data(), static_cast<int>(capacity)));
        check(fdt_finish_reservemap(blob_.data()));
    }
    void begin(const std::string& name) { check(fdt_begin_node(blob_.data(), name.c_str())); }
    void end() { check(fdt_end_node(blob_.data())); }
    void flag(const char* name) { check(fdt_property(blob_.data(), name, nullptr, 0)); }
    void cells(const char* name, std::initializer_list<u32> values) {
        std::vector<fdt32_t> data;
        for (const u32 v : values) data.push_back(cpu_to_fdt32(v));
        check(fdt_property(blob_.data(), name, data.data(), static_cast<int>(data.size() * sizeof(fdt32_t))));
    }
    void longs(const char* name, std::initializer_list<u64> values) {
        std::vector<fdt64_t> data;
        for (const u64 v : values) data.push_back(cpu_to_fdt64(v));
        check(fdt_property(blob_.data(), name, data.data(), static_cast<int>(data.size() * sizeof(fdt64_t))));
    }
    void bytes(const char* name, const std::vector<u8>& value) {
        check(fdt_property(blob_.data(), name, value.data(), static_cast<int>(value.size())));
    }
    void string(const char* name, const std::string& value) { strings(name, {value}); }
    void strings(const char* name, std::initializer_list<std::string> values) {
        std::vector<u8> data;
        for (const auto& v : values) {
            data.insert(data.end(), v.begin(), v.end());
            data.push_back(0);
        }
        bytes(name, data);
    }
    std::vector<u8> finish() {
        check(fdt_finish(blob_.data()));
        blob_.resize(fdt_totalsize(blob_.data()));
        return std::move(blob_);
    }

private:
    static void check(int error) {
        if (error != 0) throw std::runtime_error(fmt::format("device tree: {}", fdt_strerror(error)));
    }
    std::vector<u8> blob_;
};

// SplitMix64: a bootloader's entropy, but the same for the same seed.
std::vector<u8> rng_seed(u64 seed) {
    std::vector<u8> out;
    for (unsigned i = 0; i < 8; ++i) {
        seed += 0x9e3779b97f4a7c15ULL;
        u64 z = seed;
        z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
        z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
        z ^= z >> 31;
        for (unsigned b = 0; b < 64; b += 8) out.push_back(static_cast<u8>(z >> b));
    }
    return out;
}

void validate(const DeviceTreeConfig& c) {
    const auto fail = [](const std::string& text) { throw std::invalid_argument("device tree: " + text); };
    const auto is_text = [](const std::string& s) { return s.find('\0') == std::string::npos; };
    if (c.model.empty() || !is_text(c.model)) fail("model is empty or holds a NUL");
    if (!is_text(c.bootargs)) fail("bootargs holds a NUL");
    if (c.cpus.empty() || c.cpus.size() > kMaxPes)
        fail(fmt::format("cpus: {} given, right is 1 to {}", c.cpus.size(), kMaxPes));
    for (std::size_t i = 0; i < c.cpus.size(); ++i) {
        if ((c.cpus[i].affinity & ~u64{0xff'ffff}) != 0)
            fail(fmt::format("cpus[{}].affinity={:#x} has bits outside Aff2 to Aff0", i, c.cpus[i].affinity));
        if (c.cpus[i].compatible.empty() || !is_text(c.cpus[i].compatible))
            fail(fmt::format("cpus[{}].compatible is empty or holds a NUL", i));
        for (std::size_t j = 0; j < i; ++j)
            if (c.cpus[i].affinity == c.cpus[j].affinity)
                fail(fmt::format("cpus[{}].affinity={:#x} is that of cpus[{}] too", i, c.cpus[i].affinity, j));
    }
    const u64 end = c.memory_base + c.memory_bytes;
    if (c.memory_bytes == 0 || (c.memory_bytes & kPageMask) != 0 || (c.memory_base & kPageMask) != 0 ||
        end < c.memory_base)
        fail(fmt::format("memory_bytes={:#x} at memory_base={:#x} is not a range of whole 4 KiB pages", c.memory_bytes,
                         c.memory_base));
    if (c.initrd && (c.initrd->start < c.memory_base || c.initrd->end > end || c.initrd->start >= c.initrd->end))
        fail(fmt::format("initrd={:#x}-{:#x} is not a range within memory {:#x}-{:#x}", c.initrd->start, c.initrd->end,
                         c.memory_base, end));
}

void write_cpus(Writer& w, const DeviceTreeConfig& c) {
    w.begin("cpus");
    w.cells("#address-cells", {1});
    w.cells("#size-cells", {0});
    for (const auto& cpu : c.cpus) {
        w.begin(fmt::format("cpu@{:x}", cpu.affinity));
        w.string("device_type", "cpu");
        if (cpu.compatible == "arm,armv8")
            w.string("compatible", "arm,armv8");
        else
            w.strings("compatible", {cpu.compatible, "arm,armv8"});
        w.cells("reg", {static_cast<u32>(cpu.affinity)});
        w.string("enable-method", "psci");
        w.end();
    }
    w.end();
}

void write_firmware(Writer& w) {
    w.begin("psci");
    w.strings("compatible", {"arm,psci-1.0", "arm,psci-0.2"});
    w.string("method", "hvc");
    w.end();
}

void write_pmu(Writer& w) {
    w.begin("pmu");
    w.string("compatible", "arm,armv8-pmuv3");
    w.cells("interrupts", {kPpi, kPmuPpi - 16, kLevelHigh});
    w.end();
}

void write_interrupts(Writer& w, std::size_t cpus) {
    w.begin("timer");
    w.strings("compatible", {"arm,armv8-timer", "arm,armv7-timer"});
    w.flag("always-on");
    // Secure physical, EL1 physical, virtual, EL2 physical: PPI numbers are INTID - 16.
    w.cells("interrupts", {kPpi, 13, kLevelHigh, kPpi, kPhysicalTimerPpi - 16, kLevelHigh, kPpi, kVirtualTimerPpi - 16,
                           kLevelHigh, kPpi, 10, kLevelHigh});
    w.end();

    w.begin(fmt::format("intc@{:x}", kGicDistributorBase));
    w.string("compatible", "arm,gic-v3");
    w.cells("#interrupt-cells", {3});
    w.cells("#address-cells", {0});
    w.flag("interrupt-controller");
    w.cells("#redistributor-regions", {1});
    w.longs("reg", {kGicDistributorBase, kGicDistributorBytes, kGicRedistributorBase, kGicRedistributorStride * cpus});
    w.cells("phandle", {kGicPhandle});
    w.end();
}

void write_devices(Writer& w) {
    w.begin("apb-pclk");
    w.string("compatible", "fixed-clock");
    w.cells("#clock-cells", {0});
    w.cells("clock-frequency", {kUartClockHz});
    w.string("clock-output-names", "clk24mhz");
    w.cells("phandle", {kClockPhandle});
    w.end();

    w.begin(fmt::format("pl011@{:x}", kUartBase));
    w.strings("compatible", {"arm,pl011", "arm,primecell"});
    w.longs("reg", {kUartBase, kUartBytes});
    w.cells("interrupts", {kSpi, kUartSpi, kLevelHigh});
    w.cells("clocks", {kClockPhandle, kClockPhandle});
    w.strings("clock-names", {"uartclk", "apb_pclk"});
    w.end();

    w.begin(fmt::format("pl031@{:x}", kRtcBase));
    w.strings("compatible", {"arm,pl031", "arm,primecell"});
    w.longs("reg", {kRtcBase, kRtcBytes});
    w.cells("interrupts", {kSpi, kRtcSpi, kLevelHigh});
    w.cells("clocks", {kClockPhandle});
    w.string("clock-names", "apb_pclk");
    w.end();
}

void write_virtio(Writer& w, unsigned slots) {
    for (unsigned slot = 0; slot < slots; ++slot) {
        const u64 base = kVirtioBase + slot * kVirtioBytes;
        w.begin(fmt::format("virtio_mmio@{:x}", base));
        w.string("compatible", "virtio,mmio");
        w.longs("reg", {base, kVirtioBytes});
        w.cells("interrupts", {kSpi, kVirtioSpi + slot, kLevelHigh});
        w.flag("dma-coherent");
        w.end();
    }
}

void write_chosen(Writer& w, const DeviceTreeConfig& c) {
    w.begin("chosen");
    w.string("bootargs", c.bootargs);
    w.string("stdout-path", fmt::format("/pl011@{:x}", kUartBase));
    w.bytes("rng-seed", rng_seed(c.seed));
    if (c.initrd) {
        w.longs("linux,initrd-start", {c.initrd->start});
        w.longs("linux,initrd-end", {c.initrd->end});
    }
    w.end();
}

}  // namespace

std::vector<u8> build_device_tree(const DeviceTreeConfig& c) {
    validate(c);
    u64 capacity = 8192 + 256 * u64{c.virtio_slots} + c.bootargs.size() + c.model.size();
    for (const auto& cpu : c.cpus) capacity += 256 + cpu.compatible.size();
    if (capacity > kMaximumBytes)
        throw std::length_error(
            fmt::format("device tree: bootargs of {} bytes do not fit the {} bytes that the arm64 boot protocol admits",
                        c.bootargs.size(), kMaximumBytes));
    Writer w(capacity);
    w.begin("");
    w.cells("#address-cells", {2});
    w.cells("#size-cells", {2});
    w.string("compatible", "linux,dummy-virt");
    w.string("model", c.model);
    w.cells("interrupt-parent", {kGicPhandle});
    write_chosen(w, c);
    w.begin(fmt::format("memory@{:x}", c.memory_base));
    w.string("device_type", "memory");
    w.longs("reg", {c.memory_base, c.memory_bytes});
    w.end();
    write_cpus(w, c);
    write_firmware(w);
    write_interrupts(w, c.cpus.size());
    if (c.pmu) write_pmu(w);
    write_devices(w);
    write_virtio(w, c.virtio_slots);
    w.end();
    return w.finish();
}

std::vector<u8> amend_device_tree(const std::vector<u8>& blob, const std::string& bootargs,
                                  const std::optional<InitrdRange>& initrd) {
    const auto check = [](int result) {
        if (result < 0) throw std::invalid_argument(fmt::format("dtb: {}", fdt_strerror(result)));
        return result;
    };
    if (blob.size() > kMaximumBytes)
        throw std::invalid_argument(
            fmt::format("dtb: {} bytes, the arm64 boot protocol admits {}", blob.size(), kMaximumBytes));
    check(fdt_check_full(blob.data(), blob.size()));
    std::vector<u8> out(blob.size() + bootargs.size() + 4096);
    check(fdt_open_into(blob.data(), out.data(), static_cast<int>(out.size())));
    void* tree = out.data();
    int chosen = fdt_path_offset(tree, "/chosen");
    if (chosen == -FDT_ERR_NOTFOUND) chosen = fdt_add_subnode(tree, 0, "chosen");
    check(chosen);
    if (!bootargs.empty()) check(fdt_setprop_string(tree, chosen, "bootargs", bootargs.c_str()));
    if (initrd) {
        check(fdt_setprop_u64(tree, chosen, "linux,initrd-start", initrd->start));
        check(fdt_setprop_u64(tree, chosen, "linux,initrd-end", initrd->end));
    }
    check(fdt_pack(tree));
    out.resize(fdt_totalsize(tree));
    return out;
}

}  // namespace bbmsim::board
