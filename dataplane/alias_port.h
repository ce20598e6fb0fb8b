// SPDX-License-Identifier: BSD-3-Clause
// The alias port of a new flow: uniform over the free ports whose inbound tuple this worker owns. Random
// candidates first, then a scan of all from a random start (RFC 6056 3.3.1), which prefers ports behind a
// run of used ones; that happens only where few are left. One per worker, and only that worker may call it.
//
//   per_remote unit   a port is free if nobody, quarantine included, holds its inbound key (RFC 7857 3)
//   exclusive unit    and if no flow of the unit and protocol holds the port towards any remote
#pragma once

#include "dataplane/exclusive_ports.h"
#include "dataplane/exhaustion.h"
#include "dataplane/flow_table.h"
#include "dataplane/owner.h"
#include "dataplane/random_source.h"
#include "dataplane/snapshot.h"

namespace cfr {

class AliasPort {
 public:
  AliasPort(int worker, const Owner& owner, ExclusivePorts& exclusive, RandomSource& random)
      : worker_(worker), owner_(owner), exclusive_(exclusive), random_(random) {}

  // Sets the alias port of `flow`, whose unit, alias, remote and protocol are known and which is not in
  // `flows` yet. False: no port is free, or none was within the last second.
  template <class A>
  bool Draw(const Snapshot& snapshot, const FlowTable<A>& flows, uint64_t now_ms, Flow<A>* flow);

 private:
  const int worker_;
  const Owner& owner_;
  ExclusivePorts& exclusive_;
  RandomSource& random_;
  ExhaustionMemory exhausted_;
};

}  // namespace cfr
