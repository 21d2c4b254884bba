// SPDX-License-Identifier: Apache-2.0
// The floating-point formats, what FPCR and FPSR say about them, operands and NaNs: FPUnpack() and FPProcessNaN().
//
// A format is named by Half, float or double; its values are carried as the bits B = u16, u32, u64.
#pragma once

#include "models/cpu/pe.hpp"

#include <bit>
#include <cmath>
#include <type_traits>

namespace bbmsim::cpu::fp {

inline constexpr u64 kIoc = 1, kDzc = 2, kOfc = 4, kUfc = 8, kIxc = 16, kIdc = 128;
inline constexpr u64 kFz16 = u64{1} << 19, kFz = u64{1} << 24, kDn = u64{1} << 25, kAhp = u64{1} << 26;

enum class Round : u8 { kNearest, kUp, kDown, kZero, kAway, kOdd };  // the first four as FPCR.RMode
inline Round rounding(const Pe& pe) { return static_cast<Round>(pe.sys.fpcr >> 22 & 3); }

struct Half {
    u16 bits;
};
template <class F>
using BitsOf = std::conditional_t<sizeof(F) == 8, u64, std::conditional_t<sizeof(F) == 4, u32, u16>>;
template <class B>
using FormatOf = std::conditional_t<sizeof(B) == 8, double, std::conditional_t<sizeof(B) == 4, float, Half>>;

template <class F>
struct Format {
    using B = BitsOf<F>;
    static constexpr bool kIsHalf = sizeof(F) == 2;
    static constexpr unsigned kFraction = sizeof(F) == 8 ? 52 : sizeof(F) == 4 ? 23 : 10;
    static constexpr unsigned kExponentBits = 8 * sizeof(F) - 1 - kFraction;
    static constexpr int kBias = (1 << (kExponentBits - 1)) - 1;
    static constexpr u64 kFlush = kIsHalf ? kFz16 : kFz;  // the bit of FPCR that flushes this format
    static constexpr B kSign = static_cast<B>(B{1} << (8 * sizeof(F) - 1));
    static constexpr B kQuiet = static_cast<B>(B{1} << (kFraction - 1));
    static constexpr B kMinNormal = static_cast<B>(B{1} << kFraction);
    static constexpr B kInfinity = static_cast<B>(static_cast<B>(~kSign) >> kFraction << kFraction);
    static constexpr B kMaxNormal = static_cast<B>(kInfinity - 1);
    static constexpr B kDefaultNan = static_cast<B>(kInfinity | kQuiet);
    static constexpr B magnitude(B v) { return static_cast<B>(v & ~kSign); }
    static bool nan(B v) { return magnitude(v) > kInfinity; }
    static bool signalling(B v) { return nan(v) && !(v & kQuiet); }
    static bool denormal(B v) { return magnitude(v) && magnitude(v) < kMinNormal; }
    static bool infinite(B v) { return magnitude(v) == kInfinity; }
    static bool zero(B v) { return magnitude(v) == 0; }
};

// What the host computes with: a half becomes a double, exactly.
inline double number(u16 v) {
    const double sign = v >> 15 ? -1 : 1;
    const int exponent = v >> 10 & 31, fraction = v & 0x3ff;
    if (exponent == 31) return fraction ? std::bit_cast<double>(Format<double>::kDefaultNan) : sign * HUGE_VAL;
    return sign * (exponent ? std::ldexp(fraction | 0x400, exponent - 25) : std::ldexp(fraction, -24));
}
inline float number(u32 v) { return std::bit_cast<float>(v); }
inline double number(u64 v) { return std::bit_cast<double>(v); }

// FPUnpack(): an operand that FPCR flushes. Of halves that is no exception.
template <class B>
B operand(Pe& pe, B v) {
    using Fmt = Format<FormatOf<B>>;
    if (!(pe.sys.fpcr & Fmt::kFlush) || !Fmt::denormal(v)) return v;
    if constexpr (!Fmt::kIsHalf) pe.sys.fpsr |= kIdc;
    return v & Fmt::kSign;
}
template <class B>
B invalid(Pe& pe) {
    pe.sys.fpsr |= kIoc;
    return Format<FormatOf<B>>::kDefaultNan;
}
template <class B>
B quieted(Pe& pe, B v) {  // FPProcessNaN()
    using Fmt = Format<FormatOf<B>>;
    if (Fmt::signalling(v)) pe.sys.fpsr |= kIoc;
    return pe.sys.fpcr & kDn ? Fmt::kDefaultNan : static_cast<B>(v | Fmt::kQuiet);
}
// FPProcessNaNs(), FPProcessNaNs3(): signalling ones first, in the order given. True: `out` is the result.
template <class B, class... Rest>
bool nans(Pe& pe, B& out, Rest... v) {
    using Fmt = Format<FormatOf<B>>;
    const B all[] = {v...};
    for (const B x : all)
        if (Fmt::signalling(x)) return out = quieted(pe, x), true;
    for (const B x : all)
        if (Fmt::nan(x)) return out = quieted(pe, x), true;
    return false;
}

}  // namespace bbmsim::cpu::fp
