// SPDX-License-Identifier: Apache-2.0
// cpu_qemu GUEST [--seed N] [--instructions N] [--only NAME,...]: random sequences on our engine and in user mode under
// qemu-aarch64 -cpu max. Compares registers, NZCV, FPSR and memory. Prints one line a disagreement, then
// "instructions=N sequences=N disagreements=N". Exit status 0: none.
#include "models/cpu/disasm.hpp"
#include "tests/cpu_qemu/protocol.h"
#include "tests/cpu_unicorn/generator.hpp"
#include "tests/cpu_unicorn/machine.hpp"

#include <fmt/format.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <stdexcept>

using namespace bbmsim;
using namespace bbmsim::difftest;

namespace {

struct Close {
    void operator()(std::FILE* f) const { std::fclose(f); }
};
using File = std::unique_ptr<std::FILE, Close>;

File open(const std::filesystem::path& path, const char* mode) {
    File f(std::fopen(path.c_str(), mode));
    if (!f) throw std::runtime_error("cannot open " + path.string());
    return f;
}

// A folder of our own that goes away.
struct Scratch {
    std::filesystem::path path;
    Scratch() {
        std::string name = (std::filesystem::temp_directory_path() / "bbmsim-qemu-XXXXXX").string();
        if (!mkdtemp(name.data())) throw std::runtime_error("no temporary folder");
        path = name;
    }
    ~Scratch() {
        std::error_code ignored;
        std::filesystem::remove_all(path, ignored);
    }
    Scratch(const Scratch&) = delete;
};

void send(std::FILE* to, const Sequence& q) {
    BlockIn in{};
    std::memcpy(in.x, q.start.x.data(), sizeof in.x);
    in.sp = q.start.sp;
    in.pc = q.start.pc;
    in.nzcv = q.start.nzcv;
    in.fpcr = q.start.fpcr;
    in.fpsr = q.start.fpsr;
    in.words = q.words.size();
    std::memcpy(in.v, q.start.v.data(), sizeof in.v);
    if (std::fwrite(&in, sizeof in, 1, to) != 1 || std::fwrite(q.words.data(), 4, q.words.size(), to) != in.words)
        throw std::runtime_error("cannot write the blocks");
}

u64 sum_of(const u8* data) {
    u64 h = 0;
    for (u64 i = 0; i < kDataBytes; i += 8) {
        u64 w;
        std::memcpy(&w, data + i, 8);
        h = h * 0x100000001b3 + w;
    }
    return h;
}

std::string difference(const State& ours, const BlockOut& theirs) {
    std::string out;
    for (unsigned i = 0; i < 31; ++i)
        if (ours.x[i] != theirs.x[i]) out += fmt::format(" x{}={:#x}/{:#x}", i, ours.x[i], theirs.x[i]);
    if (ours.sp != theirs.sp) out += fmt::format(" sp={:#x}/{:#x}", ours.sp, theirs.sp);
    if (ours.nzcv != theirs.nzcv) out += fmt::format(" nzcv={:#x}/{:#x}", ours.nzcv >> 28, theirs.nzcv >> 28);
    if (ours.fpsr != theirs.fpsr) out += fmt::format(" fpsr={:#x}/{:#x}", ours.fpsr, theirs.fpsr);
    for (unsigned i = 0; i < 32; ++i)
        if (ours.v[i].lo != theirs.v[2 * i] || ours.v[i].hi != theirs.v[2 * i + 1])
            out += fmt::format(" v{}={:016x}{:016x}/{:016x}{:016x}", i, ours.v[i].hi, ours.v[i].lo, theirs.v[2 * i + 1],
                               theirs.v[2 * i]);
    return out;
}

int compare(const std::string& guest, u64 seed, u64 wanted, const std::string& only) {
    const Scratch scratch;
    Machine machine;
    u8* data = machine.memory() + (kData - kRamBase);
    std::mt19937_64 rng(seed);
    for (u64 i = 0; i < kDataBytes; i += 8) {
        const u64 v = rng();
        std::memcpy(data + i, &v, 8);
    }
    std::vector<Sequence> sequences;
    {
        const File in = open(scratch.path / "in", "wb");
        if (std::fwrite(data, kDataBytes, 1, in.get()) != 1) throw std::runtime_error("cannot write the data");
        Generator generator(seed, false, only);
        u64 pc = kCodeBase, words = 0;
        while (words < wanted) {
            if (pc + 0x100 > kCodeBase + kCodeBytes) pc = kCodeBase;
            sequences.push_back(generator.sequence(pc, sequences.size() % 3 == 0 ? 1 : 16));
            send(in.get(), sequences.back());
            pc += 4 * sequences.back().words.size();
            words += sequences.back().words.size();
        }
    }
    const std::string command =
        fmt::format("qemu-aarch64 -cpu max {} < {}/in > {}/out", guest, scratch.path.string(), scratch.path.string());
    if (const int status = std::system(command.c_str())) {
        fmt::print("{}: status {:#x}\n", command, status);
        return 3;
    }
    const File answers = open(scratch.path / "out", "rb");
    u64 disagreements = 0;
    bool memory = true;
    for (const Sequence& q : sequences) {
        const unsigned count = static_cast<unsigned>(q.words.size());
        machine.write_code(q.start.pc, q.words.data(), count);
        State ours;
        BlockOut theirs{};
        if (std::fread(&theirs, sizeof theirs, 1, answers.get()) != 1) {
            fmt::print("qemu-aarch64 ended early\n");
            return 3;
        }
        std::string text;
        if (!machine.run(q.start, q.start.pc + 4 * (count - 1), ours, text)) text = "ours: " + text;
        text += difference(ours, theirs);
        if (memory && sum_of(data) != theirs.data_sum) {  // from then on memory differs
            text += " memory";
            memory = false;
        }
        if (text.empty()) continue;
        ++disagreements;
        fmt::print("ours/qemu:{}\n", text);
        for (unsigned i = 0; i + 5 < count; ++i)
            fmt::print("    {:08x} {}\n", q.words[i], cpu::own_text(q.words[i], q.start.pc + 4 * i));
    }
    fmt::print("instructions={} sequences={} disagreements={}\n", machine.instructions(), sequences.size(),
               disagreements);
    return disagreements ? 1 : 0;
}

}  // namespace

int main(int argc, char** argv) {
    u64 seed = 1, wanted = 100'000;
    std::string guest, only;
    for (int i = 1; i < argc; ++i) {
        const bool value = i + 1 < argc;
        if (value && !std::strcmp(argv[i], "--seed"))
            seed = std::stoull(argv[++i]);
        else if (value && !std::strcmp(argv[i], "--instructions"))
            wanted = std::stoull(argv[++i]);
        else if (value && !std::strcmp(argv[i], "--only"))
            only = argv[++i];
        else if (guest.empty() && argv[i][0] != '-')
            guest = argv[i];
        else
            guest.clear(), i = argc;
    }
    if (guest.empty()) {
        fmt::print(stderr, "usage: cpu_qemu GUEST [--seed N] [--instructions N] [--only NAME,...]\n");
        return 2;
    }
    try {
        return compare(guest, seed, wanted, only);
    } catch (const std::exception& error) {
        fmt::print(stderr, "cpu_qemu: {}\n", error.what());
        return 2;
    }
}
