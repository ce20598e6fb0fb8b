// SPDX-License-Identifier: BSD-3-Clause
// What one small visible number of a flow, a slice of its port or its worker, tells about the subscriber:
// mutual information over a table of sampled subscribers and values, less what chance alone gives.
//
//   bias (rows - 1)(columns - 1) / (2 n ln 2), good only for full rows: thin ones are left out
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <unordered_map>
#include <vector>

namespace cfr {

class LeakTable {
 public:
  explicit LeakTable(size_t columns) : columns_(columns) {}
  void Add(uint64_t subscriber, size_t column);
  // Forgets subscribers that are no longer sampled.
  void Keep(const std::function<bool(uint64_t subscriber)>& sampled);

  struct Leak {
    double bits = 0;   // around 0 when nothing leaks
    double noise = 0;  // its standard deviation then
    uint64_t flows = 0;
  };
  Leak Measure() const;

 private:
  static constexpr uint64_t kFlowsPerCell = 4;  // of a row that counts
  const size_t columns_;
  std::unordered_map<uint64_t, std::vector<uint32_t>> rows_;
};

}  // namespace cfr
