// SPDX-License-Identifier: BSD-3-Clause
// The hunt's dice: fast, and the same throws for the same seed on every machine.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace cfr::hunt {

class Random {
 public:
  explicit Random(uint64_t seed) : state_(seed) {}

  // splitmix64.
  uint64_t Next() {
    uint64_t v = state_ += 0x9e3779b97f4a7c15ull;
    v = (v ^ v >> 30) * 0xbf58476d1ce4e5b9ull;
    v = (v ^ v >> 27) * 0x94d049bb133111ebull;
    return v ^ v >> 31;
  }
  // Uniform enough in [0, bound).
  uint32_t Below(uint32_t bound) { return static_cast<uint32_t>((Next() >> 32) * bound >> 32); }
  uint32_t Between(uint32_t first, uint32_t last) { return first + Below(last - first + 1); }
  bool OneIn(uint32_t n) { return Below(n) == 0; }
  template <class T, size_t kCount>
  T Of(const T (&values)[kCount]) {
    return values[Below(kCount)];
  }

 private:
  uint64_t state_;
};

}  // namespace cfr::hunt
