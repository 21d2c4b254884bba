// SPDX-License-Identifier: Apache-2.0
// Phases by guest markers and by symbols: nested, repeated, recursive; their parts add up.
#include "tests/sim/guest.hpp"

#include <gtest/gtest.h>
#include <numeric>

namespace bbmsim::sim::test {
namespace {

struct Ran {
    std::vector<PhaseResult> phases;
    std::vector<Event> markers;
    std::pair<u64, u64> progress;
};

Ran run_phases(const std::vector<PhaseSpec>& specs, const std::vector<Symbol>* symbols = nullptr) {
    Session session(board_of(3), 1);
    const Guest guest = read_guest("phases");
    load_guest(session, guest);
    if (symbols) session.set_symbols(*symbols);
    for (const PhaseSpec& spec : specs) session.add_phase(spec);
    session.record_trace(u64{1} << static_cast<unsigned>(EventKind::kMarker), 1000);
    EXPECT_EQ(run_to_end(session), Outcome::kPoweroff);
    return {session.phases(), session.trace(), session.progress()};
}

void expect_sound(const PhaseResult& p) {
    EXPECT_TRUE(p.complete) << p.name;
    ASSERT_EQ(p.cores.size(), 3u);
    u64 total = 0;
    for (const PhaseCore& core : p.cores) {
        EXPECT_EQ(std::accumulate(core.cycles.begin(), core.cycles.end(), u64{0}), core.total_cycles) << p.name;
        // 2 GHz: 500 ps a cycle; the cores agree to within a quantum at each end of each occurrence.
        EXPECT_NEAR(static_cast<double>(core.total_cycles) * 500, static_cast<double>(p.duration_ps),
                    2e6 * static_cast<double>(p.count))
            << p.name;
        total += core.total_cycles;
    }
    EXPECT_EQ(p.total_cycles, total);
}

TEST(Phases, MarkersNestAndAddUp) {
    const Ran ran = run_phases({});
    ASSERT_EQ(ran.phases.size(), 2u);
    const PhaseResult &outer = ran.phases[0], &inner = ran.phases[1];
    EXPECT_EQ(outer.name, "outer");
    EXPECT_EQ(inner.name, "inner");
    expect_sound(outer);
    expect_sound(inner);
    EXPECT_LT(outer.begin_ps, inner.begin_ps);
    EXPECT_LE(inner.end_ps, outer.end_ps);
    // work(2) runs three loops of 1000 rounds, work(0) one: two instructions a round.
    EXPECT_GE(inner.cores[0].instructions, 2000u);
    EXPECT_LT(inner.cores[0].instructions, 2100u);
    EXPECT_GE(outer.cores[0].instructions, 8000u);
    EXPECT_EQ(outer.cores[2].cycles[static_cast<unsigned>(cpu::Cost::kParked)], outer.cores[2].total_cycles);
    EXPECT_EQ(ran.progress, (std::pair<u64, u64>(3, 4)));
}

TEST(Phases, SymbolPhaseEndsAtTheOutermostReturnAndAddsUpItsCalls) {
    const Ran ran = run_phases({{"work", "work", ""}, {"never", "counting", "work"}});
    ASSERT_EQ(ran.phases.size(), 4u);
    const PhaseResult& work = ran.phases[0];
    EXPECT_EQ(work.name, "work");
    EXPECT_EQ(work.count, 3u);
    EXPECT_EQ(work.pe, 0);
    expect_sound(work);
    // Calls of 4, 3 and 1 loops.
    EXPECT_GE(work.cores[0].instructions, 16'000u);
    EXPECT_LT(work.cores[0].instructions, 16'200u);
    const PhaseResult& never = ran.phases[1];  // PE 1 enters `counting` and never reaches `work`
    EXPECT_EQ(never.pe, 1);
    EXPECT_EQ(never.count, 1u);
    EXPECT_FALSE(never.complete);
    EXPECT_GT(never.total_cycles, 0u);
}

TEST(Phases, CodeThatRunsAtTheSymbolsPhysicalAddressIsTheSymbol) {
    std::vector<Symbol> symbols = read_guest("phases").symbols;
    for (Symbol& s : symbols) {
        s.physical = s.address;
        s.address += 0xffff000000000000;
    }
    const Ran ran = run_phases({{"work", "work", ""}}, &symbols);
    EXPECT_EQ(ran.phases[0].count, 3u);
    expect_sound(ran.phases[0]);
}

TEST(Phases, EveryBeginAndEndIsAnEvent) {
    const Ran ran = run_phases({{"work", "work", ""}});
    unsigned begins = 0, ends = 0, progress = 0;
    for (const Event& e : ran.markers) {
        if (e.sub == 2) {
            ++progress;
            EXPECT_EQ(e.a, 3u);
            EXPECT_EQ(e.b, 4u);
            continue;
        }
        ASSERT_LT(e.a, ran.phases.size());
        ++(e.sub == 0 ? begins : ends);
    }
    EXPECT_EQ(begins, 5u);
    EXPECT_EQ(ends, 5u);
    EXPECT_EQ(progress, 1u);
}

TEST(Phases, UnknownSymbolIsNamed) {
    Session session(board_of(3), 1);
    load_guest(session, read_guest("phases"));
    session.add_phase({"p", "no_such_function", ""});
    try {
        session.run({});
        FAIL();
    } catch (const std::invalid_argument& error) {
        EXPECT_STREQ(error.what(), "phase 'p': no symbol 'no_such_function'");
    }
}

TEST(Phases, InstructionTraceShowsEveryInstructionAndChangesNoResult) {
    auto run = [](bool trace) {
        Session session(board_of(2), 1);
        load_guest(session, read_guest("power"));
        if (trace) session.record_trace(u64{1} << static_cast<unsigned>(EventKind::kInstruction), 1'000'000);
        run_to_end(session);
        if (trace) {
            u64 retired = 0;
            for (PeId pe = 0; pe < 2; ++pe) retired += session.core_stats(pe).instructions;
            EXPECT_GE(session.trace().size(), retired);  // those that waited for board time show twice
            EXPECT_EQ(session.disassemble(static_cast<u32>(session.trace()[0].a), session.trace()[0].pc),
                      "movz x1, #0x1");
        }
        return fingerprint(session, 2);
    };
    EXPECT_EQ(run(true), run(false));
}

TEST(Phases, ObservingChangesNoResult) {
    auto end_of = [](bool observe) {
        Session session(board_of(1), 1);
        load_guest(session, read_guest("hello"));
        if (observe) {
            session.record_trace(~u64{0}, 10);
            session.subscribe(~u64{0}, [](const Event&) {});
        }
        run_to_end(session);
        EXPECT_EQ(session.trace_dropped() > 0, observe);
        return fingerprint(session, 1);
    };
    EXPECT_EQ(end_of(true), end_of(false));
}

}  // namespace
}  // namespace bbmsim::sim::test
