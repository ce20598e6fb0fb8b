// SPDX-License-Identifier: BSD-3-Clause
// Pearson's chi-square tests. About 6 standard deviations from the mean of the statistic is a failure; the
// seeds of tests are fixed, so a test that passes once always does.
#pragma once

#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <vector>

namespace cfr::test {

// Counts that should be equal shares of their sum.
inline void ExpectUniform(const std::vector<uint64_t>& counts) {
  double total = 0, chi = 0;
  for (uint64_t c : counts) total += static_cast<double>(c);
  const double share = total / static_cast<double>(counts.size());
  for (uint64_t c : counts) {
    const double off = static_cast<double>(c) - share;
    chi += off * off / share;
  }
  const auto freedom = static_cast<double>(counts.size() - 1);
  EXPECT_LT(chi, freedom + 6 * std::sqrt(2 * freedom));
  EXPECT_GT(chi, freedom - 6 * std::sqrt(2 * freedom)) << "too even to be random";
}

// Pairs of values below `values`, equally likely and independent: every pair is.
class PairCounts {
 public:
  explicit PairCounts(size_t values) : values_(values), counts_(values * values) {}
  void Add(size_t first, size_t second) { ++counts_[first * values_ + second]; }
  void ExpectIndependent() const { ExpectUniform(counts_); }

 private:
  size_t values_;
  std::vector<uint64_t> counts_;
};

}  // namespace cfr::test
