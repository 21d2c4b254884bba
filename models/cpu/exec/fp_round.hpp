// SPDX-License-Identifier: Apache-2.0
// FPRound() of the manual in integers: an exact value to a format, with its flags.
#pragma once

#include "models/cpu/exec/fp_format.hpp"

namespace bbmsim::cpu::fp {

// Up, away from zero? `half`: the part lost is compared with half of the last place.
constexpr bool rounds_up(Round mode, bool negative, bool odd, int against_half) {
    switch (mode) {
        case Round::kNearest: return against_half > 0 || (against_half == 0 && odd);
        case Round::kUp: return !negative;
        case Round::kDown: return negative;
        case Round::kAway: return against_half >= 0;
        default: return false;
    }
}

// Value: mantissa * 2^exponent, not 0, negative by `negative`; `sticky`: and something below its last bit. `fpcr` is
// what FPCR is to be for this: FPRoundCV() clears FZ16. Of AHP only those who convert to halves know: `alternative`.
template <class B>
B round(Pe& pe, bool negative, u64 mantissa, int exponent, bool sticky, Round mode, u64 fpcr,
        bool alternative = false) {
    using Fmt = Format<FormatOf<B>>;
    constexpr int kFraction = static_cast<int>(Fmt::kFraction), kMin = 1 - Fmt::kBias;
    const B sign = negative ? Fmt::kSign : B{0};
    const int zeros = std::countl_zero(mantissa);
    mantissa <<= zeros;
    exponent += 63 - zeros;  // of the leading bit
    const bool tiny = exponent < kMin;
    if (tiny && (fpcr & Fmt::kFlush)) return pe.sys.fpsr |= kUfc, sign;

    const int shift = std::min(63 - kFraction + (tiny ? kMin - exponent : 0), 66);
    const auto wide = static_cast<unsigned __int128>(mantissa), half = static_cast<unsigned __int128>(1) << (shift - 1);
    const auto lost = wide & (2 * half - 1);
    u64 kept = static_cast<u64>(wide >> shift);
    const bool inexact = lost || sticky;
    const int against_half = lost > half || (lost == half && sticky) ? 1 : lost == half ? 0 : -1;
    if (inexact && rounds_up(mode, negative, kept & 1, against_half)) ++kept;
    if (inexact && mode == Round::kOdd) kept |= 1;
    if (tiny && inexact) pe.sys.fpsr |= kUfc;

    // The leading bit and a carry out of the fraction both add to the exponent.
    const i64 result = (i64{tiny ? 0 : exponent + Fmt::kBias - 1} << kFraction) + static_cast<i64>(kept);
    if (alternative && result > 0x7fff) return pe.sys.fpsr |= kIoc, static_cast<B>(sign | 0x7fff);
    if (!alternative && result >= static_cast<i64>(Fmt::kInfinity)) {
        pe.sys.fpsr |= kOfc | kIxc;
        const bool to_infinity = mode == Round::kNearest || mode == Round::kAway || (mode == Round::kUp && !negative) ||
                                 (mode == Round::kDown && negative);
        return static_cast<B>(sign | (to_infinity ? Fmt::kInfinity : Fmt::kMaxNormal));
    }
    if (inexact) pe.sys.fpsr |= kIxc;
    return static_cast<B>(sign | static_cast<B>(result));
}

// A finite number that is not 0, taken apart for round().
struct Parts {
    bool negative;
    u64 mantissa;
    int exponent;
};
inline Parts parts(double x) {
    const u64 v = std::bit_cast<u64>(x), fraction = v & (Format<double>::kMinNormal - 1);
    const int exponent = static_cast<int>(v >> 52 & 0x7ff);
    return {v >> 63 != 0, exponent ? fraction | Format<double>::kMinNormal : fraction,
            (exponent ? exponent : 1) - 1075};
}

}  // namespace bbmsim::cpu::fp
