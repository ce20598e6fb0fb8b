// SPDX-License-Identifier: BSD-3-Clause
#include "control/leak_table.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <numeric>

namespace cfr {

void LeakTable::Add(uint64_t subscriber, size_t column) {
  std::vector<uint32_t>& row = rows_[subscriber];
  if (row.empty()) row.resize(columns_);
  ++row[column % columns_];
}

void LeakTable::Keep(const std::function<bool(uint64_t)>& sampled) {
  std::erase_if(rows_, [&](const auto& row) { return !sampled(row.first); });
}

LeakTable::Leak LeakTable::Measure() const {
  std::vector<bool> used(columns_);
  for (const auto& [subscriber, row] : rows_)
    for (size_t c = 0; c < columns_; ++c)
      if (row[c] > 0) used[c] = true;
  const auto columns = static_cast<uint64_t>(std::count(used.begin(), used.end(), true));
  std::vector<const std::vector<uint32_t>*> full;
  std::vector<double> of_column(columns_);
  for (const auto& [subscriber, row] : rows_) {
    if (std::accumulate(row.begin(), row.end(), uint64_t{0}) < kFlowsPerCell * columns) continue;
    full.push_back(&row);
    for (size_t c = 0; c < columns_; ++c) of_column[c] += row[c];
  }
  if (full.size() < 2) return {};
  const double n = std::accumulate(of_column.begin(), of_column.end(), 0.0);
  double bits = 0;
  for (const auto* row : full) {
    const double of_row = std::accumulate(row->begin(), row->end(), 0.0);
    for (size_t c = 0; c < columns_; ++c)
      if ((*row)[c] > 0) bits += (*row)[c] / n * std::log2((*row)[c] * n / (of_row * of_column[c]));
  }
  const double freedom = static_cast<double>((full.size() - 1) * (columns - 1));
  const double unit = 1 / (2 * n * std::numbers::ln2);
  return {bits - freedom * unit, std::sqrt(2 * freedom) * unit, static_cast<uint64_t>(n)};
}

}  // namespace cfr
