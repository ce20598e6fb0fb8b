// SPDX-License-Identifier: BSD-3-Clause
// Every command a hostile control process could send: one row per rule, and random runs in which no
// subscriber's address may ever become an alias.
#include "dataplane/snapshot_builder.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <map>
#include <optional>
#include <random>

#include "tests/support/configuration_run.h"
#include "tests/support/literals.h"

namespace cfr {
namespace {

using test::ConfigurationRun;
using test::operator""_ip;
using test::operator""_net;

std::vector<uint64_t> Salts() {
  std::vector<uint64_t> salts(kUnitsMax);
  for (size_t i = 0; i < salts.size(); ++i) salts[i] = 0x1000 + i;
  return salts;
}

// A run that is right in everything.
ConfigurationRun Right(Generation generation) {
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

Message Changed(const ConfigurationRun& run, const std::function<void(Message&)>& change) {
  Message m = run.Messages()[1];
  change(m);
  return m;
}

class SnapshotBuilderTest : public testing::Test {
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
    const auto alone = test::SnapshotOf(Right(1));
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

TEST_F(SnapshotBuilderTest, WhatWasSaidIsInTheSnapshot) {
  ASSERT_EQ(Give(Right(7)), AckStatus::kOk);
  const Snapshot& s = *snapshot_;
  EXPECT_EQ(s.generation, 7u);
  EXPECT_EQ(s.settings[Setting::kTtlCap], 40u);
  EXPECT_EQ(s.settings[Setting::kTimerIcmpQuery], Row(Setting::kTimerIcmpQuery).default_value) << "not said";
  EXPECT_EQ(s.timeouts[FlowState::kUdp], 200'000u);
  ASSERT_NE(s.FindOwn("10.0.0.1"_ip), nullptr);
  EXPECT_EQ(s.FindOwn("10.0.0.1"_ip)->side, Side::kAccess);
  EXPECT_EQ(s.FindOwn("10.0.0.1"_ip)->prefix.length, 24);
  EXPECT_EQ(s.gateway[1][0], "192.0.2.254"_ip);
  EXPECT_EQ(s.gateway[1][1], "2001:db8:c0::fe"_ip);
  EXPECT_EQ(s.gateway[0][1], std::nullopt);
  ASSERT_NE(s.subscribers.Find("2001:db8:c1:ff::1"_ip), nullptr);
  EXPECT_EQ(s.subscribers.Find("2001:db8:c1:ff::1"_ip)->per, 56);
  EXPECT_EQ(s.subscribers.Find("2001:db8:c1:ff::1"_ip)->region, 3);
  ASSERT_NE(s.pools.Find("2001:db8:a000::1"_ip), nullptr);
  EXPECT_TRUE(s.pools.Find("2001:db8:a000::1"_ip)->answer);
  EXPECT_FALSE(s.pools.Find("203.0.113.1"_ip)->answer);
  EXPECT_NE(s.bypasses.Find("198.51.100.201"_ip), nullptr);
  EXPECT_EQ(s.units[5].address, "203.0.113.8"_ip);
  EXPECT_EQ(s.units[5].state, PrefixState::kDraining);
  EXPECT_EQ(s.units[6].salt, 0x1006u);
  EXPECT_FALSE(s.units[1].carries_flows());
}

TEST_F(SnapshotBuilderTest, OnlyActiveUnitsAreDrawnByRegionAndFamily) {
  ASSERT_EQ(Give(Right(1)), AckStatus::kOk);
  for (int region = 0; region < kRegionsMax; ++region)
    for (int family = 0; family < kFamilies; ++family) {
      std::vector<UnitIndex> expected;
      if (region == 0 && family == 0) expected = {0};
      if (region == 3 && family == 1) expected = {6};
      EXPECT_EQ(snapshot_->drawable[region][family], expected) << region << " " << family;
    }
}

TEST_F(SnapshotBuilderTest, AnEmptyRunIsAConfiguration) {
  ASSERT_EQ(Give(ConfigurationRun(1)), AckStatus::kOk);
  EXPECT_EQ(snapshot_->settings, Settings());
}

struct Refusal {
  const char* what;
  AckStatus status;
  Message message;
};

std::vector<Refusal> FieldsOutOfRange() {
  const ConfigurationRun own = ConfigurationRun(1).Own(Side::kCore, "192.0.2.9/24"_net),
                         gateway = ConfigurationRun(1).Gateway(Side::kAccess, "2001:db8::1"_ip),
                         subscribers = ConfigurationRun(1).Subscribers("172.16.0.0/12"_net, 32),
                         pool = ConfigurationRun(1).Pool("203.0.113.0/25"_net),
                         unit = ConfigurationRun(1).Unit(9, "203.0.113.9"_ip),
                         bypass = ConfigurationRun(1).Bypass("198.51.100.0/29"_net),
                         ttl_cap = ConfigurationRun(1).Set(Setting::kTtlCap, 48);
  constexpr AckStatus kMalformed = AckStatus::kMalformed;
  return {
      {"setting beyond the last", kMalformed,
       Changed(ttl_cap, [](Message& m) { m.setting.setting = kSettingCount; })},
      {"setting 65535", kMalformed, Changed(ttl_cap, [](Message& m) { m.setting.setting = 0xffff; })},
      {"setting below its least value", kMalformed,
       Changed(ttl_cap, [](Message& m) { m.setting.value = 0; })},
      {"setting above its largest value", kMalformed,
       Changed(ttl_cap, [](Message& m) { m.setting.value = 256; })},
      {"setting far above", kMalformed, Changed(ttl_cap, [](Message& m) { m.setting.value = ~uint64_t{0}; })},
      {"setting of the start", kMalformed, ConfigurationRun(1).Set(Setting::kWorkers, 1).Messages()[1]},
      {"own address on a third side", kMalformed, Changed(own, [](Message& m) { m.port_address.side = 2; })},
      {"own address of no family", kMalformed,
       Changed(own, [](Message& m) { m.port_address.prefix.family = 0; })},
      {"own address of family 5", kMalformed,
       Changed(own, [](Message& m) { m.port_address.prefix.family = 5; })},
      {"own address of length 33", kMalformed,
       Changed(own, [](Message& m) { m.port_address.prefix.length = 33; })},
      {"own address with bytes behind", kMalformed,
       Changed(own, [](Message& m) { m.port_address.prefix.bytes[4] = 1; })},
      {"own address given twice", AckStatus::kConflict,
       ConfigurationRun(1).Own(Side::kAccess, "192.0.2.1/30"_net).Messages()[1]},
      {"gateway that is a network", kMalformed,
       Changed(gateway, [](Message& m) { m.gateway.address.length = 127; })},
      {"gateway of length 129", kMalformed,
       Changed(gateway, [](Message& m) { m.gateway.address.length = 129; })},
      {"gateway on a third side", kMalformed, Changed(gateway, [](Message& m) { m.gateway.side = 2; })},
      {"second gateway of a side and family", AckStatus::kConflict,
       ConfigurationRun(1).Gateway(Side::kCore, "192.0.2.253"_ip).Messages()[1]},
      {"subscribers with host bits", kMalformed,
       Changed(subscribers, [](Message& m) { m.subscribers.prefix.bytes[3] = 1; })},
      {"subscribers wider than their space", kMalformed,
       Changed(subscribers, [](Message& m) { m.subscribers.per = 11; })},
      {"subscribers longer than an address", kMalformed,
       Changed(subscribers, [](Message& m) { m.subscribers.per = 33; })},
      {"subscribers of region 256", kMalformed,
       Changed(subscribers, [](Message& m) { m.subscribers.region = 256; })},
      {"subscribers of no family", kMalformed,
       Changed(subscribers, [](Message& m) { m.subscribers.prefix.family = 0; })},
      {"pool with host bits", kMalformed,
       Changed(pool, [](Message& m) { m.pool_prefix.prefix.bytes[3] = 1; })},
      {"pool 256", kMalformed, Changed(pool, [](Message& m) { m.pool_prefix.pool = 256; })},
      {"pool of region 256", kMalformed, Changed(pool, [](Message& m) { m.pool_prefix.region = 256; })},
      {"pool in a sixth state", kMalformed, Changed(pool, [](Message& m) { m.pool_prefix.state = 5; })},
      {"pool that answers a little", kMalformed, Changed(pool, [](Message& m) { m.pool_prefix.answer = 2; })},
      {"pool beside what is allowed", AckStatus::kOutsideAllowed,
       ConfigurationRun(1).Pool("203.0.114.0/24"_net).Messages()[1]},
      {"pool around what is allowed", AckStatus::kOutsideAllowed,
       ConfigurationRun(1).Pool("203.0.112.0/23"_net).Messages()[1]},
      {"pool of everything", AckStatus::kOutsideAllowed, ConfigurationRun(1).Pool("::/0"_net).Messages()[1]},
      {"unit that is a network", kMalformed, Changed(unit, [](Message& m) { m.unit.address.length = 31; })},
      {"unit 1024", kMalformed, Changed(unit, [](Message& m) { m.unit.index = kUnitsMax; })},
      {"unit of all", kMalformed, Changed(unit, [](Message& m) { m.unit.index = kAllUnits; })},
      {"unit of pool 256", kMalformed, Changed(unit, [](Message& m) { m.unit.pool = 256; })},
      {"unit of region 256", kMalformed, Changed(unit, [](Message& m) { m.unit.region = 256; })},
      {"staged unit", kMalformed, Changed(unit, [](Message& m) { m.unit.state = 0; })},
      {"quarantined unit", kMalformed, Changed(unit, [](Message& m) { m.unit.state = 3; })},
      {"unit in a state far beyond", kMalformed, Changed(unit, [](Message& m) { m.unit.state = 255; })},
      {"unit beside what is allowed", AckStatus::kOutsideAllowed,
       ConfigurationRun(1).Unit(9, "203.0.112.255"_ip).Messages()[1]},
      {"unit that is a subscriber", AckStatus::kOutsideAllowed,
       ConfigurationRun(1).Unit(9, "100.64.0.1"_ip).Messages()[1]},
      {"unit number given twice", AckStatus::kConflict,
       ConfigurationRun(1).Unit(5, "203.0.113.9"_ip).Messages()[1]},
      {"bypass with host bits", kMalformed,
       Changed(bypass, [](Message& m) { m.bypass.prefix.bytes[3] = 1; })},
      {"bypass 256", kMalformed, Changed(bypass, [](Message& m) { m.bypass.index = kBypassMax; })},
  };
}

TEST_F(SnapshotBuilderTest, EveryFieldOutOfRangeEndsTheRun) {
  for (const Refusal& row : FieldsOutOfRange()) {
    SCOPED_TRACE(row.what);
    auto messages = Right(1).Messages();
    messages.insert(messages.end() - 1, row.message);
    EXPECT_EQ(Give(messages), row.status);
    ExpectNoTrace();
  }
}

// The same rows with nothing wrong in them would be taken: what refuses is the wrong field.
TEST_F(SnapshotBuilderTest, TheLargestAndSmallestValuesAreTaken) {
  ConfigurationRun run(1);
  for (const SettingRow& row : kSettingRows)
    if (row.when == SettingWhen::kLive && row.id != Setting::kPortFirst)
      run.Set(row.id, row.min).Set(row.id, row.max);
  run.Own(Side::kAccess, "0.0.0.0/0"_net)
      .Own(Side::kCore, "::1/128"_net)
      .Subscribers("172.16.0.0/12"_net, 12, kRegionsMax - 1)
      .Subscribers("2001:db8::/128"_net, 128)
      .Pool("203.0.113.0/32"_net, true, PrefixState::kRetired)
      .Unit(kUnitsMax - 1, "203.0.113.255"_ip, PrefixState::kDraining, kRegionsMax - 1);
  EXPECT_EQ(Give(run), AckStatus::kOk);
}

TEST_F(SnapshotBuilderTest, KindsThatAreNoConfigurationEndTheRun) {
  for (int kind = 0; kind < 300; ++kind) {
    const auto named = static_cast<MessageKind>(kind);
    bool configures = named >= MessageKind::kBegin && named <= MessageKind::kBypass;
    if (configures) continue;
    SCOPED_TRACE(kind);
    auto messages = Right(1).Messages();
    messages.pop_back();
    ASSERT_EQ(Give(messages), AckStatus::kOk);
    EXPECT_EQ(builder_->Take(MakeMessage(named), 0), AckStatus::kMalformed);
    ExpectNoTrace();
  }
}

TEST_F(SnapshotBuilderTest, EveryNumberOfObjectsHasALimit) {
  struct Limit {
    const char* what;
    int count;
    std::function<void(ConfigurationRun*, uint32_t)> add;
  };
  auto v6 = [](uint8_t first, uint32_t n) {
    Address a = "::"_ip;
    a.bytes[0] = first;
    for (size_t i = 0; i < 4; ++i) a.bytes[4 + i] = static_cast<uint8_t>(n >> (24 - 8 * i));
    return a;
  };
  builder_.emplace(std::vector<Prefix>{"2000::/3"_net, "203.0.113.0/24"_net, "2001:db8:a000::/64"_net},
                   Salts());
  const Limit limits[] = {
      {"own addresses", kPortAddressesMax,
       [&](auto* run, uint32_t n) {
         run->Own(Side::kCore, {v6(0x20, n), 64});
       }},
      {"subscribers", kSubscriberPrefixesMax,
       [&](auto* run, uint32_t n) {
         run->Subscribers({v6(0x40, n), 64}, 64);
       }},
      {"pools", kPoolPrefixesMax,
       [&](auto* run, uint32_t n) {
         run->Pool({v6(0x20, n), 64});
       }},
      {"bypasses", kBypassMax,
       [&](auto* run, uint32_t n) {
         run->Bypass({v6(0x60, n), 64});
       }},
      {"commands", kGenerationMessagesMax, [&](auto* run, uint32_t) { run->Set(Setting::kTtlCap, 40); }},
  };
  for (const Limit& limit : limits) {
    SCOPED_TRACE(limit.what);
    ConfigurationRun run(1);
    for (int n = 0; n < limit.count; ++n) limit.add(&run, static_cast<uint32_t>(n));
    ASSERT_EQ(Give(run), AckStatus::kOk);
    snapshot_.reset();
    limit.add(&run, static_cast<uint32_t>(limit.count));
    EXPECT_EQ(Give(run), AckStatus::kTooMany);
    ExpectNoTrace();
  }
}

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

TEST_F(SnapshotBuilderTest, EveryWrongRelationRefusesTheCommit) {
  for (const Relation& row : WrongRelations()) {
    SCOPED_TRACE(row.what);
    position_ = 0;
    EXPECT_EQ(Give(row.run), row.status);
    EXPECT_EQ(position_, row.position);
    ExpectNoTrace();
  }
}

TEST_F(SnapshotBuilderTest, RelationsThatMayBe) {
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

TEST_F(SnapshotBuilderTest, ACommitMustFitItsRun) {
  using Change = std::function<void(std::vector<Message>*)>;
  const std::pair<const char*, Change> rows[] = {
      {"one command less", [](auto* m) { m->erase(m->begin() + 3); }},
      {"one command more", [](auto* m) { m->insert(m->begin() + 1, (*m)[1]); }},
      {"two commands exchanged", [](auto* m) { std::swap((*m)[1], (*m)[2]); }},
      {"another count", [](auto* m) { ++m->back().commit.messages; }},
      {"another digest", [](auto* m) { m->back().commit.digest ^= 1; }},
      {"another generation", [](auto* m) { ++m->back().commit.generation; }},
      {"another value", [](auto* m) { (*m)[1].setting.value = 41; }},
      {"a byte nobody reads", [](auto* m) { (*m)[1].raw[55] = 1; }},
  };
  for (const auto& [what, change] : rows) {
    SCOPED_TRACE(what);
    auto messages = Right(1).Messages();
    change(&messages);
    EXPECT_EQ(Give(messages), AckStatus::kDigest);
    ExpectNoTrace();
  }
}

TEST_F(SnapshotBuilderTest, AGenerationMustBeNewer) {
  EXPECT_EQ(Give(Right(0).Messages(), 42), AckStatus::kMalformed);
  for (Generation stale : {1u, 41u, 42u}) {
    EXPECT_EQ(Give(Right(stale).Messages(), 42), AckStatus::kStale) << stale;
    EXPECT_EQ(builder_->Take(Right(43).Messages()[1], 42), AckStatus::kNotInRun) << stale;
  }
  EXPECT_EQ(Give(Right(43).Messages(), 42), AckStatus::kOk);
}

TEST_F(SnapshotBuilderTest, NoGenerationIsALastOne) {
  constexpr Generation kLast = ~Generation{0};
  EXPECT_EQ(Give(Right(kLast).Messages(), kLast - 1), AckStatus::kOk);
  EXPECT_EQ(Give(Right(NextVersion(kLast)).Messages(), kLast), AckStatus::kOk);
  EXPECT_EQ(Give(Right(7).Messages(), 0), AckStatus::kOk) << "the first may have any number";
}

TEST_F(SnapshotBuilderTest, AStaleBeginEndsTheRunItInterrupts) {
  auto messages = Right(43).Messages();
  Message commit = messages.back();
  messages.pop_back();
  ASSERT_EQ(Give(messages, 42), AckStatus::kOk);
  EXPECT_EQ(Give({Right(42).Messages()[0]}, 42), AckStatus::kStale);
  EXPECT_EQ(Give({commit}, 42), AckStatus::kNotInRun);
}

TEST_F(SnapshotBuilderTest, ANewBeginDropsTheRunBefore) {
  auto messages =
      ConfigurationRun(1).Subscribers("172.16.0.0/12"_net, 32).Unit(9, "203.0.113.9"_ip).Messages();
  messages.pop_back();
  ASSERT_EQ(Give(messages), AckStatus::kOk);
  ASSERT_EQ(Give(Right(1)), AckStatus::kOk);
  EXPECT_EQ(snapshot_->subscribers.Find("172.16.0.1"_ip), nullptr);
  EXPECT_FALSE(snapshot_->units[9].carries_flows());
}

TEST_F(SnapshotBuilderTest, NothingIsTakenOutsideARun) {
  const auto right = Right(1).Messages();
  for (size_t i = 1; i + 1 < right.size(); ++i) EXPECT_EQ(builder_->Take(right[i], 0), AckStatus::kNotInRun);
  EXPECT_EQ(Give({right.back()}), AckStatus::kNotInRun);
}

// Random runs over sixteen addresses of each family, so that everything touches everything.
class Soup {
 public:
  static constexpr int kAddresses = 16;
  explicit Soup(uint64_t seed) : random_(seed) {}

  static Address At(Family family, uint32_t n) {
    Address a = family == Family::kV4 ? "203.0.113.0"_ip : "2001:db8::"_ip;
    a.bytes[family == Family::kV4 ? 3 : 15] = static_cast<uint8_t>(n);
    return a;
  }

  ConfigurationRun Draw() {
    ConfigurationRun run(1);
    for (uint32_t n = 1 + Below(8); n > 0; --n) {
      switch (Below(8)) {
        case 0:
          run.Own(static_cast<Side>(Below(2)), {Host(), 24});
          break;
        case 1:
        case 2: {
          const Prefix p = Network();
          run.Subscribers(p, static_cast<uint8_t>(p.address.bits()));
          break;
        }
        case 3:
          run.Pool(Network());
          break;
        case 4:
          run.Bypass(Network());
          break;
        case 5:
          run.Gateway(static_cast<Side>(Below(2)), Host());
          break;
        default:
          run.Unit(static_cast<UnitIndex>(Below(6)), Host(), static_cast<PrefixState>(1 + Below(2)));
      }
    }
    return run;
  }
  // Something of a message changed, or a message of nothing but chance.
  void Damage(Message* m) {
    if (Below(2) == 0) {
      m->raw[Below(sizeof m->raw)] = static_cast<uint8_t>(random_());
      return;
    }
    for (uint8_t& byte : m->raw) byte = static_cast<uint8_t>(random_());
    m->kind = static_cast<MessageKind>(Below(20));
  }
  uint32_t Below(uint64_t bound) { return static_cast<uint32_t>(random_() % bound); }

 private:
  Address Host() { return At(static_cast<Family>(Below(2)), Below(kAddresses)); }
  Prefix Network() {
    const Address host = Host();
    auto length = static_cast<uint8_t>(host.bits() - static_cast<int>(Below(4)));
    return {Masked(host, length), length};
  }
  std::mt19937_64 random_;
};

// What the snapshot must never allow, checked address by address.
void ExpectNoSubscriberIsAnAlias(const Snapshot& s, const std::vector<Prefix>& allowed) {
  for (const Unit& unit : s.units) {
    if (!unit.carries_flows()) continue;
    const Address& a = unit.address;
    EXPECT_EQ(s.subscribers.Find(a), nullptr) << Format(a);
    EXPECT_EQ(s.FindOwn(a), nullptr) << Format(a);
    EXPECT_EQ(s.bypasses.Find(a), nullptr) << Format(a);
    EXPECT_TRUE(std::any_of(allowed.begin(), allowed.end(), [&](const Prefix& p) { return p.Contains(a); }))
        << Format(a);
    EXPECT_EQ(std::count_if(s.units.begin(), s.units.end(),
                            [&](const Unit& other) { return other.carries_flows() && other.address == a; }),
              1)
        << Format(a);
  }
  for (Family family : {Family::kV4, Family::kV6})
    for (uint32_t n = 0; n < Soup::kAddresses; ++n) {
      const Address a = Soup::At(family, n);
      int roles =
          (s.subscribers.Find(a) != nullptr) + (s.pools.Find(a) != nullptr) + (s.bypasses.Find(a) != nullptr);
      EXPECT_LE(roles, 1) << Format(a);
    }
  for (const auto& region : s.drawable)
    for (int family = 0; family < kFamilies; ++family)
      for (UnitIndex i : region[family]) {
        EXPECT_EQ(s.units[i].state, PrefixState::kActive);
        EXPECT_EQ(s.units[i].address.family, static_cast<Family>(family));
      }
}

TEST_F(SnapshotBuilderTest, NoRunMakesASubscriberAnAlias) {
  Soup soup(1);
  const std::vector<Prefix> allowed = {"203.0.113.0/29"_net, "2001:db8::8/125"_net};
  builder_.emplace(allowed, Salts());
  std::map<AckStatus, int> seen;
  for (int n = 0; n < 40'000 && !HasFailure(); ++n) {
    snapshot_.reset();
    const ConfigurationRun run = soup.Draw();
    auto messages = run.Messages();
    if (soup.Below(4) == 0) {
      // With a commit that fits, so that the damage is not found by the digest.
      ConfigurationRun damaged(1);
      for (size_t i = 1; i + 1 < messages.size(); ++i) {
        if (soup.Below(3) == 0) soup.Damage(&messages[i]);
        damaged.Add(messages[i]);
      }
      messages = damaged.Messages();
    }
    const AckStatus status = Give(messages);
    ++seen[status];
    ASSERT_EQ(status == AckStatus::kOk, snapshot_ != nullptr);
    if (snapshot_ != nullptr) ExpectNoSubscriberIsAnAlias(*snapshot_, allowed);
  }
  for (AckStatus status :
       {AckStatus::kOk, AckStatus::kMalformed, AckStatus::kConflict, AckStatus::kOutsideAllowed})
    EXPECT_GT(seen[status], 500) << static_cast<int>(status);
}

}  // namespace
}  // namespace cfr
