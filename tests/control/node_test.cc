// SPDX-License-Identifier: BSD-3-Clause
// Control plane to dataplane in one process: a real Node and a real ControlLink, over a real socket and
// real rings. The clock is the test's; only while attaching do two threads run.
#include "control/node.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <optional>
#include <thread>

#include "absl/strings/str_cat.h"
#include "tests/support/dataplane_end.h"
#include "tests/support/plain_config.h"
#include "tests/support/temp_directory.h"

namespace cfr {
namespace {

using test::DataplaneEnd;
using test::operator""_net;

constexpr uint64_t kTurnMs = 20;

class NodeTest : public testing::Test {
 protected:
  void StartDataplane() {
    dataplane_.emplace(
        socket_, std::vector<Prefix>{"203.0.113.0/24"_net, "198.51.100.0/24"_net, "2001:db8:a000::/64"_net});
    dataplane_->page().boot = ++boots_;
  }
  void StopDataplane() { dataplane_.reset(); }
  // With what a former run saved, else with `first`.
  void StartControl(const Config& first = test::PlainConfig()) {
    StateFile file(directory_.path());
    auto saved = file.Load(now_ms_);
    node_.emplace(saved.ok() ? *saved : State{first, 0, {}}, file, socket_);
  }
  void StopControl() { node_.reset(); }

  // A turn of each. A control process that is not attached waits for the dataplane's hello, so then the
  // dataplane turns beside it.
  void Turn() {
    if (dataplane_.has_value() && node_.has_value() && !node_->link().attached()) {
      std::atomic<bool> done = false;
      std::thread dataplane([&] {
        while (!done) dataplane_->Poll(now_ms_);
      });
      node_->Poll(now_ms_);
      done = true;
      dataplane.join();
    }
    if (dataplane_.has_value()) dataplane_->Poll(now_ms_);
    if (node_.has_value()) node_->Poll(now_ms_);
  }
  void Run(uint64_t ms) {
    for (uint64_t end = now_ms_ + ms; now_ms_ < end; now_ms_ += kTurnMs) Turn();
    Turn();
  }
  void StartBoth() {
    StartDataplane();
    StartControl();
    Run(200);
    ASSERT_EQ(dataplane_->generation(), 1u);
  }

  // The answers of changes, in the order they came.
  Answered Remember() {
    return [this](Answer answer) { answers_.push_back(std::move(answer)); };
  }
  const Json* LastJson() const { return answers_.empty() ? nullptr : std::get_if<Json>(&answers_.back()); }
  const Failure* LastFailure() const {
    return answers_.empty() ? nullptr : std::get_if<Failure>(&answers_.back());
  }
  void Change(const Config& next) { node_->Change(next, now_ms_, Remember()); }
  static Config WithTtlCap(uint64_t cap) {
    Config config = test::PlainConfig();
    config.settings.Set(Setting::kTtlCap, cap);
    return config;
  }
  static Config WithSecondPool() {
    Config config = test::PlainConfig();
    config.pools.push_back(config.pools[0]);
    config.pools.back().name = "second";
    config.pools.back().prefixes = {"198.51.100.0/24"_net};
    return config;
  }
  static Config OutsideAllowed() {
    Config config = test::PlainConfig();
    config.pools[0].prefixes = {"198.18.0.0/24"_net};
    return config;
  }

  const Snapshot& InForce() const { return *dataplane_->world().snapshot; }
  // Units with a lease / units of the snapshot that carry flows.
  std::pair<int, int> Leased() const {
    int leased = 0, carrying = 0;
    for (UnitIndex i = 0; i < kUnitsMax; ++i) {
      if (!InForce().units[i].carries_flows()) continue;
      ++carrying;
      leased += dataplane_->leases().Holds(i, now_ms_);
    }
    return {leased, carrying};
  }
  uint32_t KeyInForce() const {
    const auto& keys = dataplane_->world().keys;
    const EpochKeys::Key* key = keys == nullptr ? nullptr : keys->InForce(now_ms_);
    return key == nullptr ? 0 : key->version;
  }
  // What the dataplane has must be what the node believes.
  void ExpectAgreement() const {
    ASSERT_EQ(dataplane_->generation(), node_->generation());
    EXPECT_EQ(InForce().settings[Setting::kTtlCap], node_->config().settings[Setting::kTtlCap]);
    size_t carrying = 0;
    for (const Assignment& a : node_->assignments()) {
      if (a.state != PrefixState::kActive && a.state != PrefixState::kDraining) continue;
      ++carrying;
      EXPECT_EQ(InForce().units[a.index].address, a.address);
      EXPECT_EQ(InForce().units[a.index].state, a.state);
    }
    EXPECT_EQ(static_cast<size_t>(Leased().second), carrying);
  }

  // When a unit became quiet is not saved, so it is left out.
  static std::vector<std::string> Units(const std::vector<Assignment>& assignments) {
    std::vector<std::string> units;
    for (const Assignment& a : assignments)
      units.push_back(
          absl::StrCat(a.index, " ", Format(a.address), " ", a.pool, " ", a.region, " ", Name(a.state)));
    return units;
  }
  std::vector<std::string> Units() const { return Units(node_->assignments()); }

  test::TempDirectory directory_;
  const std::string socket_ = directory_.path("dataplane.sock");
  uint64_t now_ms_ = 1'000'000, boots_ = 0;
  std::optional<DataplaneEnd> dataplane_;
  std::optional<Node> node_;
  std::vector<Answer> answers_;
};

TEST_F(NodeTest, TheFirstAttachmentAppliesKeyConfigurationAndLease) {
  StartBoth();
  ExpectAgreement();
  EXPECT_EQ(KeyInForce(), 1u);
  EXPECT_EQ(Leased(), (std::pair{8, 8})) << "four units of each pool";
  EXPECT_EQ(node_->link().unacknowledged(), 0u);
  auto saved = StateFile(directory_.path()).Load(now_ms_);
  ASSERT_TRUE(saved.ok()) << saved.status();
  EXPECT_EQ(saved->generation, 1u);
  EXPECT_EQ(saved->config, node_->config());
  EXPECT_EQ(Units(saved->assignments), Units());
}

TEST_F(NodeTest, WhoeverStartsFirst) {
  StartControl();
  Run(1000);
  EXPECT_FALSE(node_->link().attached());
  EXPECT_FALSE(node_->link().why_detached().ok());
  StartDataplane();
  Run(200);
  ExpectAgreement();
}

TEST_F(NodeTest, AChangeIsAppliedSavedAndAnswered) {
  StartBoth();
  const auto before = Units();
  Change(WithTtlCap(40));
  EXPECT_TRUE(answers_.empty()) << "not before the dataplane has it";
  Run(100);
  ASSERT_NE(LastJson(), nullptr);
  EXPECT_EQ(*LastJson(), (Json{{"changed", true}, {"generation", 2}}));
  EXPECT_EQ(InForce().settings[Setting::kTtlCap], 40u);
  EXPECT_EQ(Units(), before) << "the units stay";
  EXPECT_EQ(Leased().first, Leased().second);
  ExpectAgreement();
  EXPECT_EQ(StateFile(directory_.path()).Load(now_ms_)->generation, 2u);
}

TEST_F(NodeTest, NothingToChange) {
  StartBoth();
  const uint64_t commands = dataplane_->page().commands.Get();
  Change(test::PlainConfig());
  ASSERT_NE(LastJson(), nullptr);
  EXPECT_EQ(*LastJson(), (Json{{"changed", false}, {"generation", 1}}));
  Run(100);
  EXPECT_EQ(dataplane_->page().commands.Get(), commands);
}

TEST_F(NodeTest, ARefusedChangeLeavesEverythingAsItWas) {
  StartBoth();
  const auto before = Units();
  Change(OutsideAllowed());
  Run(100);
  ASSERT_NE(LastFailure(), nullptr);
  EXPECT_EQ(LastFailure()->code, ExitCode::kFailed);
  EXPECT_NE(LastFailure()->message.find("egress_allowed"), std::string::npos) << LastFailure()->message;
  EXPECT_EQ(node_->generation(), 1u);
  EXPECT_EQ(node_->config(), test::PlainConfig());
  EXPECT_EQ(Units(), before);
  ExpectAgreement();
  EXPECT_EQ(StateFile(directory_.path()).Load(now_ms_)->generation, 1u);
  Change(WithTtlCap(40));
  Run(100);
  ASSERT_NE(LastJson(), nullptr) << "the next one is not held up";
  ExpectAgreement();
}

TEST_F(NodeTest, WithoutADataplaneNothingChanges) {
  StartControl();
  Run(200);
  Change(WithTtlCap(40));
  ASSERT_NE(LastFailure(), nullptr);
  EXPECT_EQ(node_->config(), test::PlainConfig());
  node_->AdvanceEpoch(now_ms_, Remember());
  EXPECT_EQ(answers_.size(), 2u);
  EXPECT_NE(LastFailure(), nullptr);
}

TEST_F(NodeTest, OneChangeAtATime) {
  StartBoth();
  Change(WithTtlCap(40));
  Change(WithTtlCap(41));
  ASSERT_EQ(answers_.size(), 1u);
  ASSERT_NE(LastFailure(), nullptr);
  EXPECT_EQ(LastFailure()->code, ExitCode::kConflict);
  Run(100);
  ASSERT_EQ(answers_.size(), 2u);
  EXPECT_NE(LastJson(), nullptr);
  EXPECT_EQ(InForce().settings[Setting::kTtlCap], 40u);
}

// The dataplane is slow to answer, so the link says everything again, and again.
TEST_F(NodeTest, RepeatedCommandsAreObeyedOnce) {
  StartBoth();
  const uint64_t commands = dataplane_->page().commands.Get();
  Change(WithTtlCap(40));
  const size_t waiting = node_->link().unacknowledged();
  for (int n = 0; n < 40; ++n) {
    now_ms_ += 100;
    node_->Poll(now_ms_);
  }
  EXPECT_TRUE(answers_.empty());
  const size_t unanswered = node_->link().unacknowledged();
  Run(100);
  ASSERT_EQ(answers_.size(), 1u);
  EXPECT_NE(LastJson(), nullptr);
  ExpectAgreement();
  EXPECT_EQ(node_->generation(), 2u);
  EXPECT_EQ(node_->link().unacknowledged(), 0u);
  // The lease is renewed once more when the commit is answered.
  EXPECT_EQ(dataplane_->page().commands.Get(), commands + unanswered + 1)
      << "of " << waiting << " for the change";
  EXPECT_EQ(dataplane_->page().commands_refused.Get(), 0u);
}

TEST_F(NodeTest, ADataplaneThatStartsAgainGetsTheSameGenerationAndAnotherKey) {
  StartBoth();
  Change(WithTtlCap(40));
  Run(100);
  const auto before = Units();
  const SipKey former = dataplane_->world().keys->key[0].key;
  StopDataplane();
  Run(500);
  EXPECT_FALSE(node_->link().attached());
  StartDataplane();
  Run(500);
  ExpectAgreement();
  EXPECT_EQ(dataplane_->generation(), 2u);
  EXPECT_EQ(Units(), before);
  EXPECT_EQ(KeyInForce(), 2u) << "versions never go back";
  EXPECT_NE(dataplane_->world().keys->key[0].key.low, former.low);
  EXPECT_EQ(Leased().first, Leased().second);
}

TEST_F(NodeTest, ADataplaneThatDiesInTheMiddleOfAChange) {
  StartBoth();
  Change(WithTtlCap(40));
  dataplane_->Poll(now_ms_, 5);
  StopDataplane();
  Run(100);
  ASSERT_EQ(answers_.size(), 1u);
  ASSERT_NE(LastFailure(), nullptr) << "whether it acted is not known";
  EXPECT_EQ(node_->generation(), 1u);
  StartDataplane();
  Run(500);
  ExpectAgreement();
  EXPECT_EQ(InForce().settings[Setting::kTtlCap], Row(Setting::kTtlCap).default_value);
  Change(WithTtlCap(40));
  Run(100);
  EXPECT_NE(LastJson(), nullptr) << "the way is free again";
}

TEST_F(NodeTest, AControlProcessThatStartsAgainFindsEverythingInPlace) {
  StartBoth();
  Change(WithTtlCap(40));
  Run(100);
  const auto before = Units();
  const auto* snapshot = dataplane_->world().snapshot.get();
  StopControl();
  Run(500);
  StartControl();
  Run(500);
  EXPECT_EQ(Units(), before);
  EXPECT_EQ(node_->config(), WithTtlCap(40));
  EXPECT_EQ(dataplane_->world().snapshot.get(), snapshot) << "no new generation, not even the same again";
  EXPECT_EQ(KeyInForce(), 1u) << "and no epoch edge";
  EXPECT_EQ(Leased().first, Leased().second);
  ExpectAgreement();
}

// The dataplane committed, the answer was never read, nothing was saved: what was saved comes again as a
// newer generation.
TEST_F(NodeTest, AControlProcessThatDiedBeforeItSavedOvertakesTheDataplane) {
  StartBoth();
  Change(WithTtlCap(40));
  dataplane_->Poll(now_ms_);
  ASSERT_EQ(dataplane_->generation(), 2u);
  StopControl();
  StartControl();
  Run(500);
  EXPECT_EQ(node_->generation(), 3u);
  EXPECT_EQ(InForce().settings[Setting::kTtlCap], Row(Setting::kTtlCap).default_value);
  ExpectAgreement();
}

TEST_F(NodeTest, TheLeaseLapsesInSilenceAndComesBack) {
  StartBoth();
  Run(60'000);
  EXPECT_EQ(Leased(), (std::pair{8, 8})) << "renewed all the time";
  const uint64_t silent_since = now_ms_;
  while (now_ms_ < silent_since + 19'000) dataplane_->Poll(now_ms_ += 1000);
  EXPECT_EQ(Leased().first, 8) << "renewed every third of it, so two thirds are left at least";
  while (now_ms_ < silent_since + 30'000) dataplane_->Poll(now_ms_ += 1000);
  EXPECT_EQ(Leased().first, 0);
  Run(100);
  EXPECT_EQ(Leased().first, 8);
}

TEST_F(NodeTest, ANewLeaseTimeHoldsAtOnce) {
  StartBoth();
  Config config = test::PlainConfig();
  config.settings.Set(Setting::kLease, 3);
  Change(config);
  Run(100);
  const uint64_t silent_since = now_ms_;
  while (now_ms_ < silent_since + 3000) dataplane_->Poll(now_ms_ += 100);
  EXPECT_EQ(Leased().first, 0);
}

TEST_F(NodeTest, KeysAreReplacedOnDemandAndEveryDay) {
  StartBoth();
  node_->AdvanceEpoch(now_ms_, Remember());
  Run(100);
  ASSERT_NE(LastJson(), nullptr);
  EXPECT_EQ(*LastJson(), (Json{{"changed", true}, {"key_version", 2}}));
  EXPECT_EQ(KeyInForce(), 2u);
  auto jump = [&](uint64_t ms) {
    now_ms_ += ms;
    Run(100);
  };
  jump(24 * 3'600'000 - 1000);
  EXPECT_EQ(KeyInForce(), 2u);
  jump(1000);
  EXPECT_EQ(KeyInForce(), 3u);
  Run(1000);
  EXPECT_EQ(KeyInForce(), 3u) << "one a day";
}

// Units of a pool that is gone drain, rest for the port quarantine and are forgotten.
TEST_F(NodeTest, UnitsOfARemovedPoolRunDryAndRest) {
  StartBoth();
  Change(WithSecondPool());
  Run(100);
  ASSERT_EQ(node_->assignments().size(), 12u);
  const UnitIndex busy = node_->assignments().back().index;
  ASSERT_EQ(node_->assignments().back().pool, "second");
  dataplane_->page().worker[0].unit_flows[busy].Set(3);
  Change(test::PlainConfig());
  Run(3000);
  EXPECT_EQ(Leased().second, 9) << "the one with flows stays";
  EXPECT_EQ(InForce().units[busy].state, PrefixState::kDraining);
  EXPECT_EQ(node_->assignments().size(), 12u) << "three rest";
  ExpectAgreement();
  Run(120'000);
  EXPECT_EQ(node_->assignments().size(), 9u);
  EXPECT_EQ(InForce().units[busy].state, PrefixState::kDraining) << "as long as it takes";
  dataplane_->page().worker[0].unit_flows[busy].Set(0);
  Run(125'000);
  EXPECT_EQ(node_->assignments().size(), 8u);
  ExpectAgreement();
}

TEST_F(NodeTest, MergesAndTheAgesOfPrefixesSurviveARestart) {
  Config config = test::PlainConfig();
  config.pools[0].parent = "wide4";
  config.pools.push_back({"wide4", "XA-1", {"198.51.100.0/24"_net}});
  StartDataplane();
  StartControl(config);
  Run(200);
  node_->SetMerged("p4", true, now_ms_, Remember());
  Run(200);
  ASSERT_NE(LastJson(), nullptr);
  const std::vector<PrefixLife> before = node_->prefixes();
  ASSERT_EQ(before.size(), 3u);
  StopControl();
  StartControl(config);
  Run(200);
  EXPECT_EQ(node_->merges(), Merges{"p4"});
  EXPECT_EQ(node_->prefixes(), before);
  const std::vector<UnitIndex>& drawable = InForce().drawable[0][0];
  ASSERT_EQ(drawable.size(), 4u);
  for (UnitIndex unit : drawable)
    EXPECT_TRUE("198.51.100.0/24"_net.Contains(InForce().units[unit].address)) << unit;
}

// Two threads all the time, as the two processes are: changes back and forth while the dataplane turns.
TEST_F(NodeTest, BothRunAtOnce) {
  StartDataplane();
  StartControl();
  std::atomic<bool> done = false;
  std::atomic<uint64_t> clock = now_ms_;
  std::thread dataplane([&] {
    while (!done) dataplane_->Poll(clock);
  });
  auto until = [&](auto holds) {
    for (int n = 0; n < 10'000'000 && !holds(); ++n) node_->Poll(++clock);
    return holds();
  };
  EXPECT_TRUE(until([&] { return node_->generation() == 1; }));
  for (uint64_t n = 1; n <= 20; ++n) {
    node_->Change(WithTtlCap(100 + n), clock, Remember());
    EXPECT_TRUE(until([&] { return answers_.size() == n; }));
  }
  done = true;
  dataplane.join();
  EXPECT_EQ(node_->generation(), 21u);
  ExpectAgreement();
}

}  // namespace
}  // namespace cfr
