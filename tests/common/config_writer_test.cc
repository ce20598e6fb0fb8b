// SPDX-License-Identifier: BSD-3-Clause
// Reading what was written gives the same Config, for the good file and for random ones.
#include <gtest/gtest.h>

#include <random>
#include <string>

#include "absl/strings/str_cat.h"
#include "common/config.h"
#include "tests/common/config_rows.h"

namespace cfr {
namespace {

std::string Errors(const ConfigResult& result) {
  std::string all;
  for (const ConfigError& e : result.errors) absl::StrAppend(&all, Format(e, "f"), "\n");
  return all;
}

class RandomConfig {
 public:
  explicit RandomConfig(uint32_t seed) : random_(seed) {}

  Config Draw() {
    Config c;
    c.node_name = absl::StrCat("node-", Below(1000));
    for (uint32_t i = 0; i <= Below(12); ++i) c.regions.push_back(absl::StrCat("R-", i));
    for (int side = 0; side < kSides; ++side) c.port[side] = Port(side);
    for (const SettingRow& row : kSettingRows)
      if (Below(2) == 0) c.settings.Set(row.id, row.min + Wide() % (row.max - row.min + 1));
    if (c.settings[Setting::kPortFirst] > c.settings[Setting::kPortLast])
      c.settings.Set(Setting::kPortLast, c.settings[Setting::kPortFirst]);
    if (c.settings[Setting::kAffinityIdle] > c.settings[Setting::kAffinityCap])
      c.settings.Set(Setting::kAffinityCap, c.settings[Setting::kAffinityIdle]);
    // The addresses drawn below are those of documents.
    if (c.settings.Choice<Martians>(Setting::kMartians) == Martians::kProduction)
      c.settings.Set(Setting::kMartians, static_cast<uint64_t>(Martians::kLab));
    // Sealed records need a key, and a subscriber of no more bits than they keep.
    const auto recorded = c.settings.Choice<RecordChoice>(Setting::kRecordMode);
    if (recorded > RecordChoice::kOff || Below(2) == 0)
      c.records = {absl::StrCat("/r/", Below(9)), "/etc/cfr/\"keys\""};
    const bool kept = recorded != RecordChoice::kOff && !c.records.day_keys.empty();
    for (const PortListRow& row : kPortListRows)
      if (Below(2) == 0) c.ports[row.id] = Ports(row);
    for (uint32_t i = 0; i < Below(3); ++i)
      c.nat64_prefixes.push_back(*ParsePrefix(absl::StrCat("2001:db7:", i, "::/96")));
    if (Below(2) == 0) c.egress_allowed = {*ParsePrefix("203.0.0.0/16"), *ParsePrefix("2001:db8:cf00::/40")};
    for (uint32_t i = 0; i < 1 + Below(20); ++i) c.pools.push_back(Pool(c, i));
    // Subscribers live only where a pool of theirs is.
    for (uint32_t i = 0; i < Below(20); ++i) {
      const PoolConfig& pool = c.pools[Below(static_cast<uint32_t>(c.pools.size()))];
      const bool v4 = pool.family() == Family::kV4;
      std::string prefix = v4 ? absl::StrCat("10.", i, ".0.0/16") : absl::StrCat("2001:db9:", i, "::/48");
      auto per =
          static_cast<uint8_t>(v4 ? 32 - Below(2) : 64 + (kept ? 0 : Below(65)));  // a crowd for every pool
      c.subscribers.push_back({*ParsePrefix(prefix), per, pool.region});
    }
    for (uint32_t i = 0; i < Below(5); ++i)
      c.bypasses.push_back(
          {absl::StrCat("b", i), *ParsePrefix(absl::StrCat("198.51.", i, ".0/24")), Reason()});
    return c;
  }

 private:
  uint32_t Below(uint32_t bound) { return static_cast<uint32_t>(random_() % bound); }
  uint64_t Wide() { return random_(); }

  std::vector<uint16_t> Ports(const PortListRow& row) {
    std::vector<uint16_t> ports;
    uint32_t port = row.min;
    for (uint32_t i = 0; i < Below(10); ++i, port += 1 + Below(40)) {
      const bool quic = port == 443 || port == 853;  // no rule of this test
      if (!quic) ports.push_back(static_cast<uint16_t>(port));
    }
    return ports;
  }

  std::string Reason() {
    static const char* const kPieces[] = {"\"", "\\", "'", "#",       "\xc3\xa9", "[",      "]",  "{",
                                          "=",  ".",  " ", "\\u0041", "r",        "\"\"\"", "'''"};
    std::string text;
    for (uint32_t i = 0; i <= Below(12); ++i) text += kPieces[Below(std::size(kPieces))];
    return text;
  }

  PortConfig Port(int side) {
    PortConfig p;
    p.kind = static_cast<PortConfig::Kind>(Below(6));
    switch (p.kind) {
      case PortConfig::Kind::kNetdev:
        p.device = absl::StrCat("dev", side);
        break;
      case PortConfig::Kind::kPci:
        p.device = absl::StrCat("0000:8", side, ":00.", Below(8));
        break;
      case PortConfig::Kind::kMemif:
        p.device = absl::StrCat("/run/m", side, "#.sock");
        break;
      case PortConfig::Kind::kRing:
        p.device = absl::StrCat("ring", side);
        break;
      case PortConfig::Kind::kNull:
        break;
      case PortConfig::Kind::kPcap:
        p.rx_pcap = "in.pcap", p.tx_pcap = absl::StrCat("out", side, ".pcap");
    }
    p.mtu = 1280 + Below(9000 - 1280 + 1);
    for (uint32_t n = Below(3); n > 0; --n) p.vlan.push_back(static_cast<uint16_t>(1 + Below(4094)));
    for (uint32_t i = 0; i < Below(8); ++i)
      p.addresses.push_back(*ParsePrefix(absl::StrCat("192.0.", side * 8 + static_cast<int>(i), ".7/24")));
    if (!p.addresses.empty()) p.gateway[0] = ParseAddress(absl::StrCat("192.0.", side * 8, ".9"));
    if (Below(2) == 0) {
      p.addresses.push_back(*ParsePrefix(absl::StrCat("fd00:", side, "::7/64")));
      p.gateway[1] = ParseAddress(absl::StrCat("fd00:", side, "::1"));
    }
    return p;
  }

  PoolConfig Pool(const Config& c, uint32_t i) {
    PoolConfig pool;
    pool.name = absl::StrCat("pool.", i);
    pool.region = c.regions[Below(static_cast<uint32_t>(c.regions.size()))];
    const bool v4 = Below(2) == 0;
    for (uint32_t j = 0; j <= Below(10); ++j)
      pool.prefixes.push_back(*ParsePrefix(
          v4 ? absl::StrCat("203.0.", i, ".", j * 16, "/28")
             : absl::StrCat("2001:db8:cf", absl::Hex(i, absl::kZeroPad2), "::", j + 1, ":0/112")));
    pool.state = static_cast<PrefixState>(Below(3));
    pool.alias_units = 1 + Below(kUnitsPerPoolMax);
    pool.port_mode = static_cast<PortMode>(Below(2));
    pool.small_crowd = Below(2) == 0;
    pool.answer_neighbours = Below(2) == 0;
    Relate(c, &pool);
    return pool;
  }

  // Perhaps to an earlier pool.
  void Relate(const Config& c, PoolConfig* pool) {
    if (c.pools.empty() || Below(2) == 0) return;
    const PoolConfig& parent = c.pools[Below(static_cast<uint32_t>(c.pools.size()))];
    if (parent.family() != pool->family()) return;
    for (const PoolConfig& p : c.pools)  // a region has parents in one region
      if (p.region == pool->region && p.family() == pool->family() && !p.parent.empty()) return;
    pool->parent = parent.name;
    pool->cross_border = parent.region != pool->region;
  }

  std::mt19937_64 random_;
};

TEST(ConfigWriter, RoundTripOfTheGoodFile) {
  Config c = *ParseConfig(GoodConfig()).config;
  ConfigResult again = ParseConfig(WriteConfig(c));
  ASSERT_TRUE(again.config.has_value()) << Errors(again);
  EXPECT_EQ(*again.config, c);
}

TEST(ConfigWriter, RoundTripOfRandomOnes) {
  for (uint32_t seed = 0; seed < 500; ++seed) {
    Config c = RandomConfig(seed).Draw();
    std::string text = WriteConfig(c);
    ConfigResult again = ParseConfig(text);
    ASSERT_TRUE(again.config.has_value()) << "seed " << seed << "\n" << Errors(again) << text;
    ASSERT_EQ(*again.config, c) << "seed " << seed;
    ASSERT_EQ(WriteConfig(*again.config), text);
  }
}

TEST(ConfigWriter, BreaksLongArrays) {
  Config c = *ParseConfig(GoodConfig()).config;
  c.egress_allowed.clear();
  c.pools[0].prefixes.clear();
  for (int i = 0; i < kPoolPrefixesMax - 1; ++i)
    c.pools[0].prefixes.push_back(*ParsePrefix(absl::StrCat("203.", i / 256, ".", i % 256, ".0/24")));
  c.regions.resize(1);
  for (int i = 1; i < kRegionsMax; ++i) c.regions.push_back(absl::StrCat(std::string(120, 'r'), i));
  ConfigResult again = ParseConfig(WriteConfig(c));
  ASSERT_TRUE(again.config.has_value()) << Errors(again);
  EXPECT_EQ(*again.config, c);
}

}  // namespace
}  // namespace cfr
