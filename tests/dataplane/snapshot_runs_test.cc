// SPDX-License-Identifier: BSD-3-Clause
// Random runs, damaged ones too, in which no subscriber's address may ever become an alias.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>
#include <vector>

#include "dataplane/snapshot_builder.h"
#include "tests/dataplane/snapshot_rig.h"

namespace cfr {
namespace {

using test::ConfigurationRun;
using test::Salts;
using test::operator""_ip;
using test::operator""_net;
using SnapshotRunsTest = test::SnapshotRig;

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

TEST_F(SnapshotRunsTest, NoRunMakesASubscriberAnAlias) {
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
