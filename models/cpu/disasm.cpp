// SPDX-License-Identifier: Apache-2.0
#include "models/cpu/disasm.hpp"

#include "models/cpu/decode.hpp"

#include <capstone/capstone.h>
#include <fmt/format.h>

#include <cstring>

namespace bbmsim::cpu {
namespace {

class Capstone {
public:
    Capstone() { open_ = cs_open(CS_ARCH_ARM64, CS_MODE_ARM, &handle_) == CS_ERR_OK; }
    ~Capstone() {
        if (open_) cs_close(&handle_);
    }
    Capstone(const Capstone&) = delete;
    // Empty where it does not know the encoding.
    std::string text(u32 raw, u64 pc) const {
        cs_insn* insn = nullptr;
        u8 bytes[4];
        std::memcpy(bytes, &raw, 4);
        if (!open_ || cs_disasm(handle_, bytes, 4, pc, 1, &insn) != 1) return {};
        std::string result = insn->mnemonic;
        if (insn->op_str[0]) result.append(" ").append(insn->op_str);
        cs_free(insn, 1);
        return result;
    }

private:
    csh handle_{};
    bool open_ = false;
};

}  // namespace

std::string disassemble(u32 raw, u64 pc) {
    static thread_local const Capstone capstone;  // a handle serves one thread
    if (!allocated(raw)) return fmt::format(".inst {:#010x} ; undefined", raw);
    if ((raw & 0xffc00000) == 0xd5000000) {  // hints, TLBI, DC: newer ones have names here, only numbers in Capstone 4
        std::string own = own_text(raw, pc);
        if (!own.starts_with("sys") && !own.starts_with("msr s") && !own.starts_with("mrs")) return own;
    }
    std::string text = capstone.text(raw, pc);
    if (!text.empty()) return text;
    return own_text(raw, pc);
}

}  // namespace bbmsim::cpu
