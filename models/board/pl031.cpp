// SPDX-License-Identifier: Apache-2.0
#include "models/board/pl031.hpp"

#include <utility>

namespace bbmsim::board {
namespace {

constexpr u64 kPicosPerSecond = 1'000'000'000'000;

}  // namespace

struct Pl031Registers {
    using R = Pl031;
    static constexpr auto kTable = std::to_array<Register<R>>({
        {.name = "RTCDR", .offset = 0x00, .rule = Rule::kReadOnly, .on_read = &R::read_dr},
        {.name = "RTCMR", .offset = 0x04, .field = &R::mr_, .on_write = &R::match_written},
        {.name = "RTCLR", .offset = 0x08, .field = &R::lr_, .on_write = &R::load},
        {.name = "RTCCR", .offset = 0x0c, .rule = Rule::kReadOnly, .reset = 1},
        {.name = "RTCIMSC", .offset = 0x10, .write_mask = 1, .field = &R::imsc_, .on_write = &R::mask_written},
        {.name = "RTCRIS", .offset = 0x14, .rule = Rule::kReadOnly, .field = &R::raw_},
        {.name = "RTCMIS", .offset = 0x18, .rule = Rule::kReadOnly, .on_read = &R::read_mis},
        {.name = "RTCICR", .offset = 0x1c, .rule = Rule::kWriteOnly, .write_mask = 1, .on_write = &R::clear},
        {.name = "RTCPeriphID0", .offset = 0xfe0, .rule = Rule::kReadOnly, .reset = 0x31},
        {.name = "RTCPeriphID1", .offset = 0xfe4, .rule = Rule::kReadOnly, .reset = 0x10},
        {.name = "RTCPeriphID2", .offset = 0xfe8, .rule = Rule::kReadOnly, .reset = 0x04},
        {.name = "RTCPeriphID3", .offset = 0xfec, .rule = Rule::kReadOnly, .reset = 0x00},
        {.name = "RTCPCellID0", .offset = 0xff0, .rule = Rule::kReadOnly, .reset = 0x0d},
        {.name = "RTCPCellID1", .offset = 0xff4, .rule = Rule::kReadOnly, .reset = 0xf0},
        {.name = "RTCPCellID2", .offset = 0xff8, .rule = Rule::kReadOnly, .reset = 0x05},
        {.name = "RTCPCellID3", .offset = 0xffc, .rule = Rule::kReadOnly, .reset = 0xb1},
    });
    static_assert(well_formed<R>(kTable));
};

Pl031::Pl031(u64 epoch_seconds, Now now_ps, Line interrupt)
    : now_ps_(std::move(now_ps)),
      interrupt_(std::move(interrupt)),
      regs_("pl031", Pl031Registers::kTable),
      offset_(static_cast<u32>(epoch_seconds)) {
    regs_.reset(*this);
    lr_ = offset_;
}

u32 Pl031::seconds() const { return offset_ + static_cast<u32>(now_ps_() / kPicosPerSecond); }

void Pl031::load(unsigned, u64, u64) {
    offset_ = lr_ - static_cast<u32>(now_ps_() / kPicosPerSecond);
    match_written(0, 0, 0);
}

// The interrupt is raised when the counter, which wraps at 32 bits, becomes equal to the match register.
void Pl031::match_written(unsigned, u64, u64) {
    const u64 whole = now_ps_() / kPicosPerSecond;
    const u32 ahead = mr_ - seconds();
    const u64 at = whole + ahead;
    armed_ = at <= ~u64{0} / kPicosPerSecond;
    deadline_ps_ = armed_ ? at * kPicosPerSecond : 0;
    poll();
}

std::optional<u64> Pl031::next_deadline_ps() const { return armed_ ? std::optional(deadline_ps_) : std::nullopt; }

void Pl031::poll() {
    if (!armed_ || now_ps_() < deadline_ps_) return;
    armed_ = false;
    raw_ |= 1;
    update_line();
}

void Pl031::clear(unsigned, u64 value, u64) {
    raw_ &= ~static_cast<u32>(value);
    update_line();
}

void Pl031::update_line() {
    const bool level = (raw_ & imsc_) != 0;
    if (level == line_) return;
    line_ = level;
    if (interrupt_) interrupt_(level);
}

}  // namespace bbmsim::board
