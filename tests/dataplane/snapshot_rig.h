// SPDX-License-Identifier: BSD-3-Clause
// A SnapshotBuilder, a run that is right in everything to put mistakes into, and what must be left of a
// refused run: nothing.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <vector>

#include "dataplane/snapshot_builder.h"
#include "tests/support/configuration_run.h"
#include "tests/support/literals.h"

namespace cfr::test {

inline std::vector<uint64_t> Salts() {
  std::vector<uint64_t> salts(kUnitsMax);
  for (size_t i = 0; i < salts.size(); ++i) salts[i] = 0x1000 + i;
  return salts;
}

// A run that is right in everything.
inline ConfigurationRun Right(Generation generation) {
  return ConfigurationRun(generation)
      .Set(Setting::kTtlCap, 40)
      .Set(Setting::kTimerUdp, 200)
      .Own(Side::kAccess, "10.0.0.1/24"_net)
      .Own(Side::kCore, "192.0.2.1/24"_net)
      .Own(Side::kCore, "2001:db8:c0::1/64"_net)
      .Gateway(Side::kAccess, "10.0.0.2"_ip)
      .Gateway(Side::kCore, "192.0.2.254"_ip)
      .Gateway(Side::kCore, "2001:db8:c0::fe"_ip)
      .Subscribers("100.64.0.0/10"_net, 32)
      .Subscribers("2001:db8:c1::/48"_net, 56, 3)
      .Pool("203.0.113.0/24"_net)
      .Pool("2001:db8:a000::/64"_net, true)
      .Unit(0, "203.0.113.7"_ip)
      .Unit(5, "203.0.113.8"_ip, PrefixState::kDraining)
      .Unit(6, "2001:db8:a000::7"_ip, PrefixState::kActive, 3)
      .Bypass("198.51.100.200/29"_net);
}

class SnapshotRig : public testing::Test {
 protected:
  // The status of the last message given: the first that is refused, or the commit's.
  AckStatus Give(const std::vector<Message>& messages, Generation committed = 0) {
    for (const Message& m : messages) {
      AckStatus status = m.kind == MessageKind::kCommit ? builder_->Commit(m, &snapshot_, &position_)
                                                        : builder_->Take(m, committed);
      if (status != AckStatus::kOk) return status;
    }
    return AckStatus::kOk;
  }
  AckStatus Give(const ConfigurationRun& run) { return Give(run.Messages()); }

  // What is left of a refused run: nothing. The next one starts from scratch.
  void ExpectNoTrace() {
    const auto right = Right(1).Messages();
    EXPECT_EQ(snapshot_, nullptr);
    EXPECT_EQ(builder_->Take(right[1], 0), AckStatus::kNotInRun);
    EXPECT_EQ(builder_->Commit(right.back(), &snapshot_, &position_), AckStatus::kNotInRun);
    ASSERT_EQ(Give(Right(1)), AckStatus::kOk);
    const auto alone = SnapshotOf(Right(1));
    EXPECT_EQ(snapshot_->settings, alone->settings);
    EXPECT_EQ(snapshot_->own.size(), alone->own.size());
    EXPECT_EQ(snapshot_->gateway[0][1], alone->gateway[0][1]);
    for (UnitIndex i = 0; i < kUnitsMax; ++i)
      ASSERT_EQ(snapshot_->units[i].carries_flows(), alone->units[i].carries_flows()) << i;
    for (const Address& a : {"172.16.0.1"_ip, "203.0.114.1"_ip, "198.51.100.1"_ip, "2001:db8:ff::1"_ip}) {
      EXPECT_EQ(snapshot_->subscribers.Find(a), nullptr) << Format(a);
      EXPECT_EQ(snapshot_->pools.Find(a), nullptr) << Format(a);
      EXPECT_EQ(snapshot_->bypasses.Find(a), nullptr) << Format(a);
    }
    snapshot_.reset();
  }

  std::vector<Prefix> allowed_ = {"203.0.113.0/24"_net, "2001:db8:a000::/64"_net};
  std::optional<SnapshotBuilder> builder_{std::in_place, allowed_, Salts()};
  std::shared_ptr<const Snapshot> snapshot_;
  uint32_t position_ = 0;
};

}  // namespace cfr::test
