// SPDX-License-Identifier: BSD-3-Clause
#include "bench/privacy/pair_game.h"

#include <algorithm>
#include <cmath>
#include <functional>

namespace cfr::privacy {
namespace {

double UnitsEqual(std::span<const Sighting> sightings, const Pairs& pairs) {
  const auto equal = std::count_if(pairs.begin(), pairs.end(), [&](const Pair& p) {
    return sightings[p.earlier].unit == sightings[p.later].unit;
  });
  return static_cast<double>(equal);
}

void MeasureLift(std::span<const Sighting> sightings, const BandPairs& pairs, BandResult* result) {
  const double same = UnitsEqual(sightings, pairs.same_training);
  const double stranger = UnitsEqual(sightings, pairs.stranger_training);
  const double same_share = same / static_cast<double>(pairs.same_training.size());
  const double stranger_share = std::max(stranger, 1.0) / static_cast<double>(pairs.stranger_training.size());
  result->lift_is_floor = stranger == 0 && same > 0;
  result->lift_bits = same == 0 ? 0 : std::log2(same_share / stranger_share);
}

std::vector<float> Scores(const LinkModel& model, std::span<const Sighting> sightings, const Pairs& pairs) {
  std::vector<float> scores;
  scores.reserve(pairs.size());
  for (const Pair& p : pairs) scores.push_back(model.Score(sightings[p.earlier], sightings[p.later]));
  return scores;
}

}  // namespace

void Judge(std::vector<float> same, std::vector<float> stranger, BandResult* result) {
  std::sort(same.begin(), same.end(), std::greater<>());
  std::sort(stranger.begin(), stranger.end(), std::greater<>());
  const auto positives = static_cast<double>(same.size()), negatives = static_cast<double>(stranger.size());
  *result = {result->lift_bits, result->lift_is_floor, 0, 0, 1};
  bool passed = false;  // kFalsePositives
  double tpr = 0, fpr = 0;
  for (size_t i = 0, j = 0; i < same.size() || j < stranger.size();) {
    // Everything of the next score at once: a straight piece of the curve.
    const float score =
        j == stranger.size() || (i < same.size() && same[i] > stranger[j]) ? same[i] : stranger[j];
    while (i < same.size() && same[i] == score) ++i;
    while (j < stranger.size() && stranger[j] == score) ++j;
    const double next_tpr = static_cast<double>(i) / positives, next_fpr = static_cast<double>(j) / negatives;
    if (!passed && next_fpr > kFalsePositives) {
      result->tpr = tpr + (next_tpr - tpr) * (kFalsePositives - fpr) / (next_fpr - fpr);
      passed = true;
    }
    result->auc += (next_fpr - fpr) * (tpr + next_tpr) / 2;
    result->advantage = std::max(result->advantage, next_tpr - next_fpr);
    tpr = next_tpr, fpr = next_fpr;
  }
}

PairResult PlayPairs(std::span<const Sighting> sightings, const AllPairs& pairs) {
  PairResult results;
  for (int i = 0; i < kLagBands; ++i) {
    const BandPairs& band = pairs.band[i];
    if (!band.enough()) continue;
    const LinkModel model = LinkModel::Fit(sightings, band.same_training, band.stranger_training);
    BandResult result{};
    MeasureLift(sightings, band, &result);
    Judge(Scores(model, sightings, band.same_test), Scores(model, sightings, band.stranger_test), &result);
    results[i] = result;
  }
  return results;
}

}  // namespace cfr::privacy
