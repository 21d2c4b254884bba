// SPDX-License-Identifier: Apache-2.0
#include "models/cpu/decode.hpp"

#include "models/cpu/bind.hpp"
#include "models/cpu/pe.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <vector>

namespace bbmsim::cpu {
namespace {

constexpr u32 fixed_mask(const char* bits) {
    u32 mask = 0;
    for (unsigned i = 0; i < 32; ++i) mask = mask << 1 | (bits[i] == '0' || bits[i] == '1');
    return mask;
}
constexpr u32 fixed_value(const char* bits) {
    u32 value = 0;
    for (unsigned i = 0; i < 32; ++i) value = value << 1 | (bits[i] == '1');
    return value;
}

constexpr bool FeatureConfig::*feature_base = nullptr;
constexpr bool FeatureConfig::*feature_lse = &FeatureConfig::lse;
constexpr bool FeatureConfig::*feature_crc32 = &FeatureConfig::crc32;
constexpr bool FeatureConfig::*feature_rcpc = &FeatureConfig::rcpc;
constexpr bool FeatureConfig::*feature_rcpc2 = &FeatureConfig::rcpc2;
constexpr bool FeatureConfig::*feature_flagm = &FeatureConfig::flagm;
constexpr bool FeatureConfig::*feature_flagm2 = &FeatureConfig::flagm2;
constexpr bool FeatureConfig::*feature_pauth = &FeatureConfig::pauth;
constexpr bool FeatureConfig::*feature_sb = &FeatureConfig::sb;
constexpr bool FeatureConfig::*feature_pan = &FeatureConfig::pan;
constexpr bool FeatureConfig::*feature_uao = &FeatureConfig::uao;
constexpr bool FeatureConfig::*feature_dit = &FeatureConfig::dit;
constexpr bool FeatureConfig::*feature_ssbs = &FeatureConfig::ssbs;
constexpr bool FeatureConfig::*feature_fp = &FeatureConfig::fp;
constexpr bool FeatureConfig::*feature_rdm = &FeatureConfig::rdm;
constexpr bool FeatureConfig::*feature_dotprod = &FeatureConfig::dotprod;
constexpr bool FeatureConfig::*feature_aes = &FeatureConfig::aes;
constexpr bool FeatureConfig::*feature_pmull = &FeatureConfig::pmull;
constexpr bool FeatureConfig::*feature_sha1 = &FeatureConfig::sha1;
constexpr bool FeatureConfig::*feature_sha256 = &FeatureConfig::sha256;
constexpr bool FeatureConfig::*feature_sha512 = &FeatureConfig::sha512;
constexpr bool FeatureConfig::*feature_sha3 = &FeatureConfig::sha3;
constexpr bool FeatureConfig::*feature_fp16 = &FeatureConfig::fp16;
constexpr bool FeatureConfig::*feature_fhm = &FeatureConfig::fhm;
constexpr bool FeatureConfig::*feature_fcma = &FeatureConfig::fcma;
constexpr bool FeatureConfig::*feature_jscvt = &FeatureConfig::jscvt;
constexpr bool FeatureConfig::*feature_frintts = &FeatureConfig::frintts;
constexpr bool FeatureConfig::*feature_lor = &FeatureConfig::lor;

#define INST(NAME, MNEMONIC, BITS, OPERANDS, FEATURE) static_assert(sizeof(BITS) == 33, "32 bits: " #NAME " " MNEMONIC);
#include "models/cpu/encodings.inc"
#undef INST

#define INST(NAME, MNEMONIC, BITS, OPERANDS, FEATURE)       \
    EncodingInfo{#NAME,        MNEMONIC,          BITS,     \
                 OPERANDS,     feature_##FEATURE, #FEATURE, \
                 &bind_##NAME, fixed_mask(BITS),  fixed_value(BITS)},
constexpr EncodingInfo kTable[] = {
#include "models/cpu/encodings.inc"
};
#undef INST

// Lines by bits 31:20, the more specific ones first.
class Index {
public:
    Index() {
        for (u32 key = 0; key < kKeys; ++key) {
            start_[key] = static_cast<u16>(lines_.size());
            for (const EncodingInfo& line : kTable)
                if ((((key << kShift) ^ line.value) & line.mask & (~u32{0} << kShift)) == 0) lines_.push_back(&line);
            std::stable_sort(lines_.begin() + start_[key], lines_.end(), [](const auto* a, const auto* b) {
                return std::popcount(a->mask) > std::popcount(b->mask);
            });
        }
        start_[kKeys] = static_cast<u16>(lines_.size());
    }
    [[nodiscard]] const EncodingInfo* find(u32 raw) const {
        const u32 key = raw >> kShift;
        for (u32 i = start_[key]; i < start_[key + 1]; ++i)
            if ((raw & lines_[i]->mask) == lines_[i]->value) return lines_[i];
        return nullptr;
    }

private:
    static constexpr unsigned kShift = 20;
    static constexpr u32 kKeys = 1u << (32 - kShift);
    std::array<u16, kKeys + 1> start_{};
    std::vector<const EncodingInfo*> lines_;
};

}  // namespace

std::span<const EncodingInfo> encodings() { return kTable; }

const EncodingInfo* find_encoding(u32 raw) {
    static const Index index;
    return index.find(raw);
}

bool decode(u32 raw, const DecodeContext& context, Op& out) {
    out = Op{};
    out.raw = raw;
    const EncodingInfo* info = find_encoding(raw);
    constexpr u32 kFpSimd = 3u << 26;  // data processing, loads and stores of SIMD&FP registers
    if (info && info->feature && (raw & kFpSimd) == kFpSimd && !context.features.fp)
        bind_FP_SIMD(out, raw, context);  // reports itself
    else if (info && (!info->feature || context.features.*info->feature))
        info->bind(out, raw, context);
    if (out.fn) return true;
    out = Op{};
    out.raw = raw;
    out.fn = &undefined;
    out.cls = OpClass::kException;
    out.ends_block = true;
    return false;
}

bool allocated(u32 raw) {
    static const FeatureConfig everything = [] {
        FeatureConfig f;
        visit_fields(f, [](const char*, bool& feature) { feature = true; });
        return f;
    }();
    Op op;
    return decode(raw, DecodeContext{everything}, op);
}

}  // namespace bbmsim::cpu
