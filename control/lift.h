// SPDX-License-Identifier: BSD-3-Clause
// How much more likely two flows of one subscriber share an alias unit than two flows of strangers, in bits,
// by the time between the two. Counts of pairs, not plug-in mutual information, which sees bits where there
// are none.
//
//   lift = log2( share of equal units among pairs of a subscriber / sum of q^2 over the units ), q: flow
//   shares
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <unordered_map>

#include "common/types.h"

namespace cfr {

enum class LagBand : uint8_t { kShort, kMiddle, kLong };  // 10 s - 10 min, 10 min - 2 h, 2 - 24 h
inline constexpr int kLagBands = 3;
inline constexpr uint32_t kLagBandEdges_s[] = {10, 600, 7200, 86400};

class Lift {
 public:
  void AddFlow(UnitIndex unit);  // of anybody
  void AddPair(uint32_t lag_s, bool same_unit);

  struct Bits {
    double bits = 0, noise = 0;  // standard deviation as if the pairs knew nothing of one another
  };
  // nullopt: fewer than 200 pairs of the band for each unit, not enough for a tenth of a bit.
  std::optional<Bits> Of(LagBand band) const;
  // The first lag at which the lift is half of what it is at the shortest.
  std::optional<uint32_t> HalfLife_s() const;

 private:
  static constexpr uint32_t kEdges_s[] = {10,   30,   60,   120,   300,   600,  1200,
                                          1800, 3600, 7200, 14400, 28800, 86400};
  static constexpr int kBins = sizeof kEdges_s / sizeof kEdges_s[0] - 1;
  struct Bin {
    uint64_t pairs = 0, same = 0;
  };
  std::optional<Bits> Of(uint32_t first_s, uint32_t last_s) const;

  std::unordered_map<UnitIndex, uint64_t> flows_;
  std::array<Bin, kBins> bins_{};
};

// The last flows of one subscriber, five for each band, as far apart as the band is long.
class Trail {
 public:
  void Walk(uint32_t at_s, UnitIndex unit, Lift* lift);
  uint32_t last_s() const { return last_s_; }

 private:
  static constexpr int kSteps = 5;
  struct Step {
    uint32_t at_s = 0;
    UnitIndex unit = 0;
    bool made = false;
  };
  struct Steps {
    std::array<Step, kSteps> step{};
    uint32_t next = 0, last_s = 0;
  };
  std::array<Steps, kLagBands> bands_{};
  uint32_t last_s_ = 0;
  bool begun_ = false;
};

}  // namespace cfr
