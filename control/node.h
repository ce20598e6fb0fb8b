// SPDX-License-Identifier: BSD-3-Clause
// The one model of this node: desired configuration, generation, assignments. `config apply`, the
// runtime verbs and the passage of time all change it the same way:
//
//   validate -> assign -> compile -> send -> acknowledged commit -> save -> answer
//
// Whatever fails leaves configuration, generation and assignments as they were.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "common/config.h"
#include "control/answer.h"
#include "control/dataplane_link.h"
#include "control/privacy_epochs.h"
#include "control/state_file.h"

namespace cfr {

class Node {
 public:
  // `state`: what a former run saved, or a configuration never committed (generation 0).
  Node(State state, StateFile file, std::string dataplane_socket);

  // Link, lease, key rotation, ageing of assignments. Call every few milliseconds.
  void Poll(uint64_t now_ms);

  // Makes `next` the configuration in force. Nothing to do: {"changed": false}. One change at a time.
  void Change(const Config& next, uint64_t now_ms, Answered answered);
  // Merges a pool into its parent, or lets it serve its region by itself again.
  void SetMerged(const std::string& pool, bool merged, uint64_t now_ms, Answered answered);
  // A new epoch key, in force at once.
  void AdvanceEpoch(uint64_t now_ms, Answered answered);

  // Which flows the dataplane may open from now on; told at once if it changes.
  void SetOpeningRule(OpeningRule rule, uint64_t now_ms);

  const Config& config() const { return state_.config; }
  Generation generation() const { return state_.generation; }
  const std::vector<Assignment>& assignments() const { return state_.assignments; }
  const Merges& merges() const { return state_.merges; }
  const std::vector<PrefixLife>& prefixes() const { return state_.prefixes; }
  DataplaneLink& link() { return link_; }
  uint64_t UnitFlows(UnitIndex unit) const;
  // Live flows on the units of a pool.
  uint64_t PoolFlows(const std::string& pool) const;

 private:
  void Attached(uint64_t now_ms);
  // What forbids a change now, if anything does.
  std::optional<Failure> Busy() const;
  void ChangeTo(const Config& config, const Merges& merges, uint64_t now_ms, Answered answered);
  Generation NextGeneration() const;
  uint32_t KnownKeyVersion() const;
  void Commit(State next, uint64_t now_ms, Answered answered);
  void RenewLease(uint64_t now_ms);
  void AgeAssignments(uint64_t now_ms);

  State state_;
  const StateFile file_;
  DataplaneLink link_;
  PrivacyEpochs epochs_;
  bool changing_ = false;
  OpeningRule opening_rule_ = OpeningRule::kAny;
  uint64_t next_lease_ms_ = 0, next_ageing_ms_ = 0;
};

}  // namespace cfr
