// SPDX-License-Identifier: BSD-3-Clause
// The tracker game: read all sightings once, in order, and string those of one subscriber together. It
// decides where pairs do not: a chain of few but certain links follows a person through the day.
//
//   flow --> candidates: tracks on its unit, recent tracks, the track of its timestamp line
//        --> the best score b; others almost as good that also look like b's track are merged into it
//        --> joins b if b is more likely than all others and everybody unseen together, else a track begins
#pragma once

#include <span>
#include <vector>

#include "bench/privacy/link_model.h"
#include "bench/privacy/observer.h"

namespace cfr::privacy {

struct TrackerResult {
  // Over the subscribers with at least two sightings: first to last own flow in a track they own.
  double tracked_mean_min, tracked_p95_min;
  double profile;         // share of a subscriber's sites in one owned track, mean
  double purity;          // share of flows that are in a track of their own subscriber
  double link_precision;  // share of links after a flow of the same subscriber
};

TrackerResult PlayTracker(const Observer& observer, std::span<const Sighting> sightings,
                          const ConsecutivePairs& training);

}  // namespace cfr::privacy
