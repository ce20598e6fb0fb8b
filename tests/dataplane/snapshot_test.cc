// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/snapshot.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <new>

#include "tests/support/literals.h"

namespace cfr {
namespace {

using test::operator""_ip;
using test::operator""_net;

uint32_t VersionInForce(const EpochKeys& keys, uint64_t now_ms) {
  const EpochKeys::Key* key = keys.InForce(now_ms);
  return key == nullptr ? 0 : key->version;
}

TEST(EpochKeys, TheNewestInEffectIsInForce) {
  EpochKeys keys;
  EXPECT_EQ(VersionInForce(keys, 1'000'000), 0u) << "no key, no force";
  keys.key[1] = {1000, 4, {}};
  keys.key[0] = {2000, 5, {}};
  EXPECT_EQ(VersionInForce(keys, 999), 0u);
  EXPECT_EQ(VersionInForce(keys, 1000), 4u);
  EXPECT_EQ(VersionInForce(keys, 1999), 4u);
  EXPECT_EQ(VersionInForce(keys, 2000), 5u);
}

TEST(EpochKeys, AreErasedWhenDestroyed) {
  alignas(EpochKeys) unsigned char memory[sizeof(EpochKeys)];
  auto* keys = new (memory) EpochKeys;
  for (auto& key : keys->key) key = {~uint64_t{0}, ~uint32_t{0}, {~uint64_t{0}, ~uint64_t{0}}};
  std::destroy_at(keys);
  // Through a pointer the compiler knows nothing of, or it would take the dead object's bytes for anything.
  const unsigned char* volatile left = memory;
  EXPECT_TRUE(std::all_of(left, left + sizeof memory, [](unsigned char b) { return b == 0; }));
}

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
