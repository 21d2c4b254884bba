// SPDX-License-Identifier: Apache-2.0
// Scalar conversions of types S and D: to and from integers (general registers), between the two types, FRINT*.
#include "models/cpu/exec/fp_arithmetic.hpp"
#include "models/cpu/exec/fp_simd.hpp"

#include <cmath>

namespace bbmsim::cpu {
namespace {

template <class F>
using Bits = fp::BitsOf<F>;

enum class Round : u8 { kNearest, kUp, kDown, kZero, kAway };  // the first four as FPCR.RMode

// The integer next to x by the rounding mode, as a number; finite x.
double integral(double x, Round mode) {
    const double below = std::floor(x), part = x - below;
    if (part == 0) return x;
    bool up = false;
    switch (mode) {
        case Round::kNearest: up = part > 0.5 || (part == 0.5 && std::fmod(below, 2) != 0); break;
        case Round::kUp: up = true; break;
        case Round::kDown: break;
        case Round::kZero: up = x < 0; break;
        case Round::kAway: up = part > 0.5 || (part == 0.5 && x > 0); break;
    }
    return std::copysign(up ? below + 1 : below, x);
}

// op.aux: Round; op.aux2: bit 0 unsigned, bit 1 64-bit result.
template <class F>
struct ToInteger {
    static void run(Pe& pe, const Op* op) {
        const auto n = fp::operand<F>(pe, static_cast<Bits<F>>(pe.v[op->rn].lo));
        const bool is_unsigned = op->aux2 & 1;
        const unsigned width = op->aux2 & 2 ? 64 : 32;
        pe.r[op->rd] = convert(pe, n, is_unsigned, width, static_cast<Round>(op->aux));
        if (width == 32) pe.r[op->rd] &= 0xffffffff;
    }
    static u64 convert(Pe& pe, Bits<F> n, bool is_unsigned, unsigned width, Round mode) {
        if (fp::Format<F>::nan(n)) return pe.sys.fpsr |= fp::kIoc, 0;
        const double x = std::bit_cast<F>(n);
        const double rounded = std::isinf(x) ? x : integral(x, mode);
        const double bottom = is_unsigned ? 0 : -std::ldexp(1, static_cast<int>(width) - 1);
        const double beyond = std::ldexp(1, static_cast<int>(is_unsigned ? width : width - 1));
        const u64 top = is_unsigned ? ~u64{0} >> (64 - width) : (u64{1} << (width - 1)) - 1;
        if (rounded < bottom || rounded >= beyond) {
            pe.sys.fpsr |= fp::kIoc;
            return rounded >= beyond ? top : is_unsigned ? 0 : ~top;
        }
        if (rounded != x) pe.sys.fpsr |= fp::kIxc;
        return is_unsigned ? static_cast<u64>(rounded) : static_cast<u64>(static_cast<i64>(rounded));
    }
};

// op.aux2 as above.
template <class F>
struct FromInteger {
    static void run(Pe& pe, const Op* op) {
        const u64 v = pe.r[op->rn];
        const bool is_unsigned = op->aux2 & 1;
        Bits<F> r;
        if (!(op->aux2 & 2))
            r = convert(pe, is_unsigned ? static_cast<i64>(static_cast<u32>(v)) : static_cast<i32>(v), 1);
        else if (!is_unsigned || !(v >> 63))
            r = convert(pe, static_cast<i64>(v), 1);
        else  // half of it, with a sticky bit that keeps the rounding
            r = convert(pe, static_cast<i64>(v >> 1 | (v & 1)), 2);
        pe.v[op->rd] = {r, 0};
    }
    static Bits<F> convert(Pe& pe, i64 v, F scale) {
        return fp::rounded<F>(
            pe,
            [v](F by) {
                F r;
                if constexpr (sizeof(F) == 8)
                    asm volatile("pxor %0, %0\n\tcvtsi2sdq %1, %0" : "=&x"(r) : "r"(v));
                else
                    asm volatile("pxor %0, %0\n\tcvtsi2ssq %1, %0" : "=&x"(r) : "r"(v));
                return r * by;
            },
            scale);
    }
};

// FPConvert(): a NaN keeps its sign and the top of its payload.
struct SingleToDouble {
    static void run(Pe& pe, const Op* op) {
        const u32 n = fp::operand<float>(pe, static_cast<u32>(pe.v[op->rn].lo));
        u64 r;
        if (fp::Format<float>::nan(n)) {
            const u64 q = fp::quieted<float>(pe, n);
            r = (q >> 31) << 63 | u64{0x7ff} << 52 | (q & 0x7fffff) << 29;
        } else {
            r = std::bit_cast<u64>(static_cast<double>(std::bit_cast<float>(n)));
        }
        pe.v[op->rd] = {r, 0};
    }
};
struct DoubleToSingle {
    static void run(Pe& pe, const Op* op) {
        const u64 n = fp::operand<double>(pe, pe.v[op->rn].lo);
        u32 r;
        if (fp::Format<double>::nan(n)) {
            const u64 q = fp::quieted<double>(pe, n);
            r = static_cast<u32>((q >> 63) << 31 | 0x7f800000 | (q >> 29 & 0x7fffff));
        } else {
            r = fp::rounded<float>(
                pe,
                [](double x) {
                    float f;
                    asm volatile("pxor %0, %0\n\tcvtsd2ss %1, %0" : "=&x"(f) : "x"(x));
                    return f;
                },
                std::bit_cast<double>(n));
        }
        pe.v[op->rd] = {r, 0};
    }
};

// op.aux: Round; aux2: bit 0 by FPCR, bit 1 inexact is reported.
template <class F>
struct RoundToIntegral {
    static void run(Pe& pe, const Op* op) {
        const auto n = fp::operand<F>(pe, static_cast<Bits<F>>(pe.v[op->rn].lo));
        Bits<F> r;
        if (!fp::nans<F>(pe, r, n)) {
            const auto mode = static_cast<Round>(op->aux2 & 1 ? pe.sys.fpcr >> 22 & 3 : op->aux);
            const F x = std::bit_cast<F>(n);
            r = fp::Format<F>::infinite(n) ? n : std::bit_cast<Bits<F>>(static_cast<F>(integral(x, mode)));
            if ((op->aux2 & 2) && r != n) pe.sys.fpsr |= fp::kIxc;
        }
        pe.v[op->rd] = {r, 0};
    }
};

void typed(Op& op, u32 raw, Handler single, Handler two) {
    if (field(raw, 22, 2) > 1) return;
    registers(op, raw);
    op.cls = OpClass::kMultiply;
    op.fn = bit(raw, 22) ? two : single;
}
void to_integer(Op& op, u32 raw, Round mode) {
    typed(op, raw, &simd<ToInteger<float>>, &simd<ToInteger<double>>);
    op.rd = destination(raw, 0);
    op.aux = static_cast<u8>(mode);
    op.aux2 = static_cast<u8>(u32{bit(raw, 16)} | u32{bit(raw, 31)} << 1);
}
void round_to_integral(Op& op, u32 raw, Round mode, u8 how) {
    typed(op, raw, &simd<RoundToIntegral<float>>, &simd<RoundToIntegral<double>>);
    op.aux = static_cast<u8>(mode);
    op.aux2 = how;
}

}  // namespace

void bind_FCVT_nearest(Op& op, u32 raw, const DecodeContext&) { to_integer(op, raw, Round::kNearest); }
void bind_FCVT_up(Op& op, u32 raw, const DecodeContext&) { to_integer(op, raw, Round::kUp); }
void bind_FCVT_down(Op& op, u32 raw, const DecodeContext&) { to_integer(op, raw, Round::kDown); }
void bind_FCVT_zero(Op& op, u32 raw, const DecodeContext&) { to_integer(op, raw, Round::kZero); }
void bind_FCVT_away(Op& op, u32 raw, const DecodeContext&) { to_integer(op, raw, Round::kAway); }
void bind_CVTF(Op& op, u32 raw, const DecodeContext&) {
    typed(op, raw, &simd<FromInteger<float>>, &simd<FromInteger<double>>);
    op.rn = source(raw, 5);
    op.aux2 = static_cast<u8>(u32{bit(raw, 16)} | u32{bit(raw, 31)} << 1);
}
void bind_FCVT_to_d(Op& op, u32 raw, const DecodeContext&) {
    registers(op, raw);
    op.fn = &simd<SingleToDouble>;
}
void bind_FCVT_to_s(Op& op, u32 raw, const DecodeContext&) {
    registers(op, raw);
    op.fn = &simd<DoubleToSingle>;
}
void bind_FRINTN(Op& op, u32 raw, const DecodeContext&) { round_to_integral(op, raw, Round::kNearest, 0); }
void bind_FRINTP(Op& op, u32 raw, const DecodeContext&) { round_to_integral(op, raw, Round::kUp, 0); }
void bind_FRINTM(Op& op, u32 raw, const DecodeContext&) { round_to_integral(op, raw, Round::kDown, 0); }
void bind_FRINTZ(Op& op, u32 raw, const DecodeContext&) { round_to_integral(op, raw, Round::kZero, 0); }
void bind_FRINTA(Op& op, u32 raw, const DecodeContext&) { round_to_integral(op, raw, Round::kAway, 0); }
void bind_FRINTX(Op& op, u32 raw, const DecodeContext&) { round_to_integral(op, raw, Round::kNearest, 3); }
void bind_FRINTI(Op& op, u32 raw, const DecodeContext&) { round_to_integral(op, raw, Round::kNearest, 1); }

}  // namespace bbmsim::cpu
