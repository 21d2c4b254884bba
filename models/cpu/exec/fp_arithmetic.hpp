// SPDX-License-Identifier: Apache-2.0
// Arithmetic on single and double precision with Arm's results and flags, by the host's SSE.
//
// NaN operands, default NaNs, and flushing to zero are decided here; the host rounds numbers and reports its flags.
// The two differ in tininess: Arm detects it before rounding, SSE after.
#pragma once

#include "models/cpu/pe.hpp"

#include <xmmintrin.h>

#include <bit>
#include <type_traits>

namespace bbmsim::cpu::fp {

inline constexpr u64 kIoc = 1, kDzc = 2, kOfc = 4, kUfc = 8, kIxc = 16, kIdc = 128;
inline constexpr u64 kFz = u64{1} << 24, kDn = u64{1} << 25;

template <class F>
using BitsOf = std::conditional_t<sizeof(F) == 8, u64, u32>;
template <class F>
struct Format {
    using B = BitsOf<F>;
    static constexpr unsigned kFraction = sizeof(F) == 8 ? 52 : 23;
    static constexpr B kSign = B{1} << (8 * sizeof(F) - 1);
    static constexpr B kQuiet = B{1} << (kFraction - 1);
    static constexpr B kMinNormal = B{1} << kFraction;
    static constexpr B kInfinity = static_cast<B>(~kSign) >> kFraction << kFraction;
    static constexpr B kDefaultNan = kInfinity | kQuiet;
    static bool nan(B v) { return (v & ~kSign) > kInfinity; }
    static bool signalling(B v) { return nan(v) && !(v & kQuiet); }
    static bool denormal(B v) { return (v & ~kSign) && (v & ~kSign) < kMinNormal; }
    static bool infinite(B v) { return (v & ~kSign) == kInfinity; }
    static bool zero(B v) { return (v & ~kSign) == 0; }
};

// FPUnpack(): an operand that FPCR.FZ flushes.
template <class F>
BitsOf<F> operand(Pe& pe, BitsOf<F> v) {
    if (!(pe.sys.fpcr & kFz) || !Format<F>::denormal(v)) return v;
    pe.sys.fpsr |= kIdc;
    return v & Format<F>::kSign;
}
template <class F>
BitsOf<F> quieted(Pe& pe, BitsOf<F> v) {  // FPProcessNaN()
    if (Format<F>::signalling(v)) pe.sys.fpsr |= kIoc;
    return pe.sys.fpcr & kDn ? Format<F>::kDefaultNan : v | Format<F>::kQuiet;
}
// FPProcessNaNs(), FPProcessNaNs3(): signalling ones first, in the order given. True: `out` is the result.
template <class F, class... Rest>
bool nans(Pe& pe, BitsOf<F>& out, Rest... v) {
    const BitsOf<F> all[] = {static_cast<BitsOf<F>>(v)...};
    for (const auto x : all)
        if (Format<F>::signalling(x)) return out = quieted<F>(pe, x), true;
    for (const auto x : all)
        if (Format<F>::nan(x)) return out = quieted<F>(pe, x), true;
    return false;
}

constexpr u32 mxcsr_of(u64 fpcr) {
    constexpr u32 kRounding[4] = {0, 2, 1, 3};  // RN, RP, RM, RZ
    return 0x1f80 | kRounding[fpcr >> 22 & 3] << 13;
}

// The compiler may not move the computation of x across this, nor fold it: MXCSR counts.
template <class F>
void pin(F& x) {
    asm volatile("" : "+x"(x));
}

// `compute` on the host under the rounding mode of `fpcr`; its MXCSR flags in `flags`. NaN operands are not its.
template <class F, class Compute, class... A>
F on_host(u32 mxcsr, u32& flags, Compute compute, A... args) {
    const u32 saved = _mm_getcsr();
    _mm_setcsr(mxcsr);
    (pin(args), ...);
    F r = compute(args...);
    pin(r);
    flags = _mm_getcsr() & 0x3f;
    _mm_setcsr(saved);
    return r;
}
template <class F, class Compute, class... A>
BitsOf<F> rounded(Pe& pe, Compute compute, A... args) {
    using Fmt = Format<F>;
    using B = BitsOf<F>;
    const u32 mxcsr = mxcsr_of(pe.sys.fpcr);
    u32 flags = 0;
    const B r = std::bit_cast<B>(on_host<F>(mxcsr, flags, compute, args...));
    if (Fmt::nan(r)) {
        pe.sys.fpsr |= kIoc;
        return Fmt::kDefaultNan;
    }
    const bool inexact = flags & 0x20;
    const B magnitude = r & ~Fmt::kSign;
    bool tiny = magnitude < Fmt::kMinNormal && (magnitude || inexact);
    if (magnitude == Fmt::kMinNormal && inexact) {  // up from below?
        u32 ignored = 0;
        const B down = std::bit_cast<B>(on_host<F>(0x1f80 | 3 << 13, ignored, compute, args...));
        tiny = (down & ~Fmt::kSign) < Fmt::kMinNormal;
    }
    if (tiny && (pe.sys.fpcr & kFz)) {
        pe.sys.fpsr |= kUfc;
        return r & Fmt::kSign;
    }
    if (flags & 1) pe.sys.fpsr |= kIoc;
    if (flags & 4) pe.sys.fpsr |= kDzc;
    if (flags & 8) pe.sys.fpsr |= kOfc;
    if (tiny && inexact) pe.sys.fpsr |= kUfc;
    if (inexact) pe.sys.fpsr |= kIxc;
    return r;
}

}  // namespace bbmsim::cpu::fp
