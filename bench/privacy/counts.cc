// SPDX-License-Identifier: BSD-3-Clause
#include "bench/privacy/counts.h"

#include <algorithm>
#include <numeric>

namespace cfr::privacy {
namespace {

constexpr uint32_t kHourMs = 3'600'000, kGapMs = 30 * 60'000;

// Active subscribers of every unit in every hour it opened a flow.
std::vector<uint32_t> Crowds(const Trace& trace, const Aliases& aliases) {
  std::vector<uint32_t> crowds;
  std::vector<uint64_t> active;  // unit, subscriber
  for (size_t begin = 0, end; begin < aliases.size(); begin = end) {
    const uint32_t hour = trace.openings[begin].time_ms / kHourMs;
    active.clear();
    for (end = begin; end < aliases.size() && trace.openings[end].time_ms / kHourMs == hour; ++end)
      active.push_back(uint64_t{aliases[end].unit} << 32 | trace.openings[end].subscriber);
    std::sort(active.begin(), active.end());
    active.erase(std::unique(active.begin(), active.end()), active.end());
    for (size_t i = 0, next; i < active.size(); i = next) {
      for (next = i; next < active.size() && active[next] >> 32 == active[i] >> 32;) ++next;
      crowds.push_back(static_cast<uint32_t>(next - i));
    }
  }
  return crowds;
}

}  // namespace

SiteSessions::SiteSessions(const Trace& trace) {
  std::vector<uint32_t> order(trace.openings.size());
  std::iota(order.begin(), order.end(), 0u);
  auto key = [&](uint32_t i) { return uint64_t{trace.openings[i].host} << 32 | trace.openings[i].site; };
  std::stable_sort(order.begin(), order.end(), [&](uint32_t a, uint32_t b) { return key(a) < key(b); });
  for (size_t begin = 0, end; begin < order.size(); begin = end) {
    for (end = begin + 1; end < order.size() && key(order[end]) == key(order[begin]); ++end)
      if (trace.openings[order[end]].time_ms - trace.openings[order[end - 1]].time_ms > kGapMs) break;
    if (end - begin < 2) continue;
    first_.push_back(static_cast<uint32_t>(openings_.size()));
    openings_.insert(openings_.end(), order.begin() + static_cast<std::ptrdiff_t>(begin),
                     order.begin() + static_cast<std::ptrdiff_t>(end));
  }
  first_.push_back(static_cast<uint32_t>(openings_.size()));
}

double SiteSessions::Broken(const Aliases& aliases) const {
  size_t broken = 0;
  for (size_t s = 0; s < count(); ++s) {
    const uint32_t unit = aliases[openings_[first_[s]]].unit;
    broken += std::any_of(openings_.begin() + first_[s] + 1, openings_.begin() + first_[s + 1],
                          [&](uint32_t i) { return aliases[i].unit != unit; });
  }
  return count() == 0 ? 0 : static_cast<double>(broken) / static_cast<double>(count());
}

CountsResult CountPlainly(const Trace& trace, const SiteSessions& sessions, const Aliases& aliases) {
  std::vector<uint32_t> crowds = Crowds(trace, aliases);
  CountsResult result{};
  if (crowds.empty()) return result;
  result.crowd_mean = std::accumulate(crowds.begin(), crowds.end(), 0.0) / static_cast<double>(crowds.size());
  const auto p1 = crowds.begin() + static_cast<std::ptrdiff_t>(crowds.size() / 100);
  std::nth_element(crowds.begin(), p1, crowds.end());
  result.crowd_p1 = *p1;
  result.broken = sessions.Broken(aliases);
  return result;
}

}  // namespace cfr::privacy
