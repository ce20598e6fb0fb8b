// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/snapshot.h"

#include <gtest/gtest.h>

#include "tests/support/literals.h"

namespace cfr {
namespace {

using test::operator""_ip;
using test::operator""_net;

TEST(Leases, HoldUntilTheDeadlineAndForTheirUnitOnly) {
  Leases leases;
  EXPECT_FALSE(leases.Holds(3, 0)) << "nothing is leased at the beginning";
  leases.deadline_ms[3].store(1000);
  EXPECT_TRUE(leases.Holds(3, 999));
  EXPECT_FALSE(leases.Holds(3, 1000));
  EXPECT_FALSE(leases.Holds(2, 999));
  EXPECT_FALSE(leases.Holds(4, 999));
}

TEST(Unit, CarriesFlowsWhileActiveOrDraining) {
  Unit unit;
  EXPECT_FALSE(unit.carries_flows()) << "an empty slot";
  for (int s = 0; s < kPrefixStates; ++s) {
    unit.state = static_cast<PrefixState>(s);
    EXPECT_EQ(unit.carries_flows(),
              unit.state == PrefixState::kActive || unit.state == PrefixState::kDraining);
  }
}

TEST(Unit, IsDrawnByTheEpochsOfItsTime) {
  Unit unit;
  for (uint64_t began : {uint64_t{0}, uint64_t{1}, ~uint64_t{0}})
    EXPECT_TRUE(unit.IsDrawn(began)) << "always";
  unit.drawn_from_ms = 1000;
  EXPECT_FALSE(unit.IsDrawn(0));
  EXPECT_FALSE(unit.IsDrawn(999));
  EXPECT_TRUE(unit.IsDrawn(1000));
  unit.drawn_until_ms = 5000;
  EXPECT_FALSE(unit.IsDrawn(999));
  EXPECT_TRUE(unit.IsDrawn(1000));
  EXPECT_TRUE(unit.IsDrawn(4999));
  EXPECT_FALSE(unit.IsDrawn(5000));
  unit.drawn_from_ms = 7000;  // it came back
  EXPECT_TRUE(unit.IsDrawn(4999));
  EXPECT_FALSE(unit.IsDrawn(5000));
  EXPECT_FALSE(unit.IsDrawn(6999));
  EXPECT_TRUE(unit.IsDrawn(7000));
  unit.drawn_from_ms = unit.drawn_until_ms = 7000;
  EXPECT_FALSE(unit.IsDrawn(6999));
  EXPECT_FALSE(unit.IsDrawn(7000)) << "not for a moment";
}

TEST(Snapshot, KnowsItsOwnAddressesExactly) {
  Snapshot snapshot;
  snapshot.own = {{Side::kAccess, "10.0.0.1/24"_net}, {Side::kCore, "2001:db8::1/64"_net}};
  ASSERT_NE(snapshot.FindOwn("2001:db8::1"_ip), nullptr);
  EXPECT_EQ(snapshot.FindOwn("2001:db8::1"_ip)->side, Side::kCore);
  EXPECT_EQ(snapshot.FindOwn("10.0.0.2"_ip), nullptr) << "on-link is not own";
  Address same_bytes = "10.0.0.1"_ip;
  same_bytes.family = Family::kV6;
  EXPECT_EQ(snapshot.FindOwn(same_bytes), nullptr);
}

}  // namespace
}  // namespace cfr
