// SPDX-License-Identifier: Apache-2.0
// Many sessions in one process: same input, same results, alone, in turns and one after another.
#include "tests/sim/guest.hpp"

#include <gtest/gtest.h>
#include <unistd.h>
#include <fstream>
#include <memory>

namespace bbmsim::sim::test {
namespace {

constexpr unsigned kCores = 4;

std::unique_ptr<Session> prepare(const std::string& guest, u64 seed = 3) {
    auto session = std::make_unique<Session>(board_of(kCores), seed);
    load_guest(*session, read_guest(guest));
    return session;
}

std::string alone(const std::string& guest) {
    auto session = prepare(guest);
    EXPECT_EQ(run_to_end(*session), Outcome::kPoweroff);
    return fingerprint(*session, kCores);
}

TEST(Sessions, SameInputSameResult) {
    for (const char* guest : {"pingpong", "dvm", "phases", "timer"}) EXPECT_EQ(alone(guest), alone(guest)) << guest;
}

TEST(Sessions, TakingTurnsGivesWhatEachGivesAlone) {
    std::vector<std::string> guests = {"pingpong", "dvm", "phases", "pingpong"};
    std::vector<std::unique_ptr<Session>> sessions;
    for (const auto& guest : guests) sessions.push_back(prepare(guest));
    std::vector<bool> done(guests.size(), false);
    for (bool going = true; going;) {
        going = false;
        for (std::size_t i = 0; i < sessions.size(); ++i) {
            if (done[i]) continue;
            done[i] = sessions[i]->run({.host_seconds = 0}) != Outcome::kRunning;  // the least turn there is
            going = true;
        }
    }
    for (std::size_t i = 0; i < sessions.size(); ++i) EXPECT_EQ(fingerprint(*sessions[i], kCores), alone(guests[i]));
}

TEST(Sessions, StoppingFromACallbackChangesNoResult) {
    auto session = prepare("phases");
    unsigned stops = 0;
    session->subscribe(u64{1} << static_cast<unsigned>(EventKind::kMarker), [&](const Event&) {
        ++stops;
        session->stop();
    });
    unsigned returns = 0;
    while (session->run({.host_seconds = 60}) == Outcome::kRunning) ++returns;
    EXPECT_EQ(stops, 5u);
    EXPECT_GE(returns, 2u);
    EXPECT_EQ(fingerprint(*session, kCores), alone("phases"));
}

TEST(Sessions, ExceptionOfACallbackComesOutOfRunAndTheSessionGoesOn) {
    auto session = prepare("phases");
    bool thrown = false;
    session->subscribe(u64{1} << static_cast<unsigned>(EventKind::kMarker), [&](const Event&) {
        if (!std::exchange(thrown, true)) throw std::runtime_error("from the callback");
    });
    EXPECT_THROW(run_to_end(*session), std::runtime_error);
    EXPECT_EQ(run_to_end(*session), Outcome::kPoweroff);
    EXPECT_EQ(fingerprint(*session, kCores), alone("phases"));
}

TEST(Sessions, FilterOffGivesTheSameFigures) {
    for (const char* guest : {"pingpong", "phases", "conflict"}) {
        std::string results[2];
        for (const bool filter : {false, true}) {
            BoardConfig board = board_of(kCores);
            board.filter = filter;
            Session session(board, 3);
            load_guest(session, read_guest(guest));
            EXPECT_EQ(run_to_end(session), Outcome::kPoweroff);
            results[filter] = fingerprint(session, kCores);
        }
        EXPECT_EQ(results[0], results[1]) << guest;
    }
}

TEST(Sessions, CallbacksMayUnsubscribeThemselves) {
    auto session = prepare("phases");
    unsigned heard = 0;
    u32 id = 0;
    id = session->subscribe(u64{1} << static_cast<unsigned>(EventKind::kMarker), [&](const Event&) {
        ++heard;
        session->unsubscribe(id);
    });
    EXPECT_EQ(run_to_end(*session), Outcome::kPoweroff);
    EXPECT_EQ(heard, 1u);
}

u64 resident_kib() {
    std::ifstream statm("/proc/self/statm");
    u64 total = 0, resident = 0;
    statm >> total >> resident;
    return resident * static_cast<u64>(sysconf(_SC_PAGESIZE)) / 1024;
}

TEST(Sessions, AHundredMadeAndDestroyedLeakNothingNoticeable) {
    for (int i = 0; i < 10; ++i) run_to_end(*prepare("pingpong"));
    const u64 before = resident_kib();
    for (int i = 0; i < 100; ++i) {
        auto session = prepare("pingpong");
        if (i % 2) run_to_end(*session);  // the others are destroyed unborn
    }
    EXPECT_LT(resident_kib(), before + 2048);
}

TEST(Sessions, NamesThatAreUnknownWhileRunningAreRefusedAndTheSessionGoesOn) {
    auto session = prepare("phases");
    EXPECT_EQ(session->run({.simulated_ps = 1'000'000}), Outcome::kTimeout);
    Injection injection;
    injection.after_symbol = "no_such_function";
    EXPECT_THROW(session->inject(injection), std::invalid_argument);
    EXPECT_EQ(run_to_end(*session), Outcome::kPoweroff);
    EXPECT_THROW(session->add_phase({"", "work", ""}), std::invalid_argument);
}

TEST(Sessions, MemoryIsReadAndWrittenWhileStopped) {
    auto session = prepare("hello");
    const std::vector<u8> bytes = {1, 2, 3, 4, 5};
    session->write_memory(0x41000ffe, bytes);  // across a page
    EXPECT_EQ(session->read_memory(0x41000ffe, 5), bytes);
    u64 pattern = 0;
    std::memcpy(&pattern, session->read_memory(0x41800008, 8).data(), 8);
    EXPECT_EQ(pattern, RamView::pattern(0x41800008));
    EXPECT_THROW(session->read_memory(0x43ffffff, 2), std::out_of_range);
    EXPECT_THROW(session->write_memory(0x10, bytes), std::out_of_range);
    EXPECT_THROW(session->load(0x44000000, bytes), std::out_of_range);
    EXPECT_EQ(session->sysreg(0, "mpidr_el1"), 0x80000000u);
    EXPECT_EQ(session->sysreg(2, "MPIDR_EL1"), 0x80000002u);
    EXPECT_THROW((void)session->sysreg(0, "NO_SUCH_EL1"), std::invalid_argument);
}

TEST(Sessions, TranslationIsInspectedWhileStopped) {
    auto session = prepare("conflict");
    ASSERT_EQ(run_to_end(*session), Outcome::kPoweroff);
    const mmu::WalkResult walk = session->walk(0, 0x40212345);
    EXPECT_FALSE(walk.fault);
    EXPECT_EQ(walk.pa, 0x40212345u);
    EXPECT_EQ(walk.level, 1);
    EXPECT_EQ(walk.span_bytes, u64{1} << 30);
    EXPECT_TRUE(session->walk(0, 0x8000'0000).fault);
    EXPECT_FALSE(session->tlb(0, mmu::Structure::kL1D).empty());
    EXPECT_TRUE(session->tlb(1, mmu::Structure::kL1D).empty());
    EXPECT_EQ(session->sysreg(0, "TTBR0_EL1") & 1, 0u);
    EXPECT_GT(session->checker_stats().fills, 0u);
    EXPECT_TRUE(session->violations().empty());
}

TEST(Sessions, HostWritesToLiveTablesAreJudgedToo) {
    auto session = prepare("conflict");
    ASSERT_EQ(run_to_end(*session), Outcome::kPoweroff);
    const u64 block = session->walk(0, 0x40200000).steps.back().pa;
    std::vector<u8> descriptor = session->read_memory(block, 8);
    descriptor[0] ^= 0x04;  // another memory type in one step
    session->write_memory(block, descriptor);
    ASSERT_EQ(session->violations().size(), 1u);
    EXPECT_EQ(session->violations()[0].pe, kNoPe);
    EXPECT_EQ(session->violations()[0].rule, mmu::Rule::kMemtype);
}

}  // namespace
}  // namespace bbmsim::sim::test
