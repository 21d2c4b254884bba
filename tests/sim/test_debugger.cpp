// SPDX-License-Identifier: Apache-2.0
// The debugger's view: stops are where they were asked for, and no figure knows of them.
#include "tests/sim/guest.hpp"

#include <gtest/gtest.h>
#include <algorithm>
#include <cstring>
#include <memory>
#include <set>

namespace bbmsim::sim::test {
namespace {

constexpr unsigned kCores = 4;

struct Debugged {
    explicit Debugged(const std::string& name) : guest(read_guest(name)), session(board_of(kCores), 3) {
        load_guest(session, guest);
    }
    [[nodiscard]] u64 address(const std::string& name) const {
        const auto found = std::ranges::find(guest.symbols, name, &Symbol::name);
        EXPECT_NE(found, guest.symbols.end()) << name;
        return found->address;
    }
    [[nodiscard]] u64 reg(PeId core, unsigned number) {
        const auto bytes = session.debugger().read_register(core, number);
        u64 value = 0;
        std::memcpy(&value, bytes.data(), std::min<std::size_t>(8, bytes.size()));
        return value;
    }
    [[nodiscard]] u64 pc(PeId core) { return reg(core, Debugger::kPc); }
    void set_pc(PeId core, u64 pc) {
        std::vector<u8> bytes(8);
        std::memcpy(bytes.data(), &pc, 8);
        session.debugger().write_register(core, Debugger::kPc, bytes);
    }

    Guest guest;
    Session session;
};

std::string undisturbed(const std::string& name) {
    Debugged run(name);
    EXPECT_EQ(run_to_end(run.session), Outcome::kPoweroff);
    return fingerprint(run.session, kCores);
}

TEST(Debugger, BreakpointStopsEachCallAndChangesNoFigure) {
    Debugged run("phases");
    const u64 work = run.address("work");
    std::vector<u64> depth;
    run.session.debugger().attach([&](const Debugger::Stop& stop) {
        EXPECT_EQ(stop.reason, cpu::StopReason::kBreakpoint);
        EXPECT_EQ(stop.core, 0);
        EXPECT_EQ(stop.address, work);
        EXPECT_EQ(run.pc(0), work);
        depth.push_back(run.reg(0, 0));
    });
    run.session.debugger().set_breakpoints(std::vector{work});
    EXPECT_EQ(run_to_end(run.session), Outcome::kPoweroff);
    EXPECT_EQ(depth, (std::vector<u64>{3, 2, 1, 0, 2, 1, 0, 0}));
    EXPECT_EQ(fingerprint(run.session, kCores), undisturbed("phases"));
}

TEST(Debugger, EveryInstructionOfAPeByStepsChangesNoFigure) {
    for (const char* name : {"phases", "pingpong", "dvm", "timer"}) {
        Debugged run(name);
        Debugger& debugger = run.session.debugger();
        u64 steps = 0;
        debugger.attach([&](const Debugger::Stop& stop) {
            EXPECT_EQ(stop.reason, cpu::StopReason::kStep);
            EXPECT_EQ(stop.core, 0);
            const cpu::Pe& pe = run.session.pe(0);
            EXPECT_GE(pe.instructions + pe.exceptions, steps);
            ++steps;
            debugger.step(0);
        });
        debugger.halt(0);
        EXPECT_EQ(run_to_end(run.session), Outcome::kPoweroff);
        EXPECT_EQ(fingerprint(run.session, kCores), undisturbed(name)) << name;
        const cpu::Pe& pe = run.session.pe(0);
        EXPECT_GE(steps + 1, pe.instructions) << name;
        EXPECT_LE(steps, pe.instructions + pe.exceptions + 1) << name;
    }
}

// The address that the first instruction of pingpong's `second` computes.
u64 ball_of(Debugged& run) {
    Debugged other("pingpong");
    u64 ball = 0;
    other.session.debugger().attach([&](const Debugger::Stop&) {
        ball = other.reg(1, 10);
        other.session.stop();
    });
    other.session.debugger().set_breakpoints(std::vector{run.address("second") + 4});
    EXPECT_EQ(other.session.run({.host_seconds = 60}), Outcome::kRunning);
    return ball;
}

TEST(Debugger, WatchpointsStopBeforeTheAccessAndChangeNoFigure) {
    Debugged run("pingpong");
    Debugger& debugger = run.session.debugger();
    const u64 ball = ball_of(run);
    std::vector<u64> before;
    std::set<PeId> cores;
    debugger.attach([&](const Debugger::Stop& stop) {
        EXPECT_EQ(stop.reason, cpu::StopReason::kWatchpoint);
        EXPECT_EQ(stop.address, ball);
        EXPECT_EQ(stop.watchpoint, 1u);
        cores.insert(stop.core);
        u64 value = 0;
        std::memcpy(&value, run.session.read_memory(ball, 8).data(), 8);
        before.push_back(value);
        EXPECT_EQ(run.reg(stop.core, 12), value + 1);  // what STLR is about to store
    });
    debugger.set_watchpoints({{ball + 64, ball + 71, true, true}, {ball, ball + 7, false, true}});
    EXPECT_EQ(run_to_end(run.session), Outcome::kPoweroff);
    ASSERT_EQ(before.size(), 100u);
    for (u64 i = 0; i < before.size(); ++i) EXPECT_EQ(before[i], i);
    EXPECT_EQ(cores, (std::set<PeId>{0, 1}));
    EXPECT_EQ(fingerprint(run.session, kCores), undisturbed("pingpong"));
}

TEST(Debugger, ReadsAreWatchedWhenAskedFor) {
    Debugged run("pingpong");
    const u64 ball = ball_of(run);
    unsigned stops = 0;
    run.session.debugger().attach([&](const Debugger::Stop&) {
        ++stops;
        run.session.debugger().set_watchpoints({});
    });
    run.session.debugger().set_watchpoints({{ball + 7, ball + 7, true, false}});
    EXPECT_EQ(run_to_end(run.session), Outcome::kPoweroff);
    EXPECT_EQ(stops, 1u);
}

TEST(Debugger, ChangedRegistersAndProgramCounterCount) {
    Debugged run("phases");
    const u64 work = run.address("work");
    run.session.debugger().attach([&](const Debugger::Stop&) {
        run.set_pc(0, run.reg(0, 30));  // return at once
    });
    run.session.debugger().set_breakpoints(std::vector{work});
    EXPECT_EQ(run_to_end(run.session), Outcome::kPoweroff);
    EXPECT_LT(run.session.pe(0).instructions, 200u);
}

TEST(Debugger, OnePeStepsAloneWhileTheOthersStand) {
    Debugged run("phases");
    Debugger& debugger = run.session.debugger();
    const u64 counting = run.address("counting");
    unsigned stops = 0;
    debugger.set_breakpoints(std::vector{counting});
    debugger.attach([&](const Debugger::Stop& stop) {
        ++stops;
        debugger.set_breakpoints({});
        ASSERT_EQ(stop.core, 1);
        EXPECT_THROW(debugger.step_alone(1), std::logic_error);
        const u64 other = run.session.pe(1).instructions;
        for (int i = 0; i < 10; ++i) {
            const u64 instructions = run.session.pe(0).instructions;
            EXPECT_TRUE(debugger.step_alone(0));
            EXPECT_EQ(run.session.pe(0).instructions, instructions + 1);
        }
        EXPECT_EQ(run.session.pe(1).instructions, other);
    });
    EXPECT_EQ(run_to_end(run.session), Outcome::kPoweroff);
    EXPECT_EQ(stops, 1u);
}

TEST(Debugger, AWaitingPeWakesUpForAStep) {
    Debugged run("deadlock");
    EXPECT_EQ(run.session.run({.host_seconds = 60}), Outcome::kDeadlock);
    EXPECT_EQ(run.session.debugger().state(0), "waits in WFI");
    const u64 instructions = run.session.pe(0).instructions;
    EXPECT_TRUE(run.session.debugger().step_alone(0));
    EXPECT_EQ(run.session.pe(0).instructions, instructions + 1);
}

TEST(Debugger, AHeldPeDoesNotExecute) {
    Debugged run("phases");
    Debugger& debugger = run.session.debugger();
    const u64 counting = run.address("counting");
    u64 held_at = 0;
    debugger.attach([&](const Debugger::Stop& stop) {
        if (stop.core == 1) {
            held_at = run.session.pe(1).instructions;
            debugger.hold(pe_bit(1));
            debugger.set_breakpoints(std::vector{run.address("work")});
        } else {
            EXPECT_EQ(run.session.pe(1).instructions, held_at);
        }
    });
    debugger.set_breakpoints(std::vector{counting});
    EXPECT_EQ(run_to_end(run.session), Outcome::kPoweroff);
    EXPECT_EQ(run.session.pe(1).instructions, held_at);
}

TEST(Debugger, WhatTheHandlerThrowsComesOutOfRun) {
    Debugged run("phases");
    run.session.debugger().attach([&](const Debugger::Stop&) { throw std::runtime_error("from the debugger"); });
    run.session.debugger().halt(0);
    EXPECT_THROW(run_to_end(run.session), std::runtime_error);
    run.session.debugger().detach();
    EXPECT_EQ(run_to_end(run.session), Outcome::kPoweroff);
    EXPECT_EQ(fingerprint(run.session, kCores), undisturbed("phases"));
}

TEST(Debugger, RegistersAreWrittenAndRead) {
    Debugged run("phases");
    Debugger& debugger = run.session.debugger();
    debugger.attach([&](const Debugger::Stop&) {
        EXPECT_EQ(run.reg(0, Debugger::kCpsr), 0x3c5u);  // EL1h, all masked
        for (unsigned n = 0; n < Debugger::kRegisters; ++n) {
            if (n >= Debugger::kPc && n != Debugger::kV0 + 31) continue;
            std::vector<u8> bytes(Debugger::register_bytes(n), static_cast<u8>(n + 1));
            debugger.write_register(0, n, bytes);
            EXPECT_EQ(debugger.read_register(0, n), bytes);
        }
        const std::vector<u8> flags = {0xc5, 0x03, 0, 0xa0};
        debugger.write_register(0, Debugger::kCpsr, flags);
        EXPECT_EQ(debugger.read_register(0, Debugger::kCpsr), flags);
        EXPECT_THROW(debugger.write_register(0, Debugger::kRegisters, flags), std::invalid_argument);
        EXPECT_THROW(debugger.write_register(0, 0, flags), std::invalid_argument);
        for (const auto& r : debugger.system_registers(0)) {
            const u64 value = debugger.read_system_register(0, r.encoding);
            if (r.name == "VBAR_EL1") {
                EXPECT_TRUE(debugger.write_system_register(0, r.encoding, 0x40201fff));
                EXPECT_EQ(debugger.read_system_register(0, r.encoding), 0x40201800u);
                EXPECT_TRUE(debugger.write_system_register(0, r.encoding, value));
            }
            if (r.name == "MIDR_EL1") {
                EXPECT_FALSE(r.writable);
                EXPECT_FALSE(debugger.write_system_register(0, r.encoding, 1));
            }
        }
        run.session.stop();
    });
    debugger.halt(0);
    EXPECT_EQ(run.session.run({.host_seconds = 60}), Outcome::kRunning);
}

}  // namespace
}  // namespace bbmsim::sim::test
