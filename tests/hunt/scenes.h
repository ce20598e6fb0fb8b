// SPDX-License-Identifier: BSD-3-Clause
// States of the world a relay may be in, and what happens to it while packets come. Each scene is a fresh
// relay with a configuration of its own and a choice of acts.
#pragma once

#include <cstdint>

#include "common/config.h"
#include "tests/support/relay.h"

namespace cfr::hunt {

enum Act : uint32_t {
  kNewEpoch = 1 << 0,         // a key at any time, also between the two workers of one flow
  kReapply = 1 << 1,          // another generation: pools drained, staged, back; more or fewer alias units
  kRefused = 1 << 2,          // a generation that must be refused
  kLeaseLapses = 1 << 3,      // the control process is silent for a while
  kWithdraw = 1 << 4,         // units taken away under live flows
  kReassign = 1 << 5,         // unit numbers given other addresses under live flows
  kStations = 1 << 6,         // next hops stop answering
  kLeaps = 1 << 7,            // hours and weeks at once
  kSubscribersMove = 1 << 8,  // prefixes of live flows are no subscribers' any more
  kBypassChanges = 1 << 9,
  kForgetKeys = 1 << 10,  // a worker sees a world without epoch keys
};
inline constexpr int kActs = 11;

struct Scene {
  const char* name;
  uint32_t weight;
  uint32_t acts;
  void (*prepare)(Scene& scene, Config& config, test::RelayOptions& options);

  // What the auditor may expect, set by the table and `prepare`.
  bool live_flows_go_on = true;  // nothing the scene does may stop a live flow
  bool plentiful = true;         // every first packet of an ordinary flow opens it
  bool waits = false;            // packets may wait long for their station
  bool forgets = false;          // the table of datagrams may be too small for them
  bool spills = false;           // draws may move on within an epoch
  bool starts_configured = true;
  bool starts_with_key = true;
  bool starts_with_lease = true;
};

// Each once in the first scenes of a hunt, then drawn by weight.
Scene DrawScene(uint64_t number, uint64_t dice);
// The ordinary one.
Scene PlainScene();

}  // namespace cfr::hunt
