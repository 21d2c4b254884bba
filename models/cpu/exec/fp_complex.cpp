// SPDX-License-Identifier: Apache-2.0
// FEAT_FCMA: FCADD and FCMLA, vector and by element. Pairs of elements are complex numbers, the real part first.
#include "models/cpu/exec/fp_bind.hpp"
#include "models/cpu/exec/fp_operations.hpp"

namespace bbmsim::cpu {
namespace {

// op.aux2: the rotation of m in quarter turns; op.ra: the pair of m, or kEach: each its own.
constexpr u8 kEach = 0xff;

template <class T>
T negated(T v, bool negate) {
    return negate ? static_cast<T>(v ^ fp::Format<fp::FormatOf<T>>::kSign) : v;
}
struct Sum {};
template <class, class T>
struct Add {
    static void run(Pe& pe, const Op* op) {
        const auto n = lanes<T>(pe.v[op->rn]), m = lanes<T>(pe.v[op->rm]);
        Lanes<T> d{};
        const bool back = op->aux2 == 3;
        for (unsigned i = 0; i < op->aux / sizeof(T); i += 2) {
            d.e[i] = fp::Add::f(pe, T{0}, n.e[i], negated(m.e[i + 1], !back));
            d.e[i + 1] = fp::Add::f(pe, T{0}, n.e[i + 1], negated(m.e[i], back));
        }
        pe.v[op->rd] = to_vreg(d);
    }
};
template <class, class T>
struct MulAdd {
    static void run(Pe& pe, const Op* op) {
        const auto n = lanes<T>(pe.v[op->rn]), m = lanes<T>(pe.v[op->rm]);
        auto d = lanes<T>(pe.v[op->rd]);
        const bool turned = op->aux2 & 1, minus_real = op->aux2 == 1 || op->aux2 == 2, minus_imaginary = op->aux2 >= 2;
        for (unsigned i = 0; i < op->aux / sizeof(T); i += 2) {
            const unsigned k = op->ra == kEach ? i : 2u * op->ra;
            const T factor = n.e[i + turned], real = m.e[k + turned], imaginary = m.e[k + !turned];
            d.e[i] = fp::MulAdd<false, false>::f(pe, d.e[i], factor, negated(real, minus_real));
            d.e[i + 1] = fp::MulAdd<false, false>::f(pe, d.e[i + 1], factor, negated(imaginary, minus_imaginary));
        }
        pe.v[op->rd] = to_vreg(d);
        clear_above(pe.v[op->rd], op->aux);
    }
};

template <template <class, class> class Shape>
void complex(Op& op, u32 raw, const DecodeContext& context, u32 turns) {
    const unsigned size = field(raw, 22, 2);
    if (size == 0 || (size == 1 && !context.features.fp16)) return;
    vector_fp<Shape, Sum, kHSD>(op, raw, size);
    op.aux2 = static_cast<u8>(turns);
    op.ra = kEach;
}

}  // namespace

void bind_FCADD(Op& op, u32 raw, const DecodeContext& context) { complex<Add>(op, raw, context, bit(raw, 12) ? 3 : 1); }
void bind_FCMLA(Op& op, u32 raw, const DecodeContext& context) { complex<MulAdd>(op, raw, context, field(raw, 11, 2)); }
// Halves have index H:L, singles H.
void bind_FCMLA_element(Op& op, u32 raw, const DecodeContext& context) {
    const unsigned size = field(raw, 22, 2), h = bit(raw, 11), l = bit(raw, 21), q = bit(raw, 30);
    if (size == 3 || (size == 2 && (l || !q)) || (size == 1 && h && !q)) return;
    complex<MulAdd>(op, raw, context, field(raw, 13, 2));
    op.ra = static_cast<u8>(size == 1 ? h << 1 | l : h);
}

}  // namespace bbmsim::cpu
