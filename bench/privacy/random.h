// SPDX-License-Identifier: BSD-3-Clause
// The simulator's chance: the same numbers for the same seed on every machine, which neither the standard
// library's distributions nor the relay's own source (seeded by the kernel) would give.
#pragma once

#include <bit>
#include <cmath>
#include <cstdint>
#include <initializer_list>
#include <numbers>

namespace cfr::privacy {

// SplitMix64 over the words: a good hash, not a secret one.
inline uint64_t Hash(std::initializer_list<uint64_t> words) {
  uint64_t h = 0x9e3779b97f4a7c15;
  for (uint64_t word : words) {
    h = (h ^ word) + 0x9e3779b97f4a7c15;
    h = (h ^ h >> 30) * 0xbf58476d1ce4e5b9;
    h = (h ^ h >> 27) * 0x94d049bb133111eb;
    h ^= h >> 31;
  }
  return h;
}

// xoshiro256++ (Blackman, Vigna 2019). `stream` separates users of one seed.
class Random {
 public:
  Random(uint64_t seed, uint64_t stream) {
    for (uint64_t i = 0; i < 4; ++i) state_[i] = Hash({seed, stream, i});
  }

  uint64_t Next() {
    const uint64_t result = std::rotl(state_[0] + state_[3], 23) + state_[0];
    const uint64_t t = state_[1] << 17;
    state_[2] ^= state_[0];
    state_[3] ^= state_[1];
    state_[1] ^= state_[2];
    state_[0] ^= state_[3];
    state_[2] ^= t;
    state_[3] = std::rotl(state_[3], 45);
    return result;
  }
  uint32_t Below(uint64_t bound) { return static_cast<uint32_t>((Next() >> 32) * bound >> 32); }
  // Uniform over [first, last].
  uint32_t Between(uint32_t first, uint32_t last) { return first + Below(uint64_t{last} - first + 1); }
  double Unit() { return static_cast<double>(Next() >> 11) * 0x1p-53; }
  bool Chance(double probability) { return Unit() < probability; }
  double Exponential(double mean) { return -mean * std::log1p(-Unit()); }
  // On 1, 2, ...
  uint32_t Geometric(double mean) {
    return 1 + static_cast<uint32_t>(std::log1p(-Unit()) / std::log1p(-1 / mean));
  }
  double Normal() { return std::sqrt(-2 * std::log1p(-Unit())) * std::cos(2 * std::numbers::pi * Unit()); }
  uint32_t Poisson(double mean) {
    uint32_t n = 0;
    for (double left = mean - Exponential(1); left > 0; left -= Exponential(1)) ++n;
    return n;
  }

 private:
  uint64_t state_[4];
};

}  // namespace cfr::privacy
