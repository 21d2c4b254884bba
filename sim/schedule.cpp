// SPDX-License-Identifier: Apache-2.0
#include "sim/schedule.hpp"

#include "models/mmu/snapshot/archive.hpp"
#include "sim/random.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <utility>
#include <vector>

namespace bbmsim::sim {

namespace {

constexpr u64 kPsPerNs = 1000, kPsPerUs = 1'000'000;

// Between `least` and `most`, every order of magnitude as likely as another: races are of all lengths.
u64 any_length(u64& random, u64 least, u64 most) {
    if (most <= least) return most;
    const double ratio = static_cast<double>(most) / static_cast<double>(least);
    return std::min(most, static_cast<u64>(static_cast<double>(least) * std::pow(ratio, next_unit(random))));
}

// Slices of random length with a pause behind some of them.
class RandomSchedule final : public Schedule {
public:
    RandomSchedule(const ScheduleConfig& config, unsigned cores, u64 seed) : hold_ps_(kPsPerNs * config.hold_ns) {
        u64 random = seed;
        pauses_ = std::ldexp(1.0, -2 - static_cast<int>(next_random(random) % 7));
        for (unsigned i = 0; i < cores; ++i) pes_.push_back({split_seed(seed, i), 0});
    }
    u64 hold_ps(PeId pe, u64 local_ps) override {
        Pe& p = pes_[pe];
        if (local_ps < p.slice_end_ps) return 0;
        const u64 slice = any_length(p.random, kShortestSlice, kLongestSlice);
        const bool pause = next_unit(p.random) < pauses_;
        // Even without a pause the others catch up.
        const u64 held = pause ? any_length(p.random, kShortestHold, hold_ps_) : 1;
        p.slice_end_ps = local_ps + held + slice;
        return held;
    }
    [[nodiscard]] u64 due_ps(PeId pe) const override { return pes_[pe].slice_end_ps; }
    void archive(Archive& ar) override {
        auto& [hold, pauses, pes] = *this;
        ar(pauses);
        ar.fixed(pes);
    }

private:
    static constexpr u64 kShortestSlice = 100 * kPsPerNs, kLongestSlice = 16 * kPsPerUs;
    static constexpr u64 kShortestHold = 50 * kPsPerNs;
    struct Pe {
        u64 random, slice_end_ps;
    };
    u64 hold_ps_;
    double pauses_;
    std::vector<Pe> pes_;
};

// Burckhardt et al., "A randomized scheduler with probabilistic guarantees of finding bugs" (ASPLOS 2010): only the
// PE of the highest priority advances; at `depth` random moments it falls below all others.
class PriorityBased final : public Schedule {
public:
    PriorityBased(const ScheduleConfig& config, unsigned cores, u64 seed, ScheduleHost host)
        : bound_ps_(kPsPerNs * config.hold_ns), host_(std::move(host)), priority_(cores), held_since_(cores, kNotHeld) {
        u64 random = seed;
        std::iota(priority_.begin(), priority_.end(), 0);
        for (std::size_t i = cores; i > 1; --i) std::swap(priority_[i - 1], priority_[next_random(random) % i]);
        top_ = static_cast<i64>(cores);
        const u64 length =
            config.length_us ? kPsPerUs * config.length_us : any_length(random, kShortestRun, kLongestRun);
        for (u32 i = 0; i < config.depth; ++i)
            changes_.push_back(static_cast<u64>(next_unit(random) * static_cast<double>(length)));
        std::ranges::sort(changes_);
    }
    u64 hold_ps(PeId pe, u64 local_ps) override {
        for (; next_ < changes_.size() && changes_[next_] <= local_ps; ++next_) lower_the_first(pe);
        u64& since = held_since_[pe];
        if (!ahead_of(pe)) {
            since = kNotHeld;
            return 0;
        }
        if (since == kNotHeld) since = local_ps;
        if (local_ps - since >= bound_ps_) {  // the first may be waiting for this one
            priority_[pe] = top_++;
            since = kNotHeld;
            return 0;
        }
        return std::min(kStep, bound_ps_);
    }
    void archive(Archive& ar) override {
        auto& [bound, host, priority, top, bottom, since, changes, next] = *this;
        ar.fixed(priority);
        ar(top, bottom);
        ar.fixed(since);
        ar(changes, next);
    }

private:
    static constexpr u64 kNotHeld = ~u64{0}, kStep = kPsPerUs;
    static constexpr u64 kShortestRun = 64 * kPsPerUs, kLongestRun = 64'000 * kPsPerUs;

    [[nodiscard]] bool ahead_of(PeId pe) const {
        for (std::size_t i = 0; i < priority_.size(); ++i)
            if (priority_[i] > priority_[pe] && host_.runnable(static_cast<PeId>(i))) return true;
        return false;
    }
    void lower_the_first(PeId asking) {
        std::size_t first = asking;
        for (std::size_t i = 0; i < priority_.size(); ++i)
            if (priority_[i] > priority_[first] && host_.runnable(static_cast<PeId>(i))) first = i;
        priority_[first] = --bottom_;
    }

    u64 bound_ps_;
    ScheduleHost host_;
    std::vector<i64> priority_;
    i64 top_ = 0, bottom_ = 0;
    std::vector<u64> held_since_;
    std::vector<u64> changes_;
    std::size_t next_ = 0;
};

// Holds a PE behind its writes of live descriptors, before and behind its TLBIs and DSBs, or another PE meanwhile. Each
// place in the code is held at its n-th time with a probability of the n-th part: all places, none of them often.
class Targeted final : public Schedule {
public:
    Targeted(const ScheduleConfig& config, unsigned cores, u64 seed, ScheduleHost host)
        : hold_ps_(kPsPerNs * config.hold_ns), random_(seed), host_(std::move(host)), pending_(cores, 0) {
        first_ = std::ldexp(1.0, -static_cast<int>(next_random(random_) % 4));
    }
    [[nodiscard]] u64 events() const override {
        u64 mask = 0;
        for (const EventKind kind : {EventKind::kDescriptorWrite, EventKind::kTlbi, EventKind::kDsb})
            mask |= u64{1} << static_cast<unsigned>(kind);
        return mask;
    }
    void on_event(const Event& event) override {
        if (event.pe < pending_.size()) consider(event.pe, event.pc, false);
    }
    [[nodiscard]] bool wants_instructions() const override { return true; }
    void before(PeId pe, u64 pc, u32 encoding) override {
        const bool dsb = (encoding & 0xffff'f0ff) == 0xd503'309f || (encoding & 0xffff'f3ff) == 0xd503'323f;  // nXS
        const bool tlbi = (encoding & 0xfff8'e000) == 0xd508'8000;  // SYS with CRn 8, or 9 for nXS
        if (dsb || tlbi) consider(pe, pc, true);
    }
    u64 hold_ps(PeId pe, u64) override { return std::exchange(pending_[pe], 0); }
    void archive(Archive& ar) override {
        auto& [hold, random, host, first, pending, places] = *this;
        ar(random, first);
        ar.fixed(pending);
        ar(places);
    }

private:
    static constexpr u64 kShortestHold = 50 * kPsPerNs;
    static constexpr std::size_t kMostPlaces = 1 << 16;

    void consider(PeId pe, u64 pc, bool before) {
        const std::pair key(pc, before);
        auto place = places_.find(key);
        if (place == places_.end()) {
            if (places_.size() == kMostPlaces) return;
            place = places_.emplace(key, 0).first;
        }
        if (next_unit(random_) * ++place->second >= first_) return;
        const u64 length = any_length(random_, kShortestHold, hold_ps_);
        const bool another = pending_.size() > 1 && next_random(random_) % 4 == 0;
        const std::size_t who =
            another ? (pe + 1 + next_random(random_) % (pending_.size() - 1)) % pending_.size() : pe;
        pending_[who] = std::max(pending_[who], length);
        host_.leave_engine(static_cast<PeId>(who));
    }

    u64 hold_ps_;
    u64 random_;
    ScheduleHost host_;
    double first_ = 1.0;  // probability at a place's first time
    std::vector<u64> pending_;
    std::map<std::pair<u64, bool>, u32> places_;  // how often each was reached
};

}  // namespace

std::unique_ptr<Schedule> make_schedule(const ScheduleConfig& config, unsigned cores, u64 seed, ScheduleHost host) {
    if (config.name == "random") return std::make_unique<RandomSchedule>(config, cores, seed);
    if (config.name == "pct") return std::make_unique<PriorityBased>(config, cores, seed, std::move(host));
    if (config.name == "targeted") return std::make_unique<Targeted>(config, cores, seed, std::move(host));
    return nullptr;
}

}  // namespace bbmsim::sim
