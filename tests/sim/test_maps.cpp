// SPDX-License-Identifier: Apache-2.0
// Maps are taken at their moment, and a profile charges every cycle once.
#include "tests/sim/guest.hpp"

#include <gtest/gtest.h>
#include <stdexcept>

namespace bbmsim::sim::test {
namespace {

MapSpec at(MapWhen when, const std::string& symbol, u64 nth = 1, std::optional<PeId> core = {}) {
    MapSpec spec;
    spec.when = when;
    spec.symbol = symbol;
    spec.nth = nth;
    spec.core = core;
    return spec;
}

TEST(Maps, EntriesReturnsTimesAndTheEnd) {
    Session session(board_of(3), 1);
    load_guest(session, read_guest("phases"));
    session.add_phase({"work", "work", ""});
    session.add_map(at(MapWhen::kEntry, "work"));
    session.add_map(at(MapWhen::kReturn, "work"));
    session.add_map(at(MapWhen::kEntry, "work", 3));
    session.add_map(at(MapWhen::kEntry, "work", 1000));
    session.add_map(at(MapWhen::kEntry, "work", 1, PeId{2}));
    MapSpec timed = at(MapWhen::kTime, "");
    timed.time_ps = 1'234'567;
    session.add_map(timed);
    session.add_map(at(MapWhen::kEnd, ""));
    ASSERT_EQ(run_to_end(session), Outcome::kPoweroff);
    session.finish();
    const auto& maps = session.maps();
    const PhaseResult work = session.phases().at(0);
    ASSERT_EQ(maps.size(), 7u);
    EXPECT_TRUE(maps[0].taken && maps[0].time_ps == work.begin_ps && maps[0].core == 0);
    EXPECT_TRUE(maps[1].taken && maps[1].time_ps > maps[0].time_ps && maps[1].time_ps < work.end_ps);
    EXPECT_TRUE(maps[2].taken && maps[2].time_ps > maps[0].time_ps);
    EXPECT_FALSE(maps[3].taken);  // there are fewer
    EXPECT_FALSE(maps[4].taken);  // none of them by PE 2
    EXPECT_TRUE(maps[5].taken && maps[5].time_ps == 1'234'567);
    EXPECT_TRUE(maps[6].taken && maps[6].time_ps == session.now_ps());
    EXPECT_TRUE(maps[6].census.rows.empty());  // the guest runs with the MMU off
}

TEST(Maps, UnknownSymbolsAndCoresAreRefused) {
    Session session(board_of(1), 1);
    load_guest(session, read_guest("phases"));
    EXPECT_THROW(session.add_map(at(MapWhen::kEnd, "", 1, PeId{1})), std::invalid_argument);
    session.add_map(at(MapWhen::kEntry, "nowhere"));
    EXPECT_THROW(run_to_end(session), std::invalid_argument);
}

TEST(Profiles, EveryCycleOnceAndNoneDisturbed) {
    u64 cycles[2][3];
    for (const bool profiled : {false, true}) {
        Session session(board_of(3), 1);
        load_guest(session, read_guest("phases"));
        if (profiled) session.profile(777);
        ASSERT_EQ(run_to_end(session), Outcome::kPoweroff);
        session.finish();
        for (PeId pe = 0; pe < 3; ++pe) cycles[profiled][pe] = session.core_stats(pe).cycles;
        ASSERT_EQ(session.profile() != nullptr, profiled);
        if (!profiled) continue;
        const Profile& profile = *session.profile();
        for (PeId pe = 0; pe < 3; ++pe) {
            u64 sum = 0;
            for (const ProfileFigures& f : profile.cores[pe]) sum += f.cycles;
            EXPECT_EQ(sum, cycles[1][pe]);
            EXPECT_EQ(sum, cycles[0][pe]);
        }
        EXPECT_GT(profile.samples.size(), 10u);
    }
}

TEST(Profiles, AnIntervalOfNothingIsRefused) {
    Session session(board_of(1), 1);
    EXPECT_THROW(session.profile(0), std::invalid_argument);
}

}  // namespace
}  // namespace bbmsim::sim::test
