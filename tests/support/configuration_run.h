// SPDX-License-Identifier: BSD-3-Clause
// A configuration as the commands that carry it, object by object, right or deliberately wrong: what the
// control process would never send can be said here.
//
//   Snapshot of two objects:  *SnapshotOf(ConfigurationRun(1).Subscribers("100.64.0.0/10"_net, 32)
//                                             .Pool("203.0.113.0/24"_net))
#pragma once

#include <memory>
#include <vector>

#include "common/messages.h"
#include "common/settings.h"
#include "dataplane/snapshot.h"

namespace cfr::test {

class ConfigurationRun {
 public:
  explicit ConfigurationRun(Generation generation) : generation_(generation) {}

  ConfigurationRun& Set(Setting setting, uint64_t value);
  ConfigurationRun& Own(Side side, const Prefix& address);  // with its on-link length
  ConfigurationRun& Gateway(Side side, const Address& address);
  ConfigurationRun& Subscribers(const Prefix& prefix, uint8_t per, RegionId region = 0);
  ConfigurationRun& Pool(const Prefix& prefix, bool answer = false, PrefixState state = PrefixState::kActive);
  ConfigurationRun& Unit(UnitIndex index, const Address& address, PrefixState state = PrefixState::kActive,
                         RegionId region = 0);
  ConfigurationRun& Bypass(const Prefix& prefix);
  ConfigurationRun& Add(const Message& message);

  // kBegin ... kCommit with the right count and digest; sequence numbers are 0.
  std::vector<Message> Messages() const;

 private:
  Generation generation_;
  std::vector<Message> commands_;
};

// Committed by a builder that allows every egress prefix; null if it is refused.
std::shared_ptr<const Snapshot> SnapshotOf(const ConfigurationRun& run);

}  // namespace cfr::test
