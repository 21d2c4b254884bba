// SPDX-License-Identifier: Apache-2.0
#include "models/board/device_tree.hpp"
#include "models/board/affinity.hpp"

#include <gtest/gtest.h>
#include <libfdt.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>

namespace bbmsim::board {
namespace {

DeviceTreeConfig four_cores() {
    DeviceTreeConfig c;
    c.cpus = {{affinity_of(0), "arm,cortex-x4"}, {affinity_of(1)}, {affinity_of(2)}, {affinity_of(16)}};
    c.memory_bytes = u64{64} << 30;
    c.bootargs = "console=ttyAMA0 strategy=rfc-range";
    c.seed = 7;
    return c;
}

// A parsed tree; every accessor fails the test if the property is absent.
struct Tree {
    std::vector<u8> blob;
    explicit Tree(const DeviceTreeConfig& c) : blob(build_device_tree(c)) {
        EXPECT_EQ(fdt_check_full(blob.data(), blob.size()), 0);
    }
    int node(const std::string& path) const {
        const int n = fdt_path_offset(blob.data(), path.c_str());
        EXPECT_GE(n, 0) << path;
        return n;
    }
    std::string raw(const std::string& path, const char* name) const {
        int size = 0;
        const auto* p = static_cast<const char*>(fdt_getprop(blob.data(), node(path), name, &size));
        EXPECT_NE(p, nullptr) << path << " " << name;
        return p != nullptr ? std::string(p, static_cast<std::size_t>(size)) : std::string();
    }
    std::string text(const std::string& path, const char* name) const {
        const std::string s = raw(path, name);
        EXPECT_FALSE(s.empty());
        EXPECT_EQ(s.back(), '\0');
        return s.c_str();
    }
    std::vector<u32> cells(const std::string& path, const char* name) const {
        const std::string s = raw(path, name);
        std::vector<u32> v;
        for (std::size_t i = 0; i + 4 <= s.size(); i += 4)
            v.push_back(fdt32_ld(reinterpret_cast<const fdt32_t*>(s.data() + i)));
        return v;
    }
    bool has(const std::string& path, const char* name) const {
        return fdt_getprop(blob.data(), node(path), name, nullptr) != nullptr;
    }
};

using Cells = std::vector<u32>;

TEST(DeviceTree, OnesOwnIsAmendedInChosen) {
    const auto blob = build_device_tree(four_cores());
    Tree t(four_cores());
    t.blob = amend_device_tree(blob, "quiet", InitrdRange{0x4800'0000, 0x4800'1234});
    EXPECT_EQ(t.text("/chosen", "bootargs"), "quiet");
    EXPECT_EQ(t.cells("/chosen", "linux,initrd-start"), (std::vector<u32>{0, 0x4800'0000}));
    EXPECT_EQ(t.cells("/chosen", "linux,initrd-end"), (std::vector<u32>{0, 0x4800'1234}));
    EXPECT_EQ(t.text("/", "model"), "bbmsim,virt");
    t.blob = amend_device_tree(blob, "", {});
    EXPECT_EQ(t.text("/chosen", "bootargs"), "console=ttyAMA0 strategy=rfc-range");
}

TEST(DeviceTree, DamagedBlobsAreRefused) {
    const auto blob = build_device_tree(four_cores());
    EXPECT_THROW(amend_device_tree({}, "", {}), std::invalid_argument);
    EXPECT_THROW(amend_device_tree(std::vector<u8>(100), "", {}), std::invalid_argument);
    EXPECT_THROW(amend_device_tree({blob.begin(), blob.end() - 40}, "", {}), std::invalid_argument);
    EXPECT_THROW(amend_device_tree(std::vector<u8>(std::size_t{3} << 20), "", {}), std::invalid_argument);
    for (std::size_t i = 0; i < blob.size(); i += 3) {  // never a crash
        auto damaged = blob;
        damaged[i] ^= 0xff;
        try {
            amend_device_tree(damaged, "quiet", {});
        } catch (const std::invalid_argument&) {
        }
    }
}

TEST(DeviceTree, ListsTheBoardAndNothingElse) {
    const Tree t(four_cores());
    std::vector<std::string> children;
    int child = 0;
    fdt_for_each_subnode(child, t.blob.data(), 0) children.emplace_back(fdt_get_name(t.blob.data(), child, nullptr));
    EXPECT_EQ(children, (std::vector<std::string>{"chosen", "memory@40000000", "cpus", "psci", "timer", "intc@8000000",
                                                  "apb-pclk", "pl011@9000000", "pl031@9010000"}));
    EXPECT_EQ(t.text("/", "model"), "bbmsim,virt");
    EXPECT_EQ(t.cells("/", "interrupt-parent"), t.cells("/intc@8000000", "phandle"));
}

TEST(DeviceTree, PerformanceMonitorsAreListedWhereEveryPeHasThem) {
    DeviceTreeConfig config = four_cores();
    config.pmu = true;
    const Tree t(config);
    EXPECT_EQ(t.text("/pmu", "compatible"), "arm,armv8-pmuv3");
    EXPECT_EQ(t.cells("/pmu", "interrupts"), (Cells{1, 7, 4}));  // PPI 7: INTID 23, level high
}

TEST(DeviceTree, CpusHaveTheirAffinities) {
    const Tree t(four_cores());
    EXPECT_EQ(t.cells("/cpus/cpu@0", "reg"), Cells{0});
    EXPECT_EQ(t.cells("/cpus/cpu@100", "reg"), Cells{0x100});
    EXPECT_EQ(t.raw("/cpus/cpu@0", "compatible"), std::string("arm,cortex-x4\0arm,armv8\0", 24));
    EXPECT_EQ(t.text("/cpus/cpu@1", "compatible"), "arm,armv8");
    EXPECT_EQ(t.text("/cpus/cpu@2", "enable-method"), "psci");
    EXPECT_EQ(t.text("/cpus/cpu@2", "device_type"), "cpu");
    EXPECT_EQ(t.raw("/psci", "compatible"), std::string("arm,psci-1.0\0arm,psci-0.2\0", 26));
    EXPECT_EQ(t.text("/psci", "method"), "hvc");
}

TEST(DeviceTree, MemoryAndDevicesAreWhereTheyAre) {
    const Tree t(four_cores());
    EXPECT_EQ(t.cells("/memory@40000000", "reg"), (Cells{0, 0x4000'0000, 16, 0}));
    EXPECT_EQ(t.cells("/intc@8000000", "reg"), (Cells{0, 0x0800'0000, 0, 0x1'0000, 0, 0x080a'0000, 0, 4 * 0x2'0000}));
    EXPECT_EQ(t.text("/intc@8000000", "compatible"), "arm,gic-v3");
    EXPECT_EQ(t.cells("/timer", "interrupts"), (Cells{1, 13, 4, 1, 14, 4, 1, 11, 4, 1, 10, 4}));
    EXPECT_EQ(t.cells("/pl011@9000000", "interrupts"), (Cells{0, 1, 4}));
    EXPECT_EQ(t.cells("/pl031@9010000", "interrupts"), (Cells{0, 2, 4}));
    EXPECT_EQ(t.cells("/pl011@9000000", "clocks")[0], t.cells("/apb-pclk", "phandle")[0]);
}

TEST(DeviceTree, VirtioSlotsAreListedOnlyIfOccupied) {
    DeviceTreeConfig c = four_cores();
    EXPECT_LT(fdt_path_offset(Tree(c).blob.data(), "/virtio_mmio@a000000"), 0);
    c.virtio_slots = 2;
    const Tree tree(c);
    EXPECT_EQ(tree.text("/virtio_mmio@a000200", "compatible"), "virtio,mmio");
    EXPECT_EQ(tree.cells("/virtio_mmio@a000200", "reg"), (std::vector<u32>{0, 0x0a000200, 0, 0x200}));
    EXPECT_EQ(tree.cells("/virtio_mmio@a000200", "interrupts"), (std::vector<u32>{0, 17, 4}));
    EXPECT_TRUE(tree.has("/virtio_mmio@a000000", "dma-coherent"));
}

TEST(DeviceTree, ChosenHoldsWhatTheRunGives) {
    DeviceTreeConfig c = four_cores();
    const Tree t(c);
    EXPECT_EQ(t.text("/chosen", "bootargs"), c.bootargs);
    EXPECT_EQ(t.text("/chosen", "stdout-path"), "/pl011@9000000");
    EXPECT_EQ(t.raw("/chosen", "rng-seed").size(), 64u);
    EXPECT_FALSE(t.has("/chosen", "linux,initrd-start"));
    EXPECT_FALSE(t.has("/chosen", "kaslr-seed"));
    EXPECT_EQ(build_device_tree(c), t.blob) << "same input, same bytes";
    c.seed = 8;
    EXPECT_NE(Tree(c).raw("/chosen", "rng-seed"), t.raw("/chosen", "rng-seed"));
    c.initrd = InitrdRange{0x4800'0000, 0x4900'0000};
    EXPECT_EQ(Tree(c).cells("/chosen", "linux,initrd-start"), (Cells{0, 0x4800'0000}));
    EXPECT_EQ(Tree(c).cells("/chosen", "linux,initrd-end"), (Cells{0, 0x4900'0000}));
}

TEST(DeviceTree, LargestBoardFits) {
    DeviceTreeConfig c = four_cores();
    c.cpus.clear();
    for (unsigned i = 0; i < kMaxPes; ++i) c.cpus.push_back({affinity_of(static_cast<PeId>(i)), std::string(200, 'x')});
    c.memory_bytes = u64{4} << 40;
    c.bootargs = std::string(2000, 'b');
    const Tree t(c);
    EXPECT_EQ(t.cells("/cpus/cpu@30f", "reg"), Cells{0x30f});
    EXPECT_EQ(t.cells("/memory@40000000", "reg"), (Cells{0, 0x4000'0000, 1024, 0}));
}

TEST(DeviceTree, CompilerAgrees) {
    if (std::system("command -v dtc >/dev/null 2>&1") != 0) return;  // libfdt's own check stands in the other tests
    const auto blob = build_device_tree(four_cores());
    const auto path = std::filesystem::temp_directory_path() / ("bbmsim-dtb-" + std::to_string(::getpid()));
    std::ofstream(path, std::ios::binary)
        .write(reinterpret_cast<const char*>(blob.data()), static_cast<std::streamsize>(blob.size()));
    const std::string command = "dtc -I dtb -O dts '" + path.string() + "' 2>&1";
    std::string output;
    FILE* pipe = ::popen(command.c_str(), "r");
    ASSERT_NE(pipe, nullptr);
    char buffer[256];
    while (std::fgets(buffer, sizeof buffer, pipe) != nullptr) output += buffer;
    EXPECT_EQ(::pclose(pipe), 0) << output;
    std::filesystem::remove(path);
    EXPECT_EQ(output.find("Warning"), std::string::npos) << output;
    EXPECT_NE(output.find("arm,gic-v3"), std::string::npos);
}

// The message names the field.
void expect_refused(const DeviceTreeConfig& c, const std::string& field) {
    try {
        build_device_tree(c);
        FAIL() << field;
    } catch (const std::invalid_argument& e) {
        EXPECT_NE(std::string(e.what()).find(field), std::string::npos) << e.what();
    }
}

TEST(DeviceTree, WrongInputNamesTheField) {
    DeviceTreeConfig c = four_cores();
    c.cpus.clear();
    expect_refused(c, "cpus");
    c = four_cores();
    c.cpus[3].affinity = 1;
    expect_refused(c, "cpus[3].affinity=0x1");
    c = four_cores();
    c.cpus[1].affinity = 0x8000'0001;
    expect_refused(c, "cpus[1].affinity");
    c = four_cores();
    c.memory_bytes = 0;
    expect_refused(c, "memory_bytes");
    c = four_cores();
    c.initrd = InitrdRange{0x1000, 0x2000};
    expect_refused(c, "initrd");
    c = four_cores();
    c.bootargs = std::string("a\0b", 3);
    expect_refused(c, "bootargs");
    c.bootargs = std::string(3'000'000, 'x');
    EXPECT_THROW(build_device_tree(c), std::length_error);
}

}  // namespace
}  // namespace bbmsim::board
