// SPDX-License-Identifier: BSD-3-Clause
// Commands that are right one by one and may not be together.
#include <gtest/gtest.h>

#include <vector>

#include "dataplane/snapshot_builder.h"
#include "tests/dataplane/snapshot_rig.h"

namespace cfr {
namespace {

using test::ConfigurationRun;
using test::operator""_ip;
using test::operator""_net;
using SnapshotRelationsTest = test::SnapshotRig;

struct Relation {
  const char* what;
  AckStatus status;
  ConfigurationRun run;
  uint32_t position;  // of the command to blame, 0 where none is named
};

std::vector<Relation> WrongRelations() {
  constexpr AckStatus kConflict = AckStatus::kConflict;
  return {
      {"subscribers in subscribers", kConflict,
       ConfigurationRun(1).Subscribers("100.64.0.0/10"_net, 32).Subscribers("100.64.7.0/24"_net, 32), 1},
      {"subscribers around subscribers", kConflict,
       ConfigurationRun(1)
           .Set(Setting::kTtlCap, 9)
           .Subscribers("100.64.7.0/24"_net, 32)
           .Subscribers("100.64.0.0/10"_net, 32),
       1},
      {"subscribers twice", kConflict,
       ConfigurationRun(1).Subscribers("100.64.0.0/10"_net, 32).Subscribers("100.64.0.0/10"_net, 32), 1},
      {"pool in a pool", kConflict,
       ConfigurationRun(1).Pool("203.0.113.0/24"_net).Pool("203.0.113.64/26"_net), 1},
      {"bypass in a bypass", kConflict,
       ConfigurationRun(1).Bypass("198.51.100.0/24"_net).Bypass("198.51.100.8/29"_net), 1},
      {"two units of one address", kConflict,
       ConfigurationRun(1).Unit(0, "203.0.113.7"_ip).Unit(1, "203.0.113.7"_ip), 1},
      {"pool in subscribers", kConflict,
       ConfigurationRun(1).Subscribers("203.0.0.0/16"_net, 32).Pool("203.0.113.0/24"_net), 1},
      {"subscribers in a pool", kConflict,
       ConfigurationRun(1)
           .Set(Setting::kTtlCap, 9)
           .Pool("203.0.113.0/24"_net)
           .Subscribers("203.0.113.7/32"_net, 32),
       1},
      {"bypass in subscribers", kConflict,
       ConfigurationRun(1).Subscribers("100.64.0.0/10"_net, 32).Bypass("100.64.0.0/24"_net), 1},
      {"bypass around a pool", kConflict,
       ConfigurationRun(1).Pool("203.0.113.0/24"_net).Bypass("203.0.112.0/20"_net), 1},
      {"unit in subscribers", kConflict,
       ConfigurationRun(1).Subscribers("203.0.113.0/24"_net, 32).Unit(0, "203.0.113.7"_ip), 1},
      {"draining unit in subscribers", kConflict,
       ConfigurationRun(1)
           .Subscribers("2001:db8:a000::/48"_net, 56)
           .Unit(0, "2001:db8:a000::7"_ip, PrefixState::kDraining),
       1},
      {"unit that is the relay", kConflict,
       ConfigurationRun(1).Own(Side::kAccess, "203.0.113.7/24"_net).Unit(0, "203.0.113.7"_ip), 1},
      {"unit in a bypass", kConflict,
       ConfigurationRun(1).Bypass("203.0.113.0/28"_net).Unit(0, "203.0.113.7"_ip), 1},
      {"relay on the core side among the subscribers", kConflict,
       ConfigurationRun(1).Subscribers("100.64.0.0/10"_net, 32).Own(Side::kCore, "100.64.0.1/24"_net), 0},
      {"port range that ends before it begins", AckStatus::kMalformed,
       ConfigurationRun(1).Set(Setting::kPortFirst, 2000).Set(Setting::kPortLast, 1999), 0},
  };
}

TEST_F(SnapshotRelationsTest, EveryWrongRelationRefusesTheCommit) {
  for (const Relation& row : WrongRelations()) {
    SCOPED_TRACE(row.what);
    position_ = 0;
    EXPECT_EQ(Give(row.run), row.status);
    EXPECT_EQ(position_, row.position);
    ExpectNoTrace();
  }
}

TEST_F(SnapshotRelationsTest, RelationsThatMayBe) {
  const ConfigurationRun runs[] = {
      ConfigurationRun(1).Subscribers("100.64.0.0/10"_net, 32).Own(Side::kAccess, "100.64.0.1/10"_net),
      ConfigurationRun(1).Unit(0, "203.0.113.7"_ip, PrefixState::kDraining),  // its pool is gone
      ConfigurationRun(1)
          .Subscribers("203.0.113.0/28"_net, 32)
          .Pool("203.0.113.16/28"_net)
          .Bypass("203.0.113.32/28"_net),
      ConfigurationRun(1).Set(Setting::kPortFirst, 2000).Set(Setting::kPortLast, 2000),
  };
  for (const ConfigurationRun& run : runs) EXPECT_EQ(Give(run), AckStatus::kOk);
}

}  // namespace
}  // namespace cfr
