// SPDX-License-Identifier: Apache-2.0
#include "sim/save_points.hpp"

#include "sim/probes.hpp"

#include <algorithm>

namespace bbmsim::sim {

u32 SavePoints::add(const std::string& symbol, u64 time_ps) {
    points_.push_back({symbol, time_ps, {}});
    return static_cast<u32>(points_.size() - 1);
}

void SavePoints::resolve(const SymbolTable& symbols) {
    for (Point& p : points_)
        if (!p.symbol.empty()) p.addresses = Probes::addresses(symbols, p.symbol, "save-at");
}

std::vector<u64> SavePoints::addresses() const {
    std::vector<u64> out;
    for (const Point& p : points_)
        if (!p.over) out.insert(out.end(), p.addresses.begin(), p.addresses.end());
    return out;
}

void SavePoints::reached(u64 va) {
    for (Point& p : points_) {
        if (p.reached || std::ranges::find(p.addresses, va) == p.addresses.end()) continue;
        p.reached = asked_ = true;
        control_.pause();
    }
}

u64 SavePoints::next_time_ps() const {
    u64 next = ~u64{0};
    for (const Point& p : points_)
        if (!p.over && p.symbol.empty()) next = std::min(next, p.time_ps);
    return next;
}

void SavePoints::settled(u64 now_ps) {
    asked_ = false;
    for (u32 id = 0; id < points_.size(); ++id) {
        Point& p = points_[id];
        if (p.over || !(p.symbol.empty() ? p.time_ps <= now_ps : p.reached)) continue;
        p.over = true;
        due_.push_back(id);
    }
}

}  // namespace bbmsim::sim
