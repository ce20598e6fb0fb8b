// SPDX-License-Identifier: BSD-3-Clause
// What needs no game: how large the crowd behind an alias unit is, and how often an application sees its
// address change.
#pragma once

#include <vector>

#include "bench/privacy/policies.h"
#include "bench/privacy/trace.h"

namespace cfr::privacy {

struct CountsResult {
  double crowd_mean, crowd_p1;  // active subscribers per unit and clock hour, over all flows
  double broken;                // share of site sessions that see their unit change
};

// Site sessions: flows of one host to one site with gaps of at most half an hour; those of at least two
// flows.
class SiteSessions {
 public:
  explicit SiteSessions(const Trace& trace);
  double Broken(const Aliases& aliases) const;
  size_t count() const { return first_.size() - 1; }

 private:
  std::vector<uint32_t> openings_;  // session by session, in order of time
  std::vector<uint32_t> first_;     // of each session, and the end
};

CountsResult CountPlainly(const Trace& trace, const SiteSessions& sessions, const Aliases& aliases);

}  // namespace cfr::privacy
