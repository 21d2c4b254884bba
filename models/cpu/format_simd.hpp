// SPDX-License-Identifier: Apache-2.0
// SIMD&FP operands of the operand language, see format.cpp.
#pragma once

#include "models/cpu/encoding_bits.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace bbmsim::cpu {

// The text of a token, or nothing if it is not one of these:
//   Bf Hf Sf Df Qf   scalar register of field f
//   Yf               by the access: size z, or Q if q is set
//   Pf               S, D or Q by the pair's opc p
//   Ef               by the element size z
//   Gf If Jf Kf      by the size above z; by the shift immediate i, the size above it; by the element number i
//   Ff               floating point, by the type y: S, D, reserved, H
//   Vf.A             vector of field f with arrangement A: T elements of size z in Q, L of the size above in 128 bits,
//                    P of the size above in Q, I and J as If and Jf, W as Kf, B H S D that size in Q, R halves in half
//                    of Q, F floating point by size y in Q, U a pair of them, C and N of the size below in Q and itself
//                    in 128 bits, or written out (16b)
//   and lists, elements and immediates by name
std::optional<std::string> simd_token(const Bits& b, std::string_view token);

}  // namespace bbmsim::cpu
