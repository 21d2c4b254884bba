// SPDX-License-Identifier: Apache-2.0
// Device registers are declared, not switched on: a device has one table of its registers with their access rules, and
// RegisterFile does the rest: lanes of narrow and wide accesses, masks, reset values, and what nobody declared.
//
//     constexpr auto kTable = std::to_array<Register<Device>>({
//         {.name = "IMSC", .offset = 0x38, .write_mask = 0x7ff, .field = &Device::imsc_, .on_write = &Device::changed},
//     });
#pragma once

#include "models/mmu/types.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <span>
#include <string>

namespace bbmsim::board {

enum class Rule : u8 {
    kReadWrite,
    kReadOnly,         // writes ignored
    kWriteOnly,        // reads as zero
    kWriteOneToClear,  // bits written as 1 are cleared
};

template <class Device>
struct Register {
    const char* name;
    u32 offset;  // of element 0, in bytes
    Rule rule = Rule::kReadWrite;
    u8 width = 4;   // bytes: 1, 2, 4, 8
    u16 count = 1;  // elements of an array: element i is at offset + i * width
    u64 reset = 0;  // also the value of a register that has neither field nor on_read: an identification constant
    u64 read_mask = ~u64{0};
    u64 write_mask = ~u64{0};
    u32 Device::*field = nullptr;                      // where the value lives
    u64 (Device::*on_read)(unsigned index) = nullptr;  // gives the value instead of the field
    // Called after the field was stored; `lanes` are the bits that the access wrote and the write mask permits, and
    // `value` has no others.
    void (Device::*on_write)(unsigned index, u64 value, u64 lanes) = nullptr;

    [[nodiscard]] constexpr u32 end() const { return offset + u32{width} * count; }
};

// Sorted, disjoint, with sound widths: a static_assert beside each table.
template <class Device>
constexpr bool well_formed(std::span<const Register<Device>> table) {
    u32 end = 0;
    for (const auto& r : table) {
        if (r.offset < end || r.count == 0 || (r.width != 1 && r.width != 2 && r.width != 4 && r.width != 8))
            return false;
        end = r.end();
    }
    return true;
}

// Accesses to offsets that no register declares: read as zero, write ignored, counted here.
struct Undeclared {
    u32 offset = 0;
    u64 reads = 0, writes = 0;
};

template <class Device>
class RegisterFile {
public:
    constexpr RegisterFile(const char* device, std::span<const Register<Device>> table)
        : device_(device), table_(table) {}

    void reset(Device& device) const {
        for (const auto& r : table_)
            if (r.field != nullptr) device.*r.field = static_cast<u32>(r.reset);
    }

    u64 read(Device& device, u64 offset, unsigned size) {
        u64 result = 0;
        for (unsigned done = 0; done < size;) {
            const Slice s = slice(offset + done, size - done);
            if (s.reg == nullptr)
                ++note(offset + done).reads;
            else
                result |= (value_of(device, s) >> (8 * s.byte) & low_bytes(s.bytes)) << (8 * done);
            done += s.bytes;
        }
        return result;
    }

    void write(Device& device, u64 offset, u64 value, unsigned size) {
        for (unsigned done = 0; done < size;) {
            const Slice s = slice(offset + done, size - done);
            if (s.reg == nullptr)
                ++note(offset + done).writes;
            else
                store(device, s, (value >> (8 * done) & low_bytes(s.bytes)) << (8 * s.byte),
                      low_bytes(s.bytes) << (8 * s.byte));
            done += s.bytes;
        }
    }

    [[nodiscard]] u64 undeclared_accesses() const {
        u64 n = unlisted_;
        for (const auto& u : undeclared()) n += u.reads + u.writes;
        return n;
    }
    [[nodiscard]] std::span<const Undeclared> undeclared() const { return {undeclared_.data(), listed_}; }
    // One line that names them, empty if there were none.
    [[nodiscard]] std::string note() const {
        if (undeclared_accesses() == 0) return {};
        std::string text =
            fmt::format("{}: {} accesses to registers that are not modelled:", device_, undeclared_accesses());
        for (const auto& u : undeclared())
            text += fmt::format(" {:#x} ({} reads, {} writes)", u.offset, u.reads, u.writes);
        if (unlisted_ != 0) text += fmt::format(" and {} accesses to others", unlisted_);
        return text;
    }

    // What the guest touched and nobody declared; the registers' values are the device's.
    template <class A>
    void archive(A& ar) {
        auto& [device, table, others, listed, unlisted, overflow] = *this;
        ar(others, listed, unlisted, overflow);
    }

private:
    struct Slice {
        const Register<Device>* reg = nullptr;
        unsigned index = 0;  // element
        unsigned byte = 0;   // first byte within the element
        unsigned bytes = 0;  // how many of the access fall into it
    };

    static constexpr u64 low_bytes(unsigned n) { return n >= 8 ? ~u64{0} : (u64{1} << (8 * n)) - 1; }

    [[nodiscard]] Slice slice(u64 offset, unsigned left) const {
        auto next = std::upper_bound(table_.begin(), table_.end(), offset,
                                     [](u64 o, const Register<Device>& r) { return o < r.offset; });
        if (next != table_.begin()) {
            const Register<Device>& r = *(next - 1);
            if (offset < r.end()) {
                const u64 in = offset - r.offset;
                const auto byte = static_cast<unsigned>(in % r.width);
                return {&r, static_cast<unsigned>(in / r.width), byte, std::min(left, r.width - byte)};
            }
        }
        // Up to the next register or word boundary, so that a wide access is noted word by word.
        u64 gap = 4 - offset % 4;
        if (next != table_.end()) gap = std::min<u64>(gap, next->offset - offset);
        return {nullptr, 0, 0, static_cast<unsigned>(std::min<u64>(left, gap))};
    }

    u64 value_of(Device& device, const Slice& s) {
        const Register<Device>& r = *s.reg;
        if (r.rule == Rule::kWriteOnly) return 0;
        const u64 v = r.on_read != nullptr ? (device.*r.on_read)(s.index)
                      : r.field != nullptr ? device.*r.field
                                           : r.reset;
        return v & r.read_mask;
    }

    void store(Device& device, const Slice& s, u64 value, u64 lanes) {
        const Register<Device>& r = *s.reg;
        if (r.rule == Rule::kReadOnly) return;
        lanes &= r.write_mask;
        value &= lanes;
        if (r.field != nullptr) {
            u32& f = device.*r.field;
            f = static_cast<u32>(r.rule == Rule::kWriteOneToClear ? f & ~value : (f & ~lanes) | value);
        }
        if (r.on_write != nullptr) (device.*r.on_write)(s.index, value, lanes);
    }

    Undeclared& note(u64 offset) {
        for (unsigned i = 0; i < listed_; ++i)
            if (undeclared_[i].offset == offset) return undeclared_[i];
        if (listed_ < undeclared_.size()) {
            undeclared_[listed_].offset = static_cast<u32>(offset);
            return undeclared_[listed_++];
        }
        ++unlisted_;
        return overflow_ = {};
    }

    const char* device_;
    std::span<const Register<Device>> table_;
    std::array<Undeclared, 16> undeclared_{};  // bounded: a guest can't make the host allocate
    unsigned listed_ = 0;
    u64 unlisted_ = 0;
    Undeclared overflow_{};
};

}  // namespace bbmsim::board
