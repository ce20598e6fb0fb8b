// SPDX-License-Identifier: BSD-3-Clause
#include "control/state_file.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "control/answer.h"
#include "tests/control/sample_config.h"
#include "tests/support/temp_directory.h"

namespace cfr {
namespace {

using test::SampleConfig;
using test::TempDirectory;

constexpr uint64_t kNowMs = 77'000;

State SampleState() {
  State state{SampleConfig(), 41, {}};
  state.assignments = *Assign(state.config, {}, KernelRandom(), 0);
  state.assignments[0].state = PrefixState::kDraining;
  state.assignments[1].state = PrefixState::kQuarantined;
  state.assignments[2].port_mode = PortMode::kExclusive;
  state.assignments[3].drawn_from_ms = kNowMs - 5;
  state.assignments[4].drawn_until_ms = kNowMs - 7;
  for (Assignment& a : state.assignments) a.quiet_since_ms = kNowMs;
  state.merges = {"milan", "milan6"};
  state.prefixes = FollowPrefixes(state.config, state.assignments, {}, kNowMs - 5000);
  return state;
}

class StateFileTest : public testing::Test {
 protected:
  void ExpectRefused(const std::string& text) {
    directory_.Write("state.json", text);
    auto loaded = file_.Load(kNowMs);
    EXPECT_TRUE(absl::IsDataLoss(loaded.status())) << loaded.status() << " " << text.substr(0, 80);
    EXPECT_FALSE(directory_.Holds("state.json"));
    EXPECT_EQ(directory_.Read("state.json.bad"), text);
  }
  Json Saved() {
    EXPECT_TRUE(file_.Save(SampleState()).ok());
    return Json::parse(directory_.Read("state.json"));
  }
  TempDirectory directory_;
  StateFile file_{directory_.path()};
};

TEST_F(StateFileTest, ComesBackAsItWas) {
  State state = SampleState();
  ASSERT_TRUE(file_.Save(state).ok());
  auto loaded = file_.Load(kNowMs);
  ASSERT_TRUE(loaded.ok()) << loaded.status();
  EXPECT_EQ(loaded->config, state.config);
  EXPECT_EQ(loaded->generation, state.generation);
  EXPECT_EQ(loaded->assignments, state.assignments);
  EXPECT_EQ(loaded->merges, state.merges);
  EXPECT_EQ(loaded->prefixes, state.prefixes);
}

TEST_F(StateFileTest, AfterARebootAgesCountFromItAtTheEarliest) {
  ASSERT_TRUE(file_.Save(SampleState()).ok());
  auto loaded = file_.Load(1000);
  ASSERT_TRUE(loaded.ok()) << loaded.status();
  for (const PrefixLife& life : loaded->prefixes) EXPECT_EQ(life.since_ms, 1000u);
}

TEST_F(StateFileTest, AStateWrittenBeforeThereWereMergesAndAges) {
  Json state = Saved();
  state.erase("merged");
  state.erase("prefixes");
  directory_.Write("state.json", state.dump());
  auto loaded = file_.Load(kNowMs);
  ASSERT_TRUE(loaded.ok()) << loaded.status();
  EXPECT_TRUE(loaded->merges.empty() && loaded->prefixes.empty());
  for (const char* wrong : {R"([{}])", R"([{"pool":"a","prefix":"x","state":"active","since_ms":1}])",
                            R"([{"pool":"a","prefix":"203.0.113.0/28","state":"dead","since_ms":1}])"}) {
    state["prefixes"] = Json::parse(wrong);
    ExpectRefused(state.dump());
  }
}

TEST_F(StateFileTest, UnitsWrittenBeforeThereWasAPortModeArePerRemote) {
  Json state = Saved();
  for (Json& a : state["assignments"]) a.erase("port_mode");
  directory_.Write("state.json", state.dump());
  auto loaded = file_.Load(kNowMs);
  ASSERT_TRUE(loaded.ok()) << loaded.status();
  ASSERT_EQ(loaded->assignments.size(), state["assignments"].size());
  for (const Assignment& a : loaded->assignments) EXPECT_EQ(a.port_mode, PortMode::kPerRemote);
}

// The clock began anew with the machine: who was joining is there, who was leaving has left.
TEST_F(StateFileTest, TimesOfAnotherClockAreForgotten) {
  constexpr uint64_t kBeforeMs = 1'000'000'000;
  State state = SampleState();
  state.assignments[3].drawn_from_ms = kBeforeMs;
  state.assignments[4].drawn_until_ms = kBeforeMs;
  state.assignments[5].drawn_until_ms = kBeforeMs;
  state.assignments[5].drawn_from_ms = kBeforeMs + 1;  // it had come back
  ASSERT_TRUE(file_.Save(state).ok());
  auto loaded = file_.Load(kNowMs);
  ASSERT_TRUE(loaded.ok()) << loaded.status();
  EXPECT_EQ(loaded->assignments[3].drawn_from_ms, 0u);
  EXPECT_EQ(loaded->assignments[4].drawn_until_ms, kNowMs);
  EXPECT_TRUE(loaded->assignments[4].IsRetiring());
  EXPECT_EQ(loaded->assignments[5].drawn_from_ms, 0u);
  EXPECT_EQ(loaded->assignments[5].drawn_until_ms, 0u);
}

TEST_F(StateFileTest, IsForItsOwnerAloneWhateverTheUmask) {
  mode_t former = umask(0);
  ASSERT_TRUE(file_.Save(SampleState()).ok());
  umask(former);
  struct stat facts;
  ASSERT_EQ(stat(directory_.path("state.json").c_str(), &facts), 0);
  EXPECT_EQ(facts.st_mode & 07777, 0600u);
}

TEST_F(StateFileTest, HoldsNoKey) {
  EXPECT_EQ(Saved().size(), 6u);
  for (const char* member : {"schema", "generation", "config", "assignments", "merged", "prefixes"})
    EXPECT_TRUE(Saved().contains(member));
}

TEST_F(StateFileTest, NoneIsNotFound) {
  EXPECT_TRUE(absl::IsNotFound(file_.Load(kNowMs).status()));
  EXPECT_TRUE(absl::IsNotFound(StateFile(directory_.path("nowhere")).Load(kNowMs).status()));
}

TEST_F(StateFileTest, TornAnywhereIsRefused) {
  Saved();
  const std::string whole = directory_.Read("state.json");
  for (size_t length = 0; length + 2 < whole.size(); length += 97) ExpectRefused(whole.substr(0, length));
  ExpectRefused(whole.substr(0, whole.size() - 2));
}

TEST_F(StateFileTest, ForeignIsRefused) {
  ExpectRefused("");
  ExpectRefused("[]");
  ExpectRefused("null");
  ExpectRefused("{}");
  ExpectRefused(std::string(100, '\0'));
  ExpectRefused(std::string(1'000'000, '['));
  ExpectRefused("{\"schema\": 1, \"generation\": 1, \"config\": \"\", \"assignments\": []}");
}

TEST_F(StateFileTest, EveryMemberIsChecked) {
  const std::pair<const char*, Json> wrong[] = {
      {"/schema", 2},
      {"/schema", "1"},
      {"/generation", 0},
      {"/generation", "41"},
      {"/config", 5},
      {"/config", "[node]"},
      {"/assignments", "none"},
      {"/assignments", {{"index", 1}}},
      {"/assignments/0", 5},
      {"/assignments/0/index", 1024},
      {"/assignments/0/index", "0"},
      {"/assignments/0/address", "203.0.113.256"},
      {"/assignments/0/state", "staged"},
      {"/assignments/0/pool", nullptr},
      {"/assignments/0/region", 5},
      {"/assignments/0/port_mode", "shared"},
      {"/assignments/0/port_mode", 1},
  };
  for (const auto& [pointer, value] : wrong) {
    Json state = Saved();
    state[Json::json_pointer(pointer)] = value;
    ExpectRefused(state.dump());
  }
}

TEST_F(StateFileTest, AnAddressOrNumberTwiceIsRefused) {
  Json state = Saved();
  state["assignments"][1]["address"] = state["assignments"][0]["address"];
  ExpectRefused(state.dump());
  state = Saved();
  state["assignments"][1]["index"] = state["assignments"][0]["index"];
  ExpectRefused(state.dump());
}

TEST_F(StateFileTest, ANumberTooLargeForAUnitIsRefused) {
  Json state = Saved();
  state["assignments"][0]["index"] = 65536 + 3;
  ExpectRefused(state.dump());
  state["assignments"][0]["index"] = -1;
  ExpectRefused(state.dump());
}

TEST_F(StateFileTest, WhatCannotBeReadIsLeftAlone) {
  ASSERT_EQ(mkdir(directory_.path("state.json").c_str(), 0700), 0);
  auto loaded = file_.Load(kNowMs);
  EXPECT_FALSE(loaded.ok() || absl::IsNotFound(loaded.status()) || absl::IsDataLoss(loaded.status()))
      << loaded.status();
  EXPECT_TRUE(directory_.Holds("state.json"));
}

TEST_F(StateFileTest, UnwritableDirectoriesAreTold) {
  absl::Status status = StateFile(directory_.path("nowhere")).Save(SampleState());
  EXPECT_NE(status.message().find("nowhere/state.json.new: No such file"), std::string::npos) << status;
}

TEST_F(StateFileTest, AFailedSaveLeavesTheFormerState) {
  Saved();
  ASSERT_EQ(mkdir(directory_.path("state.json.new").c_str(), 0700), 0);
  State next = SampleState();
  next.generation = 42;
  EXPECT_FALSE(file_.Save(next).ok());
  EXPECT_EQ(file_.Load(kNowMs)->generation, 41u);
}

TEST_F(StateFileTest, AFullDiskIsToldAndLeavesTheFormerState) {
  ASSERT_EQ(access("/dev/full", W_OK), 0) << "Linux has this device wherever it has /dev/null";
  Saved();
  ASSERT_EQ(symlink("/dev/full", directory_.path("state.json.new").c_str()), 0);
  absl::Status status = file_.Save(SampleState());
  EXPECT_NE(status.message().find("No space left"), std::string::npos) << status;
  EXPECT_EQ(file_.Load(kNowMs)->generation, 41u);
}

TEST_F(StateFileTest, LeftoversOfACrashDoNotMatter) {
  directory_.Write("state.json.new", "half a sta");
  Saved();
  EXPECT_EQ(file_.Load(kNowMs)->generation, 41u);
  EXPECT_FALSE(directory_.Holds("state.json.new"));
}

TEST_F(StateFileTest, TheLargestConfigurationSurvives) {
  State state = SampleState();
  state.config.subscribers.clear();
  for (int i = 0; i < kSubscriberPrefixesMax; ++i) {
    Address a = *ParseAddress("2001:db8:1000::");
    a.bytes[4] = 0x10;
    a.bytes[5] = static_cast<uint8_t>(i >> 8);
    a.bytes[6] = static_cast<uint8_t>(i);
    state.config.subscribers.push_back({{a, 56}, 56, "IT-25"});
  }
  ASSERT_TRUE(file_.Save(state).ok());
  auto loaded = file_.Load(kNowMs);
  ASSERT_TRUE(loaded.ok()) << loaded.status();
  EXPECT_EQ(loaded->config, state.config);
}

}  // namespace
}  // namespace cfr
