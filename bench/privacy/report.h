// SPDX-License-Identifier: BSD-3-Clause
// What was found, as tables for people and as JSON for programs.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "bench/privacy/laboratory.h"
#include "bench/privacy/targets.h"

namespace cfr::privacy {

// What the trace is like, before anybody looks at it.
struct TraceFacts {
  Scenario scenario;
  size_t flows, hosts, seen;
  double flows_per_subscriber_day, seen_share;
  uint32_t active_peak;  // subscribers in the busiest clock hour
  uint32_t tuples_peak, tuples_peak_remote;
};
TraceFacts DescribeTrace(const Trace& trace, const Observer& largest);

std::string Tables(const TraceFacts& facts, const Outcomes& outcomes);
std::string TargetTable(const std::vector<Target>& targets);
nlohmann::json Json(const TraceFacts& facts, const Outcomes& outcomes, const std::vector<Target>& targets);

}  // namespace cfr::privacy
