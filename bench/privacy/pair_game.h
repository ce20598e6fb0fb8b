// SPDX-License-Identifier: BSD-3-Clause
// The pair game: given two flows, are they of one subscriber? How well the observer's best guess does, by the
// time between the flows. True pairs are rare in life (one in N), so the share of them it finds while one
// stranger pair in a thousand passes for true says more than the area under the curve.
#pragma once

#include <array>
#include <optional>
#include <span>
#include <vector>

#include "bench/privacy/link_model.h"
#include "bench/privacy/pairs.h"

namespace cfr::privacy {

struct BandResult {
  double lift_bits;    // how much more likely equal units are among pairs of one subscriber
  bool lift_is_floor;  // no strangers had equal units: at least so much
  double auc;          // area under the curve, ties count one half
  double advantage;    // largest true-positive less false-positive rate
  double tpr;          // true-positive rate at a false-positive rate of kFalsePositives
};
using PairResult = std::array<std::optional<BandResult>, kLagBands>;  // none: too few pairs
inline constexpr double kFalsePositives = 1e-3;

PairResult PlayPairs(std::span<const Sighting> sightings, const AllPairs& pairs);

// The curve of two samples of scores; fills auc, advantage and tpr.
void Judge(std::vector<float> same, std::vector<float> stranger, BandResult* result);

}  // namespace cfr::privacy
