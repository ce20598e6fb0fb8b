// SPDX-License-Identifier: BSD-3-Clause
// Every command a hostile control process could send: a row for each rule of a single one, and how many
// there may be.
#include <gtest/gtest.h>

#include <functional>
#include <vector>

#include "dataplane/snapshot_builder.h"
#include "tests/dataplane/snapshot_rig.h"

namespace cfr {
namespace {

using test::ConfigurationRun;
using test::Right;
using test::Salts;
using test::operator""_ip;
using test::operator""_net;
using SnapshotFieldsTest = test::SnapshotRig;

Message Changed(const ConfigurationRun& run, const std::function<void(Message&)>& change) {
  Message m = run.Messages()[1];
  change(m);
  return m;
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

TEST_F(SnapshotFieldsTest, EveryFieldOutOfRangeEndsTheRun) {
  for (const Refusal& row : FieldsOutOfRange()) {
    SCOPED_TRACE(row.what);
    auto messages = Right(1).Messages();
    messages.insert(messages.end() - 1, row.message);
    EXPECT_EQ(Give(messages), row.status);
    ExpectNoTrace();
  }
}

// The same rows with nothing wrong in them would be taken: what refuses is the wrong field.
TEST_F(SnapshotFieldsTest, TheLargestAndSmallestValuesAreTaken) {
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

TEST_F(SnapshotFieldsTest, KindsThatAreNoConfigurationEndTheRun) {
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

TEST_F(SnapshotFieldsTest, EveryNumberOfObjectsHasALimit) {
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

}  // namespace
}  // namespace cfr
