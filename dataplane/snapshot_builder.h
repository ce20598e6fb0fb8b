// SPDX-License-Identifier: BSD-3-Clause
// Turns the commands of one configuration run into a Snapshot, believing nothing: every field is
// range-checked, every prefix compared with the others and with the egress prefixes fixed at start.
// Main lcore only. A refused command or commit leaves no trace in what the workers read.
#pragma once

#include <memory>
#include <vector>

#include "common/messages.h"
#include "dataplane/snapshot.h"

namespace cfr {

class SnapshotBuilder {
 public:
  // `egress_allowed`: no pool or unit may lie outside. `unit_salts`: kUnitsMax secret words.
  SnapshotBuilder(std::vector<Prefix> egress_allowed, std::vector<uint64_t> unit_salts);

  // kBegin or a configuration command. Anything else than kOk ends the run.
  AckStatus Take(const Message& message, Generation committed);
  // kCommit. On kOk *snapshot is the new one; otherwise *position names the offending command, counted
  // from 0 after kBegin, where one can be named.
  AckStatus Commit(const Message& message, std::shared_ptr<const Snapshot>* snapshot, uint32_t* position);
  // Drops the run that is open, if one is.
  void Abandon();

 private:
  AckStatus Add(const Message& message);
  AckStatus AddSetting(const SettingBody& body);
  AckStatus AddPortAddress(const PortAddressBody& body);
  AckStatus AddGateway(const GatewayBody& body);
  AckStatus AddSubscribers(const SubscribersBody& body);
  AckStatus AddPoolPrefix(const PoolPrefixBody& body);
  AckStatus AddUnit(const UnitBody& body);
  AckStatus AddBypass(const BypassBody& body);
  AckStatus AddListedPort(const ListedPortBody& body);
  AckStatus AddNat64Prefix(const Nat64PrefixBody& body);
  AckStatus Check(uint32_t* position) const;
  bool Allowed(const Prefix& prefix) const;

  template <class Value>
  struct Staged {
    Prefix prefix;
    Value value;
    uint32_t position;
  };

  const std::vector<Prefix> egress_allowed_;
  const std::vector<uint64_t> unit_salts_;
  std::unique_ptr<Snapshot> next_;  // null: no run is open
  std::vector<Staged<SubscriberSpace>> subscribers_;
  std::vector<Staged<PoolPrefix>> pools_;
  std::vector<Staged<uint16_t>> bypasses_;
  std::vector<Staged<UnitIndex>> units_;
  int listed_ports_[kPortListCount] = {};
  uint32_t messages_ = 0;
  uint64_t digest_ = 0;
};

}  // namespace cfr
