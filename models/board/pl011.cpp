// SPDX-License-Identifier: Apache-2.0
#include "models/board/pl011.hpp"

#include <utility>

namespace bbmsim::board {
namespace {

constexpr u32 kFrRxEmpty = 1 << 4, kFrRxFull = 1 << 6, kFrTxEmpty = 1 << 7;
constexpr u32 kLcrhFifoEnable = 1 << 4;
constexpr u32 kCrEnable = 1 << 0, kCrLoopback = 1 << 7, kCrTransmit = 1 << 8, kCrReceive = 1 << 9;
constexpr u32 kIntReceive = 1 << 4, kIntTransmit = 1 << 5, kIntReceiveTimeout = 1 << 6, kIntOverrun = 1 << 10;
constexpr u32 kRsrOverrun = 1 << 3;
constexpr unsigned kFifoBytes = 16;

}  // namespace

struct Pl011Registers {
    using U = Pl011;
    static constexpr auto kTable = std::to_array<Register<U>>({
        {.name = "UARTDR", .offset = 0x00, .write_mask = 0xff, .on_read = &U::read_dr, .on_write = &U::write_dr},
        // UARTRSR: error flags of the last character read; a write of anything (UARTECR) clears them.
        {.name = "UARTRSR", .offset = 0x04, .write_mask = 0, .field = &U::rsr_, .on_write = &U::clear_errors},
        {.name = "UARTFR", .offset = 0x18, .rule = Rule::kReadOnly, .on_read = &U::read_fr},
        {.name = "UARTILPR", .offset = 0x20, .write_mask = 0xff, .field = &U::ilpr_},
        {.name = "UARTIBRD", .offset = 0x24, .write_mask = 0xffff, .field = &U::ibrd_},
        {.name = "UARTFBRD", .offset = 0x28, .write_mask = 0x3f, .field = &U::fbrd_},
        {.name = "UARTLCR_H",
         .offset = 0x2c,
         .write_mask = 0xff,
         .field = &U::lcrh_,
         .on_write = &U::line_control_written},
        {.name = "UARTCR",
         .offset = 0x30,
         .reset = 0x300,
         .write_mask = 0xff87,
         .field = &U::cr_,
         .on_write = &U::control_written},
        {.name = "UARTIFLS", .offset = 0x34, .reset = 0x12, .write_mask = 0x3f, .field = &U::ifls_},
        {.name = "UARTIMSC", .offset = 0x38, .write_mask = 0x7ff, .field = &U::imsc_, .on_write = &U::mask_written},
        {.name = "UARTRIS", .offset = 0x3c, .rule = Rule::kReadOnly, .on_read = &U::read_ris},
        {.name = "UARTMIS", .offset = 0x40, .rule = Rule::kReadOnly, .on_read = &U::read_mis},
        {.name = "UARTICR", .offset = 0x44, .rule = Rule::kWriteOnly, .write_mask = 0x7ff, .on_write = &U::write_icr},
        {.name = "UARTDMACR", .offset = 0x48, .write_mask = 0x7, .field = &U::dmacr_},
        {.name = "UARTPeriphID0", .offset = 0xfe0, .rule = Rule::kReadOnly, .reset = 0x11},
        {.name = "UARTPeriphID1", .offset = 0xfe4, .rule = Rule::kReadOnly, .reset = 0x10},
        {.name = "UARTPeriphID2", .offset = 0xfe8, .rule = Rule::kReadOnly, .reset = 0x14},  // r1p1
        {.name = "UARTPeriphID3", .offset = 0xfec, .rule = Rule::kReadOnly, .reset = 0x00},
        {.name = "UARTPCellID0", .offset = 0xff0, .rule = Rule::kReadOnly, .reset = 0x0d},
        {.name = "UARTPCellID1", .offset = 0xff4, .rule = Rule::kReadOnly, .reset = 0xf0},
        {.name = "UARTPCellID2", .offset = 0xff8, .rule = Rule::kReadOnly, .reset = 0x05},
        {.name = "UARTPCellID3", .offset = 0xffc, .rule = Rule::kReadOnly, .reset = 0xb1},
    });
    static_assert(well_formed<U>(kTable));
};

Pl011::Pl011(Transmit transmit, Line interrupt)
    : transmit_(std::move(transmit)), interrupt_(std::move(interrupt)), regs_("pl011", Pl011Registers::kTable) {
    regs_.reset(*this);
}

bool Pl011::receiving() const { return (cr_ & (kCrEnable | kCrReceive)) == (kCrEnable | kCrReceive); }

unsigned Pl011::capacity() const { return (lcrh_ & kLcrhFifoEnable) != 0 ? kFifoBytes : 1; }

// UARTIFLS.RXIFLSEL: 1/8, 1/4, 1/2, 3/4, 7/8 full; the reserved values act as the last.
unsigned Pl011::trigger() const {
    constexpr unsigned kLevels[8] = {2, 4, 8, 12, 14, 14, 14, 14};
    return (lcrh_ & kLcrhFifoEnable) != 0 ? kLevels[ifls_ >> 3 & 7] : 1;
}

void Pl011::push_input(std::string_view bytes) {
    backlog_.insert(backlog_.end(), bytes.begin(), bytes.end());
    receive();
}

// A character arrives in the FIFO, which has room. What comes next is known (the backlog is all there is), so the
// receive timeout elapses at once.
void Pl011::accept(u8 byte) {
    fifo_.push_back(byte);
    if (fifo_.size() >= trigger()) raw_ |= kIntReceive;
    if ((lcrh_ & kLcrhFifoEnable) != 0) raw_ |= kIntReceiveTimeout;
}

void Pl011::receive() {
    while (receiving() && !backlog_.empty() && fifo_.size() < capacity()) {
        accept(backlog_.front());
        backlog_.pop_front();
    }
    update_line();
}

u64 Pl011::read_dr(unsigned) {
    u64 value = 0;
    if (!fifo_.empty()) {
        value = fifo_.front();
        fifo_.pop_front();
    }
    if (fifo_.size() < trigger()) raw_ &= ~kIntReceive;
    if (fifo_.empty()) {
        raw_ &= ~kIntReceiveTimeout;
        receive();
    }
    update_line();
    return value;
}

void Pl011::write_dr(unsigned, u64 value, u64 lanes) {
    if ((lanes & 0xff) == 0) return;
    const auto byte = static_cast<u8>(value);
    if ((cr_ & kCrLoopback) != 0) {
        loop_back(byte);
    } else {
        if ((cr_ & (kCrEnable | kCrTransmit)) != (kCrEnable | kCrTransmit)) ++sent_while_disabled_;
        if (transmit_) transmit_(byte);
    }
    raw_ |= kIntTransmit;
    update_line();
}

// Unlike the host, the transmitter does not wait for the receiver: what finds no room is an overrun.
void Pl011::loop_back(u8 byte) {
    if (!receiving()) return;
    if (fifo_.size() < capacity()) {
        accept(byte);
    } else {
        rsr_ |= kRsrOverrun;
        raw_ |= kIntOverrun;
    }
}

void Pl011::clear_errors(unsigned, u64, u64) { rsr_ = 0; }

u64 Pl011::read_fr(unsigned) {
    return kFrTxEmpty | (fifo_.empty() ? kFrRxEmpty : 0) | (fifo_.size() >= capacity() ? kFrRxFull : 0);
}

void Pl011::write_icr(unsigned, u64 value, u64) {
    raw_ &= ~static_cast<u32>(value);
    update_line();
}

// Switching the FIFOs empties them into nothing on hardware; here what was received goes back to wait for its turn.
void Pl011::line_control_written(unsigned, u64, u64) {
    if (fifo_.size() > capacity()) {
        backlog_.insert(backlog_.begin(), fifo_.begin() + capacity(), fifo_.end());
        fifo_.resize(capacity());
    }
    if (!fifo_.empty() && fifo_.size() >= trigger()) raw_ |= kIntReceive;
    receive();
}

void Pl011::control_written(unsigned, u64, u64) { receive(); }

void Pl011::update_line() {
    const bool level = (raw_ & imsc_) != 0;
    if (level == line_) return;
    line_ = level;
    if (interrupt_) interrupt_(level);
}

}  // namespace bbmsim::board
