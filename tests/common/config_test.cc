// SPDX-License-Identifier: BSD-3-Clause
#include "common/config.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <random>
#include <sstream>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/config_schema.h"
#include "tests/common/config_rows.h"

namespace cfr {
namespace {

std::string ReadFile(const std::filesystem::path& path) {
  std::ifstream file(path);
  std::stringstream text;
  text << file.rdbuf();
  EXPECT_TRUE(file) << path;
  return text.str();
}

std::vector<std::filesystem::path> Samples(const char* kind) {
  std::vector<std::filesystem::path> paths;
  for (const auto& entry : std::filesystem::directory_iterator(std::filesystem::path(CFR_SAMPLES) / kind))
    if (entry.path().extension() == ".toml") paths.push_back(entry.path());
  std::sort(paths.begin(), paths.end());
  EXPECT_GE(paths.size(), 3u);
  return paths;
}

TEST(Config, TheGoodFileIsRead) {
  ConfigResult result = ParseConfig(GoodConfig());
  ASSERT_TRUE(result.config.has_value()) << Format(result.errors.front(), "good");
  const Config& c = *result.config;
  EXPECT_EQ(c.node_name, "edge1");
  EXPECT_EQ(c.regions, (std::vector<std::string>{"IT-25", "IT-62"}));
  EXPECT_EQ(c.port[0].kind, PortConfig::Kind::kNetdev);
  EXPECT_EQ(c.port[0].device, "acc0");
  EXPECT_EQ(Format(c.port[0].addresses.at(1)), "fd10::1/64");
  EXPECT_EQ(Format(*c.port[1].gateway[0]), "192.0.2.1");
  EXPECT_TRUE(c.port[0].vlan.empty());
  EXPECT_EQ(c.settings[Setting::kWorkers], 2u);
  EXPECT_EQ(c.settings[Setting::kTimerUdp], 300u);
  EXPECT_EQ(c.settings[Setting::kLease], Row(Setting::kLease).default_value);
  EXPECT_EQ(c.subscribers.at(1).per, 56);
  EXPECT_EQ(c.pools.at(1).alias_units, 4u);
  EXPECT_EQ(c.pools.at(1).family(), Family::kV6);
  EXPECT_EQ(c.bypasses.at(0).reason, "the operator's own portal");
}

TEST(Config, AVlanIsOneIdOrTwo) {
  for (auto [text, ids] : {std::pair{"vlan = 100", std::vector<uint16_t>{100}},
                           {"vlan = [4094, 1]", std::vector<uint16_t>{4094, 1}}}) {
    std::string changed = GoodConfig();
    changed.replace(changed.find("mtu = 1500"), 10, text);
    ConfigResult result = ParseConfig(changed);
    ASSERT_TRUE(result.config.has_value()) << Format(result.errors.front(), "changed");
    EXPECT_EQ(result.config->port[0].vlan, ids);
  }
}

TEST(Config, OneSubscriberIsAnAddressOrADelegation) {
  std::string text = GoodConfig();
  for (const char* line : {"per = 32\n", "per = 56\n"}) text.erase(text.find(line), 9);
  ConfigResult result = ParseConfig(text);
  ASSERT_TRUE(result.config.has_value());
  EXPECT_EQ(result.config->subscribers.at(0).per, 32);
  EXPECT_EQ(result.config->subscribers.at(1).per, 56);
  text.replace(text.find("2001:db8:1000::/36"), 18, "2001:db8:1000::/60");
  text += "[[subscribers]]\nprefix = \"2001:db8:2000::/36\"\nregion = \"IT-25\"\n";  // company
  result = ParseConfig(text);
  ASSERT_TRUE(result.config.has_value());
  EXPECT_EQ(result.config->subscribers.at(1).per, 60) << "a longer prefix is one subscriber";
}

TEST(Config, DurationsHaveThreeUnitsAndNone) {
  for (auto [text, seconds] :
       {std::pair{"\"150s\"", 150u}, {"\"3m\"", 180u}, {"\"2h\"", 7200u}, {"240", 240u}}) {
    std::string changed = GoodConfig();
    changed.replace(changed.find("\"5m\""), 4, text);
    ConfigResult result = ParseConfig(changed);
    ASSERT_TRUE(result.config.has_value()) << text;
    EXPECT_EQ(result.config->settings[Setting::kTimerUdp], seconds);
  }
}

TEST(Config, AliasProfileStandsForWhatIsLeftOut) {
  auto settings_of = [](const std::string& table) {
    std::string text = GoodConfig();
    text.replace(text.find("epoch = \"1h\""), 12, table);
    ConfigResult result = ParseConfig(text);
    EXPECT_TRUE(result.config.has_value()) << table;
    return result.config.value_or(Config()).settings;
  };
  auto expect = [](const Settings& settings, uint64_t epoch, uint64_t idle, uint64_t cap) {
    EXPECT_EQ(settings[Setting::kEpochLength], epoch);
    EXPECT_EQ(settings[Setting::kAffinityIdle], idle);
    EXPECT_EQ(settings[Setting::kAffinityCap], cap);
  };
  expect(settings_of(""), 3600, 1800, 14400);
  expect(settings_of("profile = \"default\""), 3600, 1800, 14400);
  expect(settings_of("profile = \"strict\""), 600, 600, 7200);
  expect(settings_of("profile = \"compat\""), 86400, 3600, 14400);
  expect(settings_of("affinity_cap = \"1h\"\nprofile = \"strict\""), 600, 600, 3600);
  EXPECT_EQ(settings_of("profile = \"strict\"")[Setting::kPortFirst], settings_of("")[Setting::kPortFirst]);
}

TEST(Config, ScrubProfileStandsForWhatIsLeftOut) {
  auto settings_of = [](const std::string& table) {
    std::string text = GoodConfig();
    text.replace(text.find("dscp = true"), 11, table);
    ConfigResult result = ParseConfig(text);
    EXPECT_TRUE(result.config.has_value()) << table;
    return result.config.value_or(Config()).settings;
  };
  EXPECT_EQ(settings_of("profile = \"full\""), settings_of(""));
  Settings off = settings_of("profile = \"off\"\ntcp_fast_open = true");
  for (Setting flag : {Setting::kScrubIpv4Id, Setting::kScrubFlowLabel, Setting::kScrubDscp,
                       Setting::kScrubAddAddress, Setting::kScrubMpCapable})
    EXPECT_EQ(off[flag], 0u) << Row(flag).key;
  EXPECT_EQ(off[Setting::kTtlCap], 255u);
  EXPECT_EQ(off[Setting::kMssClampV4], 65535u);
  EXPECT_EQ(off.Choice<TcpTimestamps>(Setting::kTcpTimestamps), TcpTimestamps::kKeep);
  EXPECT_EQ(off[Setting::kScrubFastOpen], 1u) << "what is written counts";
  EXPECT_EQ(off[Setting::kTimerUdp], settings_of("")[Setting::kTimerUdp]);
}

TEST(Config, FormatNamesThePlaceIfThereIsOne) {
  EXPECT_EQ(Format(ConfigError{3, 7, "what", ""}, "a.toml"), "a.toml:3:7: error: what");
  EXPECT_EQ(Format(ConfigError{0, 0, "what", "do"}, "a.toml"), "a.toml: error: what\n  hint: do");
}

TEST(Config, GoodSamples) {
  for (const auto& path : Samples("good")) {
    ConfigResult result = ParseConfig(ReadFile(path));
    EXPECT_TRUE(result.config.has_value()) << Format(result.errors.front(), path.string());
  }
}

// The example of the documents shows every key there is, each plain one with its default.
TEST(Config, TheExampleIsComplete) {
  std::string text = ReadFile(CFR_EXAMPLE);
  ConfigResult result = ParseConfig(text);
  ASSERT_TRUE(result.config.has_value()) << Format(result.errors.front(), "docs/cfr.toml");
  EXPECT_EQ(result.config->settings, Settings());
  for (const TableRow& table : kTableRows)
    for (const std::string& key : KeysOf(table.keys)) {
      bool shown = text.find(absl::StrCat("\n", key, " = ")) != std::string::npos ||
                   text.find(absl::StrCat("\n# ", key, " = ")) != std::string::npos;
      EXPECT_TRUE(shown) << table.path << "." << key;
    }
}

// A bad sample says in comments of its own what is told about it: "# says LINE:COLUMN: MESSAGE".
TEST(Config, BadSamples) {
  for (const auto& path : Samples("bad")) {
    std::string text = ReadFile(path), expected, got, line;
    std::stringstream lines(text);
    while (std::getline(lines, line))
      if (line.starts_with("# says ")) absl::StrAppend(&expected, line.substr(7), "\n");
    for (const ConfigError& e : ParseConfig(text).errors)
      absl::StrAppend(&got, e.line, ":", e.column, ": ", e.message, "\n");
    EXPECT_EQ(got, expected) << path;
  }
}

TEST(Config, TellsAThousandErrorsAtMost) {
  std::string text = GoodConfig();
  for (int i = 0; i < 1200; ++i) text += "[[bypass]]\nname = \"portal\"\nprefix = \"x\"\nreason = \"r\"\n";
  ConfigResult result = ParseConfig(text);
  ASSERT_EQ(result.errors.size(), 1001u);
  EXPECT_EQ(result.errors.front().line, 65);
  EXPECT_EQ(result.errors.back().message, "200 more errors are not shown");
}

// Bytes cut out, put in, doubled and turned over: an answer always, and either a Config or errors.
std::string Mutated(std::string text, std::mt19937* random) {
  static const char* const kPieces[] = {"[",         "]",       "[[",   "{",   "}",   "\"",         "'",
                                        "\"\"\"",    "'''",     "\n",   "=",   ".",   ",",          "#",
                                        "\\",        "\\u0000", "0x",   "1e9", "-",   "2020-01-01", "::/0",
                                        "0.0.0.0/0", "\xff",    "\xc3", "\r",  "inf", "[node]\n"};
  auto below = [&](size_t bound) { return static_cast<size_t>((*random)() % bound); };
  for (size_t n = 1 + below(4); n > 0 && !text.empty(); --n) {
    size_t at = below(text.size()), length = std::min(below(20), text.size() - at);
    switch (below(5)) {
      case 0:
        text.erase(at, length);
        break;
      case 1:
        text.insert(at, kPieces[below(std::size(kPieces))]);
        break;
      case 2:
        text.insert(below(text.size()), text.substr(at, length));
        break;
      case 3:
        text[at] = static_cast<char>(below(256));
        break;
      case 4:
        text.resize(at);
        break;
    }
  }
  return text;
}

TEST(Config, AnswersAnything) {
  std::mt19937 random(20240521);
  int good = 0;
  for (int i = 0; i < 20000; ++i) {
    std::string text;
    if (i % 4 != 0)
      text = Mutated(GoodConfig(), &random);
    else
      for (size_t n = random() % 200; n > 0; --n) text += static_cast<char>(random());
    ConfigResult result;
    ASSERT_NO_THROW(result = ParseConfig(text)) << text;
    ASSERT_EQ(result.config.has_value(), result.errors.empty()) << text;
    good += result.config.has_value() ? 1 : 0;
    if (result.config.has_value()) {
      ASSERT_EQ(ParseConfig(WriteConfig(*result.config)).config, result.config) << text;
    }
  }
  EXPECT_GT(good, 100) << "some changes are harmless, or nothing but the first line was tried";
}

}  // namespace
}  // namespace cfr
