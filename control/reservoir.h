// SPDX-License-Identifier: BSD-3-Clause
// A fair sample of 256 flows, each by the keyed hash of its subscriber. How often two of them share a
// subscriber gives the effective set 1 / sum p_s^2 behind an alias unit: never more than the Shannon set, so
// the cautious measure of a crowd. Relative error sqrt(set / 32640).
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <random>
#include <vector>

namespace cfr {

class Reservoir {
 public:
  static constexpr size_t kPlaces = 256;

  void Add(uint64_t subscriber, std::mt19937_64& random);
  // nullopt until it is full. Without any pair of one subscriber, as if there were one: a lower bound.
  std::optional<double> EffectiveSet() const;

 private:
  std::vector<uint64_t> places_;
  uint64_t seen_ = 0;
};

}  // namespace cfr
