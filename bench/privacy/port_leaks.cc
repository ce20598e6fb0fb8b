// SPDX-License-Identifier: BSD-3-Clause
#include "bench/privacy/port_leaks.h"

#include <cmath>
#include <vector>

namespace cfr::privacy {
namespace {

constexpr uint32_t kSampled = 64, kNear = 16;
constexpr double kPorts = 65536 - 1024;

// Counts in `columns` columns; a row for each subscriber.
class Contingency {
 public:
  Contingency(size_t rows, size_t columns) : columns_(columns), counts_(rows * columns) {}
  void Add(size_t row, size_t column) { ++counts_[row * columns_ + column]; }

  // In bits, less what independent rows and columns would show (Miller, Madow).
  double MutualInformation() const {
    std::vector<double> row(counts_.size() / columns_), column(columns_);
    double n = 0;
    for (size_t i = 0; i < counts_.size(); ++i) {
      row[i / columns_] += counts_[i];
      column[i % columns_] += counts_[i];
      n += counts_[i];
    }
    if (n == 0) return 0;
    double bits = 0;
    for (size_t i = 0; i < counts_.size(); ++i)
      if (counts_[i] > 0)
        bits += counts_[i] / n * std::log2(counts_[i] * n / (row[i / columns_] * column[i % columns_]));
    return bits - (Used(row) - 1) * (Used(column) - 1) / (2 * n * std::numbers::ln2);
  }

 private:
  static double Used(const std::vector<double>& sums) {
    double used = 0;
    for (double sum : sums) used += sum > 0;
    return used;
  }

  size_t columns_;
  std::vector<double> counts_;
};

double Entropy(const Aliases& aliases) {
  std::vector<double> bins(256);
  for (const Alias& a : aliases) ++bins[a.port >> 8];
  const auto n = static_cast<double>(aliases.size());
  double bits = 0, used = 0;
  for (double bin : bins) {
    if (bin == 0) continue;
    bits -= bin / n * std::log2(bin / n);
    ++used;
  }
  return bits + (used - 1) / (2 * n * std::numbers::ln2);
}

}  // namespace

PortLeaks MeasurePortLeaks(const Trace& trace, const Aliases& aliases) {
  const size_t rows = trace.population.subscribers.size() / kSampled + 1;
  Contingency high(rows, 16), low(rows, 16), worker(rows, 256);
  std::vector<int> last(rows, -1);
  double steps = 0, near = 0;
  for (size_t i = 0; i < aliases.size(); ++i) {
    if (trace.openings[i].subscriber % kSampled != 0) continue;
    const size_t row = trace.openings[i].subscriber / kSampled;
    const Alias& a = aliases[i];
    high.Add(row, a.port >> 12);
    low.Add(row, a.port & 15);
    worker.Add(row, a.worker);
    if (last[row] >= 0) {
      ++steps;
      near += std::abs(a.port - last[row]) <= static_cast<int>(kNear);
    }
    last[row] = a.port;
  }
  const double by_chance = (2 * kNear + 1) / kPorts;
  return {aliases.empty() ? 0 : Entropy(aliases), high.MutualInformation(), low.MutualInformation(),
          worker.MutualInformation(), steps == 0 ? 0 : near / steps - by_chance};
}

}  // namespace cfr::privacy
