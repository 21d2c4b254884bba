// SPDX-License-Identifier: Apache-2.0
// Arithmetic on numbers with Arm's results and flags, by the host's SSE.
//
// NaN operands, default NaNs, and flushing to zero are decided here and in fp_format.hpp; the host rounds numbers and
// reports its flags. The two differ in tininess: Arm detects it before rounding, SSE after. Halves are computed in
// double precision rounded to odd and then rounded once more: with 53 >= 2 * 11 + 2 bits the result is the exact one's.
#pragma once

#include "models/cpu/exec/fp_round.hpp"

#include <xmmintrin.h>

namespace bbmsim::cpu::fp {

constexpr u32 kHostInvalid = 1, kHostDivideByZero = 4, kHostOverflow = 8, kHostInexact = 0x20;
constexpr u32 kHostToZero = 0x1f80 | 3 << 13;
constexpr u32 mxcsr_of(u64 fpcr) {
    constexpr u32 kRounding[4] = {0, 2, 1, 3};  // RN, RP, RM, RZ
    return 0x1f80 | kRounding[fpcr >> 22 & 3] << 13;
}

// The compiler may not move the computation of x across this, nor fold it: MXCSR counts.
template <class F>
void pin(F& x) {
    asm volatile("" : "+x"(x));
}

// `compute` on the host under `mxcsr`; its flags in `flags`. NaN operands are not its.
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
template <class Compute, class... A>
u16 rounded_half(Pe& pe, Compute compute, A... args) {
    u32 flags = 0;
    double r = on_host<double>(kHostToZero, flags, compute, args...);
    if (std::isnan(r)) return invalid<u16>(pe);
    if (flags & kHostDivideByZero) pe.sys.fpsr |= kDzc;
    if (std::isinf(r)) return Format<Half>::kInfinity | (std::signbit(r) ? Format<Half>::kSign : 0);
    if (r == 0) {  // exactly; its sign is the rounding mode's
        r = on_host<double>(mxcsr_of(pe.sys.fpcr), flags, compute, args...);
        return std::signbit(r) ? Format<Half>::kSign : 0;
    }
    const Parts p = parts(r);
    return round<u16>(pe, p.negative, p.mantissa, p.exponent, flags & kHostInexact, rounding(pe), pe.sys.fpcr);
}
template <class B, class Compute, class... A>
B rounded(Pe& pe, Compute compute, A... args) {
    using F = FormatOf<B>;
    using Fmt = Format<F>;
    if constexpr (Fmt::kIsHalf) {
        return rounded_half(pe, compute, args...);
    } else {
        u32 flags = 0;
        const B r = std::bit_cast<B>(on_host<F>(mxcsr_of(pe.sys.fpcr), flags, compute, args...));
        if (Fmt::nan(r)) return invalid<B>(pe);
        const bool inexact = flags & kHostInexact;
        const B magnitude = Fmt::magnitude(r);
        bool tiny = magnitude < Fmt::kMinNormal && (magnitude || inexact);
        if (magnitude == Fmt::kMinNormal && inexact) {  // up from below?
            u32 ignored = 0;
            const B down = std::bit_cast<B>(on_host<F>(kHostToZero, ignored, compute, args...));
            tiny = Fmt::magnitude(down) < Fmt::kMinNormal;
        }
        if (tiny && (pe.sys.fpcr & kFz)) {
            pe.sys.fpsr |= kUfc;
            return r & Fmt::kSign;
        }
        if (flags & kHostInvalid) pe.sys.fpsr |= kIoc;
        if (flags & kHostDivideByZero) pe.sys.fpsr |= kDzc;
        if (flags & kHostOverflow) pe.sys.fpsr |= kOfc;
        if (tiny && inexact) pe.sys.fpsr |= kUfc;
        if (inexact) pe.sys.fpsr |= kIxc;
        return r;
    }
}

}  // namespace bbmsim::cpu::fp
