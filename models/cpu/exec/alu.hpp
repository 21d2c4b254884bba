// SPDX-License-Identifier: Apache-2.0
// Arithmetic that several instruction groups share: flags, shifts. T is u32 or u64.
#pragma once

#include "models/cpu/exec/condition.hpp"

#include <bit>
#include <type_traits>
#include <utility>

namespace bbmsim::cpu {

inline constexpr u32 kFlagN = u32{1} << 31, kFlagZ = u32{1} << 30, kFlagC = u32{1} << 29, kFlagV = u32{1} << 28;

template <class T>
inline constexpr unsigned kBits = sizeof(T) * 8;

// NZCV of the result of a logical operation: C and V are 0.
template <class T>
constexpr u32 flags_nz(T result) {
    return static_cast<u32>(result >> (kBits<T> - 1)) << 31 | u32{result == 0} << 30;
}
template <class T>
constexpr T add_flags(T a, T b, u32& nzcv) {
    const T r = static_cast<T>(a + b);
    nzcv = flags_nz(r) | u32{r < a} << 29 | static_cast<u32>(((a ^ r) & (b ^ r)) >> (kBits<T> - 1)) << 28;
    return r;
}
template <class T>
constexpr T sub_flags(T a, T b, u32& nzcv) {
    const T r = static_cast<T>(a - b);
    nzcv = flags_nz(r) | u32{a >= b} << 29 | static_cast<u32>(((a ^ b) & (a ^ r)) >> (kBits<T> - 1)) << 28;
    return r;
}
// AddWithCarry() of the manual.
template <class T>
constexpr T add_carry_flags(T a, T b, bool carry, u32& nzcv) {
    const T r = static_cast<T>(a + b + T{carry});
    const bool c = carry ? r <= a : r < a;
    nzcv = flags_nz(r) | u32{c} << 29 | static_cast<u32>(((a ^ r) & (b ^ r)) >> (kBits<T> - 1)) << 28;
    return r;
}

enum class Shift : u8 { kLsl, kLsr, kAsr, kRor };
template <Shift S, class T>
constexpr T shifted(T value, unsigned amount) {
    using Signed = std::make_signed_t<T>;
    if constexpr (S == Shift::kLsl) return static_cast<T>(value << amount);
    if constexpr (S == Shift::kLsr) return static_cast<T>(value >> amount);
    if constexpr (S == Shift::kAsr) return static_cast<T>(static_cast<Signed>(value) >> amount);
    return std::rotr(value, static_cast<int>(amount));
}

// ExtendReg() of the manual: option 0..7 is UXTB, UXTH, UXTW, UXTX, SXTB, SXTH, SXTW, SXTX.
inline u64 extend_register(u64 value, unsigned option, unsigned shift) {
    switch (option) {
        case 0: value = static_cast<u8>(value); break;
        case 1: value = static_cast<u16>(value); break;
        case 2: value = static_cast<u32>(value); break;
        case 4: value = static_cast<u64>(static_cast<i64>(static_cast<i8>(value))); break;
        case 5: value = static_cast<u64>(static_cast<i64>(static_cast<i16>(value))); break;
        case 6: value = static_cast<u64>(static_cast<i64>(static_cast<i32>(value))); break;
        default: break;
    }
    return value << shift;
}

}  // namespace bbmsim::cpu
