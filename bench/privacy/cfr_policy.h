// SPDX-License-Identifier: BSD-3-Clause
// The relay's own policy, by the production code and nothing else: epochs, affinity and draw of
// dataplane/alias_policy.h, ports of dataplane/alias_port.h over real flow tables, one per worker, in which
// every flow lives for some minutes and its inbound tuple rests in quarantine.
#pragma once

#include <string>

#include "bench/privacy/policies.h"
#include "common/alias_profiles.h"
#include "common/settings.h"
#include "common/types.h"

namespace cfr::privacy {

struct RelaySetup {
  AliasProfile profile = kAliasProfiles[0];
  uint32_t units = 4;
  Family family = Family::kV4;
  int workers = 1;
};

Policy Relay(std::string name, std::string title, const RelaySetup& setup);

// How long a flow is held: closed after kFlowLifeMs, quarantined for as long as the settings say.
inline constexpr uint32_t kFlowLifeMs = 360'000;

// The most inbound tuples held at once, quarantine included: in all, and towards the busiest remote.
struct PeakTuples {
  uint32_t all, hottest_remote;
};
PeakTuples MeasurePeakTuples(const Trace& trace);

}  // namespace cfr::privacy
