// SPDX-License-Identifier: Apache-2.0
// Where Unicorn 2.0.1 (QEMU 5.0) is no witness, with the reason. The generator leaves these encodings out.
#pragma once

#include "models/mmu/types.hpp"

#include <string_view>

namespace bbmsim::difftest {

struct Explained {
    std::string_view name;  // of the encoding table
    const char* reason;
    bool (*applies)(u32 raw);
};

constexpr bool every(u32) { return true; }
constexpr bool below_64_bits(u32 raw) { return raw >> 30 != 3; }

constexpr const char* kMinMax =
    "Unicorn compares memory and operand with different extensions (signed forms see negative memory as positive, "
    "unsigned ones a sign-extended operand); C6.2 takes both as integers of the access size. cpu_tests has the vectors";
constexpr bool signed_half_scalar(u32 raw) { return (raw & 0xffe00000) == 0x5f000000 && (raw >> 19 & 15) < 4; }
constexpr const char* kHalfSign =
    "Unicorn sign-extends a negative 16-bit result over bits 31:16 of the register; Elem[result, 0, 16] leaves them "
    "zero. "
    "cpu_tests has the case";
constexpr bool half_register(u32 raw) { return !(raw >> 30 & 1); }
constexpr const char* kUpperHalf =
    "Unicorn computes the upper four elements of an 8-byte vector too, which shows in FPSR; the result has four";
constexpr const char* kException = "takes an exception, waits, or depends on the system around the PE: engine_tests";
constexpr const char* kPointers =
    "needs a pointer signed with the same key: Generator::signed_use() makes one, then uses it (--pauth)";

inline constexpr Explained kExplained[] = {
    {"LDSMAX", kMinMax, below_64_bits},
    {"LDSMIN", kMinMax, below_64_bits},
    {"LDUMAX", kMinMax, below_64_bits},
    {"LDUMIN", kMinMax, below_64_bits},
    {"FCVT_fixed_v", kHalfSign, signed_half_scalar},
    {"FCMLA_element", kUpperHalf, half_register},
    {"FP_SIMD", "nothing there", every},
    {"FP_SIMD_load_store", "nothing there", every},
    {"ERET", kException, every},
    {"ERETAA", kException, every},
    {"ERETAB", kException, every},
    {"DRPS", kException, every},
    {"SVC", kException, every},
    {"HVC", kException, every},
    {"SMC", kException, every},
    {"BRK", kException, every},
    {"HLT", kException, every},
    {"DCPS1", kException, every},
    {"DCPS2", kException, every},
    {"DCPS3", kException, every},
    {"UDF", kException, every},
    {"WFE", kException, every},
    {"WFI", kException, every},
    {"YIELD", kException, every},
    {"SEV", kException, every},
    {"SEVL", kException, every},
    {"ESB", kException, every},
    {"PSB", kException, every},
    {"MSR_imm", kException, every},
    {"MSR_reg", kException, every},
    {"MRS", kException, every},
    {"SYS", kException, every},
    {"SYSL", kException, every},
    {"BRA", kPointers, every},
    {"BRA_zero", kPointers, every},
    {"BLRA", kPointers, every},
    {"BLRA_zero", kPointers, every},
    {"RETA", kPointers, every},
    {"LDRA", kPointers, every},
    {"LDRA_pre", kPointers, every},
};

inline const Explained* explained(std::string_view name, u32 raw) {
    for (const Explained& e : kExplained)
        if (e.name == name && e.applies(raw)) return &e;
    return nullptr;
}

}  // namespace bbmsim::difftest
