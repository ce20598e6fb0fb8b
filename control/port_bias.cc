// SPDX-License-Identifier: BSD-3-Clause
#include "control/port_bias.h"

#include <cmath>
#include <numbers>

namespace cfr {

PortBias::PortBias(uint16_t first, uint16_t last) : first_(first), size_(uint32_t{last} - first + 1) {}

// Ports outside are those of a range that was in force before.
void PortBias::Add(uint16_t port) {
  if (port < first_ || port - first_ >= size_) return;
  ++bins_[BinOf(port - first_)];
  ++flows_;
}

double PortBias::Entropy() const {
  const auto n = static_cast<double>(flows_);
  double bits = 0;
  int occupied = 0;
  for (uint64_t flows : bins_) {
    if (flows == 0) continue;
    const double share = static_cast<double>(flows) / n;
    bits -= share * std::log2(share);
    ++occupied;
  }
  return bits + (occupied - 1) / (2 * n * std::numbers::ln2);
}

double PortBias::Chance() const {
  std::array<double, kBins> ports{};
  for (uint32_t offset = 0; offset < size_; ++offset) ++ports[BinOf(offset)];
  double square = 0;
  int freedom = -1;
  for (size_t i = 0; i < kBins; ++i) {
    if (ports[i] == 0) continue;
    const double expected = static_cast<double>(flows_) * ports[i] / size_;
    const double more = static_cast<double>(bins_[i]) - expected;
    square += more * more / expected;
    ++freedom;
  }
  const double spread = 2.0 / (9 * freedom);
  const double normal = (std::cbrt(square / freedom) - (1 - spread)) / std::sqrt(spread);
  return std::erfc(normal / std::numbers::sqrt2) / 2;
}

}  // namespace cfr
