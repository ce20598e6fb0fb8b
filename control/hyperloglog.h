// SPDX-License-Identifier: BSD-3-Clause
// How many different subscribers, from keyed hashes of them: exactly up to 64, beyond that by HyperLogLog
// with 2^12 registers, a relative error of 1.04 / sqrt(4096) = 1.6 %. Estimator: Ertl, "New cardinality
// estimation algorithms for HyperLogLog sketches" (2017), which needs no table of corrections.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace cfr {

class HyperLogLog {
 public:
  void Add(uint64_t hash);
  double Estimate() const;

 private:
  static constexpr int kIndexBits = 12, kRankMax = 64 - kIndexBits + 1;
  std::vector<uint8_t> registers_ = std::vector<uint8_t>(1 << kIndexBits);  // highest rank seen
};

class DistinctCount {
 public:
  void Add(uint64_t hash);
  double Estimate() const { return exact() ? static_cast<double>(few_.size()) : many_.front().Estimate(); }
  bool exact() const { return many_.empty(); }

 private:
  static constexpr size_t kExactMax = 64;
  std::vector<uint64_t> few_;
  std::vector<HyperLogLog> many_;  // one once there are more
};

}  // namespace cfr
