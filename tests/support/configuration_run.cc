// SPDX-License-Identifier: BSD-3-Clause
#include "tests/support/configuration_run.h"

#include "dataplane/snapshot_builder.h"
#include "tests/support/literals.h"

namespace cfr::test {

ConfigurationRun& ConfigurationRun::Add(const Message& message) {
  commands_.push_back(message);
  return *this;
}

ConfigurationRun& ConfigurationRun::Set(Setting setting, uint64_t value) {
  Message m = MakeMessage(MessageKind::kSetting);
  m.setting = {value, static_cast<uint16_t>(setting)};
  return Add(m);
}

ConfigurationRun& ConfigurationRun::Own(Side side, const Prefix& address) {
  Message m = MakeMessage(MessageKind::kPortAddress);
  m.port_address = {ToWire(address), static_cast<uint8_t>(side)};
  return Add(m);
}

ConfigurationRun& ConfigurationRun::Gateway(Side side, const Address& address) {
  Message m = MakeMessage(MessageKind::kGateway);
  m.gateway = {ToWire(address), static_cast<uint8_t>(side)};
  return Add(m);
}

ConfigurationRun& ConfigurationRun::Subscribers(const Prefix& prefix, uint8_t per, RegionId region) {
  Message m = MakeMessage(MessageKind::kSubscribers);
  m.subscribers = {ToWire(prefix), per, region};
  return Add(m);
}

ConfigurationRun& ConfigurationRun::Pool(const Prefix& prefix, bool answer, PrefixState state) {
  Message m = MakeMessage(MessageKind::kPoolPrefix);
  m.pool_prefix = {ToWire(prefix), static_cast<uint8_t>(state), static_cast<uint8_t>(answer), 0, 0};
  return Add(m);
}

ConfigurationRun& ConfigurationRun::Unit(UnitIndex index, const Address& address, PrefixState state,
                                         RegionId region) {
  Message m = MakeMessage(MessageKind::kUnit);
  m.unit = {ToWire(address), static_cast<uint8_t>(state), index, 0, region, 0, 0, 0};
  return Add(m);
}

ConfigurationRun& ConfigurationRun::Bypass(const Prefix& prefix) {
  Message m = MakeMessage(MessageKind::kBypass);
  m.bypass = {ToWire(prefix), 0};
  return Add(m);
}

std::vector<Message> ConfigurationRun::Messages() const {
  Message begin = MakeMessage(MessageKind::kBegin), commit = MakeMessage(MessageKind::kCommit);
  begin.begin.generation = generation_;
  commit.commit = {generation_, static_cast<uint32_t>(commands_.size()), 0};
  for (const Message& m : commands_) commit.commit.digest = MessageDigest(commit.commit.digest, m);
  std::vector<Message> messages = {begin};
  messages.insert(messages.end(), commands_.begin(), commands_.end());
  messages.push_back(commit);
  return messages;
}

std::shared_ptr<const Snapshot> SnapshotOf(const ConfigurationRun& run) {
  SnapshotBuilder builder({"0.0.0.0/0"_net, "::/0"_net}, std::vector<uint64_t>(kUnitsMax));
  std::shared_ptr<const Snapshot> snapshot;
  uint32_t position;
  for (const Message& m : run.Messages()) {
    if (m.kind == MessageKind::kCommit)
      builder.Commit(m, &snapshot, &position);
    else
      builder.Take(m, 0);
  }
  return snapshot;
}

}  // namespace cfr::test
