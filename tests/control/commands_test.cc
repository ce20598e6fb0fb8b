// SPDX-License-Identifier: BSD-3-Clause
#include "control/commands.h"

#include "common/version.h"
#include "control/command_table.h"
#include "tests/control/control_rig.h"

namespace cfr {
namespace {

using test::kSampleText;
using test::SampleConfig;

class CommandsTest : public test::ControlRig {
 protected:
  std::string Logged(const std::string& command, const Json& args, bool read_only = false) {
    testing::internal::CaptureStderr();
    Ask(command, args, read_only);
    return testing::internal::GetCapturedStderr();
  }
  Json Pool(const std::string& name) { return Result("pool show", {{"name", name}}); }
};

constexpr const char* kAllPools = "203.0.113.192/28";

TEST_F(CommandsTest, EveryCommandOfTheTableIsObeyedOrCfrctlsOwn) {
  for (const CommandRow& row : CommandTable()) {
    Answer answer = Ask(row.name(), {{"no_such_argument", 1}});
    ASSERT_TRUE(std::holds_alternative<Failure>(answer)) << row.name();
    const char* wanted = row.access == Access::kLocal ? "unknown command" : "unknown argument";
    EXPECT_NE(std::get<Failure>(answer).message.find(wanted), std::string::npos) << row.name();
  }
  EXPECT_EQ(Refusal("frobnicate").code, ExitCode::kUsage);
  EXPECT_LT(Refusal(std::string(1'000'000, 'x')).message.size(), 100u);
}

TEST_F(CommandsTest, TheReadOnlySocketIsRefusedWhatIsNotForIt) {
  for (const CommandRow& row : CommandTable()) {
    if (row.access == Access::kLocal) continue;
    Answer answer = Ask(row.name(), Json::object(), true);
    const auto* failure = std::get_if<Failure>(&answer);
    bool refused =
        failure != nullptr && failure->message == "'" + row.name() + "' is not for the read-only socket";
    EXPECT_EQ(refused, row.access == Access::kFull) << row.name();
    EXPECT_TRUE(!refused || failure->code == ExitCode::kFailed);
  }
  EXPECT_EQ(node_.generation(), 1u);
}

TEST_F(CommandsTest, WhatNeedsControlIsLoggedWithItsPeerAndEnd) {
  EXPECT_NE(Logged("pool drain", {{"name", "milan"}})
                .find("<6>msg=command command=\"pool drain milan\" peer=\"uid=0,pid=1\" result=ok\n"),
            std::string::npos);
  EXPECT_EQ(Logged("pool drain", {{"name", "nope"}}),
            "<4>msg=command command=\"pool drain nope\" peer=\"uid=0,pid=1\" result=failed\n");
  EXPECT_EQ(Logged("pool drain", {{"name", "a\nb"}}),
            "<4>msg=command command=\"pool drain a?b\" peer=\"uid=0,pid=1\" result=failed\n");
  EXPECT_EQ(Logged("pool drain", {{"name", 5}}),
            "<4>msg=command command=\"pool drain\" peer=\"uid=0,pid=1\" result=usage\n");
  EXPECT_EQ(Logged("pool drain", {{"name", "milan"}}, true),
            "<4>msg=command command=\"pool drain milan\" peer=\"uid=0,pid=1\" result=failed\n");
  EXPECT_EQ(Logged("pool list", Json::object()), "");
  EXPECT_EQ(Logged("frobnicate", Json::object()), "");
}

TEST_F(CommandsTest, NoSubscriberIsEverLogged) {
  testing::internal::CaptureStderr();
  Start("flow list", {{"subscriber", "10.10.0.7"}});
  Turn(FlowListing::kPatienceMs + 1);
  std::string log = testing::internal::GetCapturedStderr();
  EXPECT_NE(log.find("flow list"), std::string::npos);
  EXPECT_EQ(log.find("10.10.0.7"), std::string::npos) << log;
}

TEST_F(CommandsTest, ConfigExportAppliedAgainIsNoChange) {
  Ask("pool drain", {{"name", "milan"}});
  Ask("pool add", {{"name", "new"}, {"region", "IT-62"}, {"prefix", {kAllPools}}});
  Json exported = Result("config export");
  EXPECT_EQ(exported["generation"], 3);
  EXPECT_TRUE(Result("config plan", {{"config", exported["config"]}})["changes"].empty());
  EXPECT_EQ(Result("config apply", {{"config", exported["config"]}}),
            Json({{"changed", false}, {"generation", 3}, {"needs_restart", Json::array()}}));
}

TEST_F(CommandsTest, ConfigApplyIsWholeAndTellsWhatNeedsARestart) {
  std::string text = kSampleText;
  text.insert(text.find("egress_allowed"), "workers = 2\n");
  EXPECT_EQ(Result("config apply", {{"config", text}}),
            Json({{"changed", true}, {"generation", 2}, {"needs_restart", {"setting dataplane.workers"}}}));
  EXPECT_EQ(node_.config().settings[Setting::kWorkers], 2u);
}

TEST_F(CommandsTest, ConfigErrorsHaveTheirPlacesAndChangeNothing) {
  for (const char* command : {"config plan", "config apply"}) {
    Failure failure =
        Refusal(command, {{"config", std::string("[nod]\n") + kSampleText}, {"file", "my.toml"}});
    EXPECT_EQ(failure.code, ExitCode::kConfig);
    EXPECT_EQ(failure.message, "my.toml:1:1: error: unknown table 'nod'\n  hint: did you mean 'node'?");
    EXPECT_EQ(failure.hint, "nothing was changed");
  }
  EXPECT_EQ(node_.generation(), 1u);
}

TEST_F(CommandsTest, ConfigApplyIfGeneration) {
  std::string text = std::string(kSampleText) + "[timers]\nudp = \"6m\"\n";
  Failure failure = Refusal("config apply", {{"config", text}, {"if_generation", 7}});
  EXPECT_EQ(failure.code, ExitCode::kConflict);
  EXPECT_EQ(failure.message, "generation 1 is in force, not 7");
  EXPECT_EQ(Refusal("config apply", {{"config", text}, {"if_generation", -1}}).code, ExitCode::kUsage);
  EXPECT_EQ(node_.generation(), 1u);
  EXPECT_EQ(Result("config apply", {{"config", text}, {"if_generation", 1}})["generation"], 2);
}

TEST_F(CommandsTest, ADataplaneThatRefusesLeavesEverythingAsItWas) {
  Config config = SampleConfig();
  config.egress_allowed.push_back(*ParsePrefix("198.18.0.0/24"));  // after the dataplane's start
  config.pools.push_back({"outside",
                          "IT-25",
                          {*ParsePrefix("198.18.0.0/28")},
                          PrefixState::kActive,
                          1,
                          PortMode::kPerRemote,
                          false});
  Failure failure = Refusal("config apply", {{"config", WriteConfig(config)}});
  EXPECT_EQ(failure.code, ExitCode::kFailed);
  EXPECT_NE(failure.message.find("outside dataplane.egress_allowed"), std::string::npos) << failure.message;
  EXPECT_EQ(failure.hint, "generation 1 is in force");
  EXPECT_EQ(node_.config(), SampleConfig());
}

TEST_F(CommandsTest, PlansShowLiveFlows) {
  SetFlows("milan", 3);
  Config next = SampleConfig();
  next.pools[0].alias_units = 2;
  Json changes = Result("config plan", {{"config", WriteConfig(next)}})["changes"];
  ASSERT_EQ(changes.size(), 1u);
  EXPECT_EQ(changes[0], Json({{"sign", "~"},
                              {"object", "pool"},
                              {"name", "milan"},
                              {"text", "alias_units 4 -> 2"},
                              {"needs_restart", false},
                              {"live_flows", 24}}));
}

TEST_F(CommandsTest, PoolAddIsIdempotent) {
  const Json args = {{"name", "new"}, {"region", "IT-62"}, {"prefix", {kAllPools}}, {"alias_units", 2}};
  EXPECT_EQ(Result("pool add", args), Json({{"changed", true}, {"generation", 2}}));
  EXPECT_EQ(Result("pool add", args), Json({{"changed", false}, {"generation", 2}}));
  Json other = args;
  other["alias_units"] = 3;
  EXPECT_EQ(Refusal("pool add", other).code, ExitCode::kConflict);
  EXPECT_EQ(Pool("new")["units"].size(), 2u);
}

TEST_F(CommandsTest, PoolAddIsCheckedAsAFileIs) {
  auto refusal = [&](const char* name, const char* region, Json prefixes) {
    Failure failure = Refusal("pool add", {{"name", name}, {"region", region}, {"prefix", prefixes}});
    return absl::StrCat(Name(failure.code), ": ", failure.message);
  };
  EXPECT_EQ(refusal("new", "IT-62", Json::array()), "usage: a pool needs a prefix");
  EXPECT_EQ(refusal("new", "IT-62", {"203.0.113.192"}), "config: '203.0.113.192' is no prefix");
  EXPECT_EQ(refusal("new", "IT-63", {kAllPools}), "config: unknown region 'IT-63' (did you mean 'IT-62'?)");
  EXPECT_EQ(refusal("new", "IT-62", {"203.0.113.200/28"}),
            "config: \"203.0.113.200/28\" has host bits set (write \"203.0.113.192/28\")");
  EXPECT_EQ(refusal("", "IT-62", {kAllPools}), "config: 'pool.name' has 0 bytes; allowed: 1 to 128");
  EXPECT_EQ(refusal("a b", "IT-62", {kAllPools}),
            "config: 'pool.name' is \"a b\"; a name holds letters, digits, '-', '_' and '.' only");
  for (const char* name : {"x\"\n[[bypass]]\nname = \"y", "x\\", "x\n", "\"", "x\x01"})
    EXPECT_EQ(refusal(name, "IT-62", {kAllPools}).substr(0, 7), "config:") << name;
  EXPECT_EQ(refusal("new", "IT-62", {"10.10.0.0/28"}).substr(0, 7), "config:");
  EXPECT_EQ(refusal("new", "IT-62", {"203.0.113.0/28"}).substr(0, 7), "config:");
  EXPECT_EQ(node_.generation(), 1u);
}

TEST_F(CommandsTest, PoolDelSparesLiveFlowsUnlessTold) {
  EXPECT_EQ(Result("pool del", {{"name", "nope"}}), Json({{"changed", false}, {"generation", 1}}));
  Ask("pool add", {{"name", "new"}, {"region", "IT-62"}, {"prefix", {kAllPools}}});
  SetFlows("new", 1);
  Failure failure = Refusal("pool del", {{"name", "new"}});
  EXPECT_EQ(failure.code, ExitCode::kFailed);
  EXPECT_EQ(failure.message, "pool 'new' carries 8 live flows");
  EXPECT_EQ(Result("pool del", {{"name", "new"}, {"drain", true}})["changed"], true);
  EXPECT_EQ(Pool("new")["deleted"], true);
  EXPECT_EQ(Pool("new")["flows"], 8);
  EXPECT_EQ(Pool("new")["unit_states"], Json({{"draining", 4}}));
}

TEST_F(CommandsTest, PoolDelOfTheLastOfARegionIsRefusedAsAFileWouldBe) {
  Failure failure = Refusal("pool del", {{"name", "milan"}});
  EXPECT_EQ(failure.code, ExitCode::kConfig);
  EXPECT_EQ(failure.message.find("region 'IT-25' has ipv4 subscribers but no ipv4 pool"), 0u)
      << failure.message;
}

TEST_F(CommandsTest, DrainAndUndrain) {
  SetFlows("milan", 2);
  EXPECT_EQ(Result("pool drain", {{"name", "milan"}}),
            Json({{"changed", true}, {"generation", 2}, {"live_flows", 16}}));
  EXPECT_EQ(Result("pool drain", {{"name", "milan"}})["changed"], false);
  EXPECT_EQ(Pool("milan")["state"], "draining");
  EXPECT_EQ(Pool("milan")["unit_states"], Json({{"draining", 4}}));
  EXPECT_EQ(Result("pool undrain", {{"name", "milan"}}),
            Json({{"changed", true}, {"generation", 3}, {"live_flows", 16}}));
  EXPECT_EQ(Pool("milan")["unit_states"], Json({{"active", 4}}));
  EXPECT_EQ(Refusal("pool drain", {{"name", "nope"}}).message, "no pool 'nope'");
}

TEST_F(CommandsTest, AStagedPoolIsNeitherDrainedNorStarted) {
  for (const char* command : {"pool drain", "pool undrain"}) {
    Failure failure = Refusal(command, {{"name", "rome"}});
    EXPECT_EQ(failure.code, ExitCode::kConflict);
    EXPECT_EQ(failure.message.find("pool 'rome' is staged, not "), 0u) << failure.message;
  }
  EXPECT_EQ(node_.generation(), 1u);
}

TEST_F(CommandsTest, MergeAndUnmerge) {
  EXPECT_EQ(Refusal("pool merge", {{"name", "nope"}}).message, "no pool 'nope'");
  EXPECT_EQ(Refusal("pool merge", {{"name", "milan"}}).message, "pool 'milan' has no parent");
  Config next = node_.config();
  next.pools[0].parent = "rome";
  next.pools[0].cross_border = true;
  next.pools[2].state = PrefixState::kActive;
  Result("config apply", {{"config", WriteConfig(next)}});
  SetFlows("milan", 1);
  Json merged = Result("pool merge", {{"name", "milan"}});
  EXPECT_EQ(merged["changed"], true);
  EXPECT_EQ(merged["live_flows"], 8);
  EXPECT_EQ(Result("pool show", {{"name", "milan"}})["merged_into"], "rome");
  EXPECT_EQ(Result("pool show", {{"name", "milan"}})["unit_states"], Json({{"draining", 4}}));
  EXPECT_EQ(Result("pool merge", {{"name", "milan"}})["changed"], false);
  EXPECT_EQ(node_.config(), next) << "what is desired stays as it was written";
  EXPECT_EQ(Result("pool unmerge", {{"name", "milan"}})["changed"], true);
  EXPECT_EQ(Result("pool show", {{"name", "milan"}})["unit_states"], Json({{"active", 4}}));
  EXPECT_EQ(Result("pool unmerge", {{"name", "milan"}})["changed"], false);
}

TEST_F(CommandsTest, AMergeEndsWithTheParent) {
  Config next = node_.config();
  next.pools[0].parent = "rome";
  next.pools[0].cross_border = true;
  Result("config apply", {{"config", WriteConfig(next)}});
  Result("pool merge", {{"name", "milan"}});
  EXPECT_NE(Refusal("pool del", {{"name", "rome"}}).message.find("no pool 'rome' to be its parent"),
            std::string::npos);
  Result("config apply", {{"config", WriteConfig(test::SampleConfig())}});
  EXPECT_TRUE(node_.merges().empty());
  EXPECT_TRUE(Result("pool show", {{"name", "milan"}})["merged_into"].is_null());
}

TEST_F(CommandsTest, APrefixTakesNoStepThereIsNot) {
  Config next = node_.config();
  next.pools[0].state = PrefixState::kStaged;
  Failure refused = Refusal("config apply", {{"config", WriteConfig(next)}});
  EXPECT_EQ(refused.code, ExitCode::kConflict);
  EXPECT_EQ(refused.message, "pool 'milan': 203.0.113.0/28 is active and cannot be staged");
  EXPECT_EQ(node_.config(), test::SampleConfig());
}

TEST_F(CommandsTest, EpochAdvanceRaisesTheKeyVersion) {
  EXPECT_EQ(Result("epoch show"), Json({{"length_seconds", 3600}, {"key_version", 1}, {"advances", 1}}));
  EXPECT_EQ(Result("epoch advance"), Json({{"changed", true}, {"key_version", 2}}));
  EXPECT_EQ(Result("epoch show")["key_version"], 2);
}

TEST_F(CommandsTest, FlowListKnowsItsWords) {
  EXPECT_EQ(Refusal("flow list", {{"proto", "sctp"}}).message, "'sctp' is no protocol");
  EXPECT_EQ(Refusal("flow list", {{"subscriber", "10.0.0.0/33"}}).message,
            "'10.0.0.0/33' is no address or prefix");
  EXPECT_EQ(Refusal("flow list", {{"subscriber", "10.0.0.1/8"}}).code, ExitCode::kUsage);
  EXPECT_EQ(Refusal("flow list", {{"pool", "nope"}}).message, "no pool 'nope'");
}

TEST_F(CommandsTest, CountersOfAWorkerThatIsNotThere) {
  EXPECT_EQ(Refusal("counters", {{"worker", 2}}).message, "there is no worker 2");
  EXPECT_EQ(Refusal("counters", {{"worker", 64}}).code, ExitCode::kUsage);
  Result("counters", {{"worker", 1}});
}

TEST_F(CommandsTest, WithoutADataplaneNothingChangesAndNothingIsInvented) {
  StopDataplane();
  for (auto [command, args] : std::initializer_list<std::pair<const char*, Json>>{
           {"config apply", {{"config", std::string(kSampleText) + "[timers]\nudp = \"6m\"\n"}}},
           {"pool add", {{"name", "new"}, {"region", "IT-62"}, {"prefix", {kAllPools}}}},
           {"pool drain", {{"name", "milan"}}},
           {"epoch advance", Json::object()},
           {"flow list", Json::object()},
           {"flow stats", Json::object()},
           {"worker list", Json::object()},
           {"port list", Json::object()},
           {"counters", Json::object()}}) {
    Failure failure = Refusal(command, args);
    EXPECT_EQ(failure.code, ExitCode::kFailed) << command;
    EXPECT_EQ(failure.message.find("no dataplane is attached"), 0u) << failure.message;
  }
  EXPECT_EQ(node_.generation(), 1u);
  EXPECT_TRUE(Pool("milan")["flows"].is_null());
  EXPECT_TRUE(Result("epoch show")["key_version"].is_null());
  EXPECT_TRUE(Result("version")["dataplane"].is_null());
  std::string text = WriteConfig(SampleConfig());
  EXPECT_TRUE(Result("config plan", {{"config", text}})["changes"].empty());
}

TEST_F(CommandsTest, VersionNamesAllThree) {
  std::snprintf(double_->page().build, sizeof double_->page().build, "9.9 (test)");
  EXPECT_EQ(Result("version"), Json({{"control", kVersion}, {"dataplane", "9.9 (test)"}, {"generation", 1}}));
  std::fill(std::begin(double_->page().build), std::end(double_->page().build), 'x');
  EXPECT_EQ(Result("version")["dataplane"], std::string(64, 'x'));
}

}  // namespace
}  // namespace cfr
