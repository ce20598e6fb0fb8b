// SPDX-License-Identifier: BSD-3-Clause
// A list of ports as the packet path asks it. Immutable once its snapshot is published.
#pragma once

#include <array>
#include <cstdint>

namespace cfr {

class PortSet {
 public:
  bool Has(uint16_t port) const { return (words_[port / 64u] >> (port % 64u) & 1) != 0; }
  void Add(uint16_t port) { words_[port / 64u] |= uint64_t{1} << (port % 64u); }

 private:
  std::array<uint64_t, 1024> words_{};
};

}  // namespace cfr
