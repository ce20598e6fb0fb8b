// SPDX-License-Identifier: BSD-3-Clause
#include "control/hyperloglog.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <limits>
#include <numbers>

namespace cfr {
namespace {

// Ertl's sums for registers that are empty, and for those that are full.
double Sigma(double x) {
  if (x == 1) return std::numeric_limits<double>::infinity();
  double y = 1, sum = x, before;
  do {
    x *= x;
    before = sum;
    sum += x * y;
    y += y;
  } while (sum != before);
  return sum;
}

double Tau(double x) {
  if (x == 0 || x == 1) return 0;
  double y = 1, sum = 1 - x, before;
  do {
    x = std::sqrt(x);
    before = sum;
    y *= 0.5;
    sum -= (1 - x) * (1 - x) * y;
  } while (sum != before);
  return sum / 3;
}

}  // namespace

void HyperLogLog::Add(uint64_t hash) {
  // The marker bit bounds the rank.
  const uint64_t rest = hash << kIndexBits | uint64_t{1} << (kIndexBits - 1);
  const auto rank = static_cast<uint8_t>(std::countl_zero(rest) + 1);
  uint8_t& held = registers_[hash >> (64 - kIndexBits)];
  held = std::max(held, rank);
}

double HyperLogLog::Estimate() const {
  std::array<double, kRankMax + 1> with_rank{};
  for (uint8_t rank : registers_) ++with_rank[rank];
  const auto m = static_cast<double>(registers_.size());
  double z = m * Tau(1 - with_rank[kRankMax] / m);
  for (size_t rank = kRankMax - 1; rank >= 1; --rank) z = 0.5 * (z + with_rank[rank]);
  z += m * Sigma(with_rank[0] / m);
  return m * m / (2 * std::numbers::ln2 * z);
}

void DistinctCount::Add(uint64_t hash) {
  if (!exact()) return many_.front().Add(hash);
  if (std::find(few_.begin(), few_.end(), hash) != few_.end()) return;
  few_.push_back(hash);
  if (few_.size() <= kExactMax) return;
  many_.emplace_back();
  for (uint64_t held : few_) many_.front().Add(held);
  few_.clear();
}

}  // namespace cfr
