// SPDX-License-Identifier: BSD-3-Clause
#include "control/reservoir.h"

#include <algorithm>

namespace cfr {

void Reservoir::Add(uint64_t subscriber, std::mt19937_64& random) {
  ++seen_;
  if (places_.size() < kPlaces) return places_.push_back(subscriber);
  const uint64_t place = random() % seen_;
  if (place < kPlaces) places_[place] = subscriber;
}

std::optional<double> Reservoir::EffectiveSet() const {
  if (places_.size() < kPlaces) return std::nullopt;
  std::vector<uint64_t> sorted = places_;
  std::sort(sorted.begin(), sorted.end());
  uint64_t pairs = 0;
  for (auto run = sorted.begin(); run != sorted.end();) {
    const auto end = std::upper_bound(run, sorted.end(), *run);
    const auto flows = static_cast<uint64_t>(end - run);
    pairs += flows * (flows - 1) / 2;
    run = end;
  }
  constexpr double kAllPairs = kPlaces * (kPlaces - 1) / 2;
  return kAllPairs / static_cast<double>(std::max<uint64_t>(pairs, 1));
}

}  // namespace cfr
