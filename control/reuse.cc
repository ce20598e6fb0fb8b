// SPDX-License-Identifier: BSD-3-Clause
#include "control/reuse.h"

#include <algorithm>

namespace cfr {

void ReuseIntervals::Add(uint64_t interval_ms) {
  shortest_ms_ = count_ == 0 ? interval_ms : std::min(shortest_ms_, interval_ms);
  ++count_;
  if (interval_ms / 1000 < kSecondsMax) ++seconds_[interval_ms / 1000];
}

std::optional<double> ReuseIntervals::Shortest_s() const {
  if (count_ == 0) return std::nullopt;
  return static_cast<double>(shortest_ms_) / 1000;
}

std::optional<double> ReuseIntervals::Percentile_s() const {
  if (count_ < 100) return std::nullopt;
  uint64_t below = 0;
  for (size_t s = 0; s < kSecondsMax; ++s)
    if ((below += seconds_[s]) * 100 >= count_) return static_cast<double>(s);
  return std::nullopt;
}

std::optional<uint64_t> ReuseTable::Add(uint64_t tuple, uint64_t subscriber, uint64_t at_ms) {
  if (tuple % kOneIn != 0) return std::nullopt;
  Place& place = places_[tuple / kOneIn % kPlaces];
  const Place former = place;
  place = {tuple, subscriber, at_ms};
  if (former.at_ms == 0 || former.tuple != tuple || former.subscriber == subscriber) return std::nullopt;
  return at_ms - former.at_ms;
}

}  // namespace cfr
