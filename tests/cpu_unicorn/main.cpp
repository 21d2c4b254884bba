// SPDX-License-Identifier: Apache-2.0
// cpu_unicorn [--seed N] [--instructions N] [--pauth] [--only NAME,...]: runs random sequences on both sides and
// compares all registers, NZCV, PC and memory. Prints one line a disagreement, then "instructions=N sequences=N
// disagreements=N". Exit status 0: none. --list: no comparison, the encodings that would be compared.
#include "models/cpu/disasm.hpp"
#include "tests/cpu_unicorn/explained.hpp"
#include "tests/cpu_unicorn/generator.hpp"
#include "tests/cpu_unicorn/machine.hpp"
#include "tests/cpu_unicorn/witness.hpp"

#include <fmt/format.h>

#include <cstring>
#include <set>

using namespace bbmsim;
using namespace bbmsim::difftest;

namespace {

std::string difference(const State& ours, const State& theirs) {
    std::string out;
    for (unsigned i = 0; i < 31; ++i)
        if (ours.x[i] != theirs.x[i]) out += fmt::format(" x{}={:#x}/{:#x}", i, ours.x[i], theirs.x[i]);
    if (ours.sp != theirs.sp) out += fmt::format(" sp={:#x}/{:#x}", ours.sp, theirs.sp);
    if (ours.pc != theirs.pc) out += fmt::format(" pc={:#x}/{:#x}", ours.pc, theirs.pc);
    if (ours.nzcv != theirs.nzcv) out += fmt::format(" nzcv={:#x}/{:#x}", ours.nzcv >> 28, theirs.nzcv >> 28);
    for (unsigned i = 0; i < 32; ++i)
        if (ours.v[i] != theirs.v[i])
            out += fmt::format(" v{}={:016x}{:016x}/{:016x}{:016x}", i, ours.v[i].hi, ours.v[i].lo, theirs.v[i].hi,
                               theirs.v[i].lo);
    if (ours.fpsr != theirs.fpsr) out += fmt::format(" fpsr={:#x}/{:#x}", ours.fpsr, theirs.fpsr);
    return out;
}

class Comparison {
public:
    explicit Comparison(u64 seed) : rng_(seed) {
        for (u64 i = 0; i < kDataBytes; i += 8) {
            const u64 v = rng_();
            std::memcpy(data(machine_.memory()) + i, &v, 8);
        }
        copy_memory();
    }

    void new_keys() {
        Keys keys;
        for (u64& k : keys.value) k = rng_();
        const u64 tcr = (rng_() & 3) << 37 | (rng_() & 3) << 51;  // TBI, TBID
        machine_.set_keys(keys, tcr);
        witness_.set_keys(keys, tcr);
    }

    // Empty: they agree.
    std::string run(const Sequence& q) {
        const unsigned count = static_cast<unsigned>(q.words.size());
        machine_.write_code(q.start.pc, q.words.data(), count);
        witness_.write_code(q.start.pc, q.words.data(), count);
        const u64 end = q.start.pc + 4 * (count - 1);
        State ours, theirs;
        std::string why;
        if (!machine_.run(q.start, end, ours, why)) return "ours: " + why;
        if (!witness_.run(q.start, end, theirs, why)) return fmt::format("unicorn: {} at {:#x}", why, theirs.pc);
        std::string text = difference(ours, theirs);
        if (std::memcmp(data(machine_.memory()), data(witness_.memory()), kDataBytes) != 0) {
            const u8 *a = data(machine_.memory()), *b = data(witness_.memory());
            u64 i = 0;
            while (a[i] == b[i]) ++i;
            text += fmt::format(" [{:#x}]={:#04x}/{:#04x}", kData + i, a[i], b[i]);
            copy_memory();
        }
        return text;
    }
    void forget_code() { witness_.forget_code(); }
    [[nodiscard]] u64 instructions() const { return machine_.instructions(); }

private:
    static u8* data(u8* memory) { return memory + (kData - kRamBase); }
    void copy_memory() { std::memcpy(data(witness_.memory()), data(machine_.memory()), kDataBytes); }

    std::mt19937_64 rng_;
    Machine machine_;
    Witness witness_;
};

void report(const Sequence& q, const std::string& text) {
    std::string words;
    for (std::size_t i = 0; i + 5 < q.words.size(); ++i)
        words += fmt::format("    {:08x} {}\n", q.words[i], cpu::own_text(q.words[i], q.start.pc + 4 * i));
    if (q.words.size() == 6) {  // one instruction: what it may have read
        const auto& v = q.start.v;
        const u32 raw = q.words[0];
        words += fmt::format("    fpcr={:#x}", q.start.fpcr);
        for (const u32 r : {raw & 31, raw >> 5 & 31, raw >> 16 & 31})
            words += fmt::format(" v{}={:016x}{:016x}", r, v[r].hi, v[r].lo);
        words += "\n";
    }
    fmt::print("ours/unicorn:{}\n{}", text, words);
}

// The encodings that the generator makes within so many instructions, and those that it leaves out with the reason.
int list(u64 seed, u64 wanted) {
    std::set<std::string> names;
    for (const bool pauth : {false, true}) {
        Generator generator(seed, pauth);
        for (u64 made = 0; made < wanted; ++made)
            for (const u32 raw : generator.sequence(kCodeBase, made % 3 == 0 ? 1 : 16).words)
                if (const auto* info = cpu::find_encoding(raw)) names.insert(info->name);
    }
    for (const std::string& name : names) fmt::print("{} generated\n", name);
    for (const Explained& e : kExplained)
        if (e.applies == &every) fmt::print("{} explained: {}\n", e.name, e.reason);
    return 0;
}

}  // namespace

int main(int argc, char** argv) {
    u64 seed = 1, wanted = 200'000;
    bool pauth = false, only_list = false;
    std::string only;
    for (int i = 1; i < argc; ++i) {
        if (!std::strcmp(argv[i], "--pauth"))
            pauth = true;
        else if (!std::strcmp(argv[i], "--list"))
            only_list = true;
        else if (!std::strcmp(argv[i], "--seed") && i + 1 < argc)
            seed = std::stoull(argv[++i]);
        else if (!std::strcmp(argv[i], "--instructions") && i + 1 < argc)
            wanted = std::stoull(argv[++i]);
        else if (!std::strcmp(argv[i], "--only") && i + 1 < argc)
            only = argv[++i];
        else {
            fmt::print(stderr,
                       "usage: cpu_unicorn [--seed N] [--instructions N] [--pauth] [--only NAME,...] [--list]\n");
            return 2;
        }
    }
    if (only_list) return list(seed, wanted / 16);
    Comparison comparison(seed);
    Generator generator(seed, pauth, only);
    u64 executed = 0, sequences = 0, disagreements = 0, pc = kCodeBase;
    if (pauth) comparison.new_keys();
    while (executed < wanted) {
        if (pc + 0x100 > kCodeBase + kCodeBytes) {
            pc = kCodeBase;
            comparison.forget_code();
            if (pauth) comparison.new_keys();
        }
        const Sequence q = generator.sequence(pc, sequences % 3 == 0 ? 1 : 16);
        pc += 4 * q.words.size();
        const u64 before = comparison.instructions();
        const std::string text = comparison.run(q);
        executed += std::max<u64>(1, comparison.instructions() - before);
        ++sequences;
        if (text.empty()) continue;
        if (++disagreements <= 20000) report(q, text);
    }
    fmt::print("instructions={} sequences={} disagreements={}\n", executed, sequences, disagreements);
    return disagreements ? 1 : 0;
}
