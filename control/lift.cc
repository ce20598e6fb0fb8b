// SPDX-License-Identifier: BSD-3-Clause
#include "control/lift.h"

#include <cmath>
#include <numbers>

namespace cfr {
namespace {

constexpr uint64_t kPairsPerUnit = 200;

}  // namespace

void Lift::AddFlow(UnitIndex unit) {
  ++flows_[unit];
}

void Lift::AddPair(uint32_t lag_s, bool same_unit) {
  for (size_t b = 0; b < kBins; ++b) {
    if (lag_s < kEdges_s[b] || lag_s >= kEdges_s[b + 1]) continue;
    ++bins_[b].pairs;
    bins_[b].same += same_unit ? 1 : 0;
  }
}

std::optional<Lift::Bits> Lift::Of(LagBand band) const {
  const auto b = static_cast<size_t>(band);
  return Of(kLagBandEdges_s[b], kLagBandEdges_s[b + 1]);
}

std::optional<Lift::Bits> Lift::Of(uint32_t first_s, uint32_t last_s) const {
  double pairs = 0, same = 0, all = 0, squares = 0;
  for (size_t b = 0; b < kBins; ++b) {
    if (kEdges_s[b] < first_s || kEdges_s[b + 1] > last_s) continue;
    pairs += static_cast<double>(bins_[b].pairs);
    same += static_cast<double>(bins_[b].same);
  }
  for (const auto& [unit, flows] : flows_) {
    all += static_cast<double>(flows);
    squares += static_cast<double>(flows) * static_cast<double>(flows);
  }
  if (all == 0 || pairs < static_cast<double>(kPairsPerUnit * flows_.size())) return std::nullopt;
  const double share = (same + 0.5) / (pairs + 1);
  return Bits{std::log2(share / (squares / (all * all))),
              std::sqrt((1 - share) / (share * pairs)) / std::numbers::ln2};
}

std::optional<uint32_t> Lift::HalfLife_s() const {
  std::optional<double> first;
  for (size_t b = 0; b < kBins; ++b) {
    const auto lift = Of(kEdges_s[b], kEdges_s[b + 1]);
    if (!lift.has_value()) continue;
    if (!first.has_value()) first = lift->bits;
    if (*first < 4 * lift->noise) return std::nullopt;  // noise has no half-life
    if (lift->bits <= *first / 2) return kEdges_s[b];
  }
  return std::nullopt;
}

// Flows closer together than the shortest lag belong to one act of the subscriber and count once.
void Trail::Walk(uint32_t at_s, UnitIndex unit, Lift* lift) {
  if (begun_ && at_s - last_s_ < kLagBandEdges_s[0]) return;
  begun_ = true;
  last_s_ = at_s;
  for (size_t b = 0; b < kLagBands; ++b) {
    Steps& steps = bands_[b];
    for (const Step& step : steps.step) {
      const uint32_t lag_s = at_s - step.at_s;
      if (step.made && lag_s >= kLagBandEdges_s[b] && lag_s < kLagBandEdges_s[b + 1])
        lift->AddPair(lag_s, step.unit == unit);
    }
    const bool first = !steps.step[0].made;
    if (!first && at_s - steps.last_s < kLagBandEdges_s[b + 1] / kSteps) continue;
    steps.step[steps.next++ % kSteps] = {at_s, unit, true};
    steps.last_s = at_s;
  }
}

}  // namespace cfr
