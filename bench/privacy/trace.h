// SPDX-License-Identifier: BSD-3-Clause
// A day of traffic as the relay meets it: one row per flow, when it opens. No durations, sizes or payload.
//
//   browsing session -> visits of sites -> pages -> flows, to the site and to third parties
#pragma once

#include <cstdint>
#include <vector>

#include "bench/privacy/population.h"

namespace cfr::privacy {

struct Scenario {
  uint32_t subscribers = 8192;
  double hours = 24;
  uint64_t seed = 1;
};

struct Opening {
  uint32_t time_ms;
  uint32_t subscriber, host, visit, site, server;
  uint32_t timestamp_line;  // 0: its TCP timestamps, if any, tell nothing of the host
  uint16_t group;
  uint16_t client_port;
  uint16_t ip_id;  // of the first packet; counts per host and server where has_ip_id
  bool has_ip_id;
  bool tcp;
};

struct Trace {
  explicit Trace(const Scenario& scenario);
  const Host& HostOf(const Opening& o) const { return population.hosts[o.host]; }
  uint32_t duration_ms() const { return static_cast<uint32_t>(scenario.hours * 3600e3); }

  Scenario scenario;
  Population population;
  std::vector<Opening> openings;  // in order of time
};

}  // namespace cfr::privacy
