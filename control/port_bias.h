// SPDX-License-Identifier: BSD-3-Clause
// Are alias ports as likely as one another? Entropy and chi-square over 256 equal parts of the port range.
#pragma once

#include <array>
#include <cstdint>

namespace cfr {

class PortBias {
 public:
  static constexpr int kBins = 256;
  static constexpr uint64_t kFlowsMin = 10 * kBins;  // before that neither figure says anything

  // Alias ports lie in [first, last].
  PortBias(uint16_t first, uint16_t last);
  void Add(uint16_t port);
  uint64_t flows() const { return flows_; }
  // Bits, at most 8; plug-in, with the correction of Miller and Madow.
  double Entropy() const;
  // How likely uniform ports are to look at least as uneven (Wilson and Hilferty).
  double Chance() const;

 private:
  uint32_t BinOf(uint32_t offset) const { return offset * kBins / size_; }
  const uint32_t first_, size_;
  std::array<uint64_t, kBins> bins_{};
  uint64_t flows_ = 0;
};

}  // namespace cfr
