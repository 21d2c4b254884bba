// SPDX-License-Identifier: Apache-2.0
// Arm PrimeCell UART PL011, revision r1p1 (16-byte FIFOs), as Linux's and U-Boot's drivers expect it.
//
// Models: every register of the manual's summary, transmission byte by byte to a callback, reception from the host
// through the FIFO with trigger levels and receive timeout, loopback, the masked interrupt output.
// Leaves out: the time that characters take (transmission is instant, so the transmit FIFO is always empty and the
// transmit interrupt is raised by each write; the receive timeout elapses at once), modem lines, DMA requests, line
// errors other than the overrun of a loopback. As QEMU does, it transmits even while CR has the UART disabled; such
// bytes are counted. Input waits until CR has the receiver enabled. Source: Arm DDI 0183G.
#pragma once

#include "models/board/registers.hpp"

#include <deque>
#include <functional>
#include <string_view>

namespace bbmsim {
class Archive;
}

namespace bbmsim::board {

class Pl011 {
public:
    using Transmit = std::function<void(u8)>;
    using Line = std::function<void(bool level)>;
    Pl011(Transmit transmit, Line interrupt);

    u64 read(u64 offset, unsigned size) { return regs_.read(*this, offset, size); }
    void write(u64 offset, u64 value, unsigned size) { regs_.write(*this, offset, value, size); }

    // From the host: bytes that do not fit the FIFO wait and follow as the guest reads; none is lost.
    void push_input(std::string_view bytes);

    [[nodiscard]] u64 waiting_input() const { return backlog_.size(); }
    [[nodiscard]] u64 sent_while_disabled() const { return sent_while_disabled_; }
    [[nodiscard]] std::string note() const { return regs_.note(); }
    void archive(Archive& ar);

private:
    friend struct Pl011Registers;

    u64 read_dr(unsigned);
    void write_dr(unsigned, u64 value, u64);
    u64 read_fr(unsigned);
    u64 read_ris(unsigned) { return raw_; }
    u64 read_mis(unsigned) { return raw_ & imsc_; }
    void write_icr(unsigned, u64 value, u64);
    void line_control_written(unsigned, u64, u64);
    void control_written(unsigned, u64, u64);
    void mask_written(unsigned, u64, u64) { update_line(); }

    [[nodiscard]] bool receiving() const;
    [[nodiscard]] unsigned capacity() const;
    [[nodiscard]] unsigned trigger() const;
    void accept(u8 byte);
    void loop_back(u8 byte);
    void clear_errors(unsigned, u64, u64);
    void receive();  // backlog to FIFO, and the interrupts that this raises
    void update_line();

    Transmit transmit_;
    Line interrupt_;
    RegisterFile<Pl011> regs_;
    u32 rsr_ = 0, ilpr_ = 0, ibrd_ = 0, fbrd_ = 0, lcrh_ = 0, cr_ = 0, ifls_ = 0, imsc_ = 0, dmacr_ = 0;
    u32 raw_ = 0;  // RIS
    std::deque<u8> fifo_, backlog_;
    bool line_ = false;
    u64 sent_while_disabled_ = 0;
};

}  // namespace bbmsim::board
