// SPDX-License-Identifier: BSD-3-Clause
#include "control/records.h"

#include <gtest/gtest.h>

#include "control/record_check.h"
#include "tests/control/record_rig.h"
#include "tests/control/sample_config.h"

namespace cfr {
namespace {

using namespace test;

class RecordsTest : public testing::Test {
 protected:
  RecordsTest() {
    config_ = SampleConfig();
    config_.records.directory = directory_.path("records");
    for (const RecordUnit& unit : SampleUnits())
      assignments_.push_back(
          {unit.index, unit.address, unit.pool, "IT-25", PrefixState::kActive, 0, PortMode::kPerRemote});
  }
  void MakeKeys(uint32_t days) {
    ASSERT_TRUE(MakeDayKeys(DayOf(kBeginUtcS), days, directory_.path("keys")).ok());
    config_.records.day_keys = directory_.path("keys/public");
  }
  void Set(Setting setting, uint64_t value) { config_.settings.Set(setting, value); }
  void Follow(uint64_t utc_s) { records_.Follow(config_, 7, assignments_, At(utc_s)); }
  RecordMode ModeAfter(RecordChoice choice) {
    Set(Setting::kRecordMode, static_cast<uint64_t>(choice));
    Follow(kBeginUtcS);
    return records_.mode();
  }
  // The subscriber as the operator learns it, from what is on disk.
  std::optional<Address> SubscriberFor(const Opened& flow, uint64_t utc_s) {
    auto key = ReadDayKey(directory_.path("keys/private/") + FormatDay(DayOf(utc_s)) + ".key");
    EXPECT_TRUE(key.ok()) << key.status();
    RecordAnswer answer = OpenRecord(config_.records.directory, {*key}, QueryOf(flow, utc_s));
    return answer.outcome == RecordAnswer::Outcome::kOne ? std::optional(answer.subscriber) : std::nullopt;
  }
  size_t FileCount() { return ListSegments(config_.records.directory, nullptr)->size(); }

  TempDirectory directory_;
  Config config_;
  std::vector<Assignment> assignments_;
  Records records_;
};

TEST_F(RecordsTest, WithoutDayKeysThereAreNone) {
  EXPECT_EQ(ModeAfter(RecordChoice::kAuto), RecordMode::kOff);
  records_.Take(SampleFlow(1, kBeginUtcS), At(kBeginUtcS));
  records_.Poll(At(kBeginUtcS + 61));
  EXPECT_FALSE(records_.blocked());
  EXPECT_EQ(records_.counts().lost, 0u);
  EXPECT_FALSE(directory_.Holds("records")) << "off writes nothing";
  std::filesystem::create_directories(directory_.path("empty"));
  config_.records.day_keys = directory_.path("empty");
  EXPECT_EQ(ModeAfter(RecordChoice::kAuto), RecordMode::kOff);
}

TEST_F(RecordsTest, DayKeysAndNothingSaidIsTuple) {
  MakeKeys(1);
  EXPECT_EQ(ModeAfter(RecordChoice::kAuto), RecordMode::kTuple);
  EXPECT_EQ(ModeAfter(RecordChoice::kBatch), RecordMode::kBatch);
  EXPECT_EQ(ModeAfter(RecordChoice::kTuple), RecordMode::kTuple);
  EXPECT_EQ(ModeAfter(RecordChoice::kOff), RecordMode::kOff);
}

TEST_F(RecordsTest, AFlowIsOnDiskAfterASecond) {
  MakeKeys(2);
  Follow(kBeginUtcS);
  const Opened flow = SampleFlow(1, kBeginUtcS);
  records_.Poll(At(kBeginUtcS));
  records_.Take(flow, At(kBeginUtcS));
  EXPECT_EQ(records_.counts().written, 0u);
  records_.Poll(At(kBeginUtcS + 1));
  EXPECT_EQ(records_.counts().written, 1u);
  EXPECT_EQ(SubscriberFor(flow, kBeginUtcS + 1), SubscriberOf(flow));
  EXPECT_FALSE(records_.blocked());
}

TEST_F(RecordsTest, ManyFlowsAreWrittenAsTheyCome) {
  MakeKeys(2);
  Follow(kBeginUtcS);
  for (uint32_t i = 0; i < 5000; ++i) records_.Take(SampleFlow(i, kBeginUtcS), At(kBeginUtcS));
  EXPECT_GE(records_.counts().written, 4096u);
}

TEST_F(RecordsTest, AnotherModeGoesOnInTheSameLog) {
  MakeKeys(2);
  const Opened flows[] = {SampleFlow(1, kBeginUtcS), SampleFlow(2, kBeginUtcS)};
  ModeAfter(RecordChoice::kBatch);
  records_.Take(flows[0], At(kBeginUtcS));
  ModeAfter(RecordChoice::kTuple);
  records_.Take(flows[1], At(kBeginUtcS));
  ModeAfter(RecordChoice::kOff);
  for (const Opened& flow : flows) EXPECT_EQ(SubscriberFor(flow, kBeginUtcS), SubscriberOf(flow));
  EXPECT_TRUE(CheckRecordLog(config_.records.directory).findings.empty());
}

TEST_F(RecordsTest, ADayWithoutKeyBlocksUntilOneIsThere) {
  MakeKeys(1);
  Follow(kBeginUtcS);
  records_.Poll(At(kBeginUtcS));
  EXPECT_FALSE(records_.blocked());
  const uint64_t next_day_s = kBeginUtcS + kDaySeconds;
  records_.Take(SampleFlow(1, next_day_s), At(next_day_s));
  records_.Poll(At(next_day_s));
  EXPECT_TRUE(records_.blocked());
  EXPECT_EQ(records_.why_blocked(), "no day key of 2024-10-05");
  EXPECT_EQ(records_.counts().lost, 1u);
  EXPECT_EQ(records_.rule(), OpeningRule::kAny) << "continue, unless it is said";
  ASSERT_TRUE(MakeDayKeys(DayOf(next_day_s), 1, directory_.path("keys")).ok());
  records_.Poll(At(next_day_s + 61));
  records_.Poll(At(next_day_s + 62));
  EXPECT_FALSE(records_.blocked());
}

TEST_F(RecordsTest, AnOrderlyEndLosesNone) {
  MakeKeys(1);
  const Opened flow = SampleFlow(1, kBeginUtcS);
  {
    Records records;
    records.Follow(config_, 7, assignments_, At(kBeginUtcS));
    records.Take(flow, At(kBeginUtcS));
  }
  EXPECT_EQ(SubscriberFor(flow, kBeginUtcS), SubscriberOf(flow));
  EXPECT_TRUE(CheckRecordLog(config_.records.directory).findings.empty());
}

TEST_F(RecordsTest, KeysThatCannotBeReadBlock) {
  config_.records.day_keys = directory_.path("nowhere");
  EXPECT_EQ(ModeAfter(RecordChoice::kAuto), RecordMode::kTuple) << "keys were meant to be there";
  records_.Poll(At(kBeginUtcS + 2));
  EXPECT_NE(records_.why_blocked().find("nowhere"), std::string::npos);
}

// LOG-3
TEST_F(RecordsTest, ADiskThatTakesNothingIsToldCountedAndTriedAgain) {
  MakeKeys(2);
  Set(Setting::kRecordBlocked, static_cast<uint64_t>(RecordBlocked::kRefuseNew));
  directory_.Write("records", "a file where the directory should be");
  Follow(kBeginUtcS);
  records_.Poll(At(kBeginUtcS));
  EXPECT_EQ(records_.rule(), OpeningRule::kTold) << "nothing was to be written yet";
  const Opened flow = SampleFlow(1, kBeginUtcS);
  records_.Take(flow, At(kBeginUtcS));
  records_.Poll(At(kBeginUtcS + 1));
  EXPECT_TRUE(records_.blocked());
  EXPECT_EQ(records_.rule(), OpeningRule::kNone);
  EXPECT_GT(records_.counts().failures, 0u);
  EXPECT_EQ(records_.counts().lost, 0u) << "it waits";
  std::filesystem::remove(directory_.path("records"));
  records_.Poll(At(kBeginUtcS + 2));
  EXPECT_FALSE(records_.blocked());
  EXPECT_EQ(records_.counts().written, 1u);
  EXPECT_EQ(SubscriberFor(flow, kBeginUtcS + 3), SubscriberOf(flow));
}

TEST_F(RecordsTest, WhatWaitsIsBounded) {
  MakeKeys(2);
  directory_.Write("records", "a file where the directory should be");
  Follow(kBeginUtcS);
  constexpr uint32_t kFlows = 110'000;  // 44 octets each
  for (uint32_t i = 0; i < kFlows; ++i) records_.Take(SampleFlow(i, kBeginUtcS), At(kBeginUtcS));
  EXPECT_GT(records_.counts().lost, 0u);
  std::filesystem::remove(directory_.path("records"));
  records_.Poll(At(kBeginUtcS + 1));
  EXPECT_EQ(records_.counts().written + records_.counts().lost, kFlows) << "each flow is one or the other";
  EXPECT_GT(records_.counts().written * kTupleBytes, static_cast<uint64_t>(kRecordsWaitingBytesMax));
  EXPECT_TRUE(CheckRecordLog(config_.records.directory).findings.empty());
}

TEST_F(RecordsTest, RetentionIsCountedFromTheEndOfADay) {
  MakeKeys(5);
  Set(Setting::kRecordRetention, 3600);
  Follow(kBeginUtcS);
  records_.Take(SampleFlow(1, kBeginUtcS), At(kBeginUtcS));
  records_.Poll(At(kBeginUtcS + 1));
  const uint64_t end_s = (DayOf(kBeginUtcS) + 1) * kDaySeconds;
  records_.Poll(At(end_s + 3540));
  EXPECT_EQ(FileCount(), 1u);
  records_.Poll(At(end_s + 3600));
  EXPECT_EQ(FileCount(), 0u);
  EXPECT_TRUE(CheckRecordLog(config_.records.directory).findings.empty());
}

TEST_F(RecordsTest, RetentionHoldsAlsoWhenRecordsAreTurnedOff) {
  MakeKeys(5);
  Set(Setting::kRecordRetention, 0);
  Follow(kBeginUtcS);
  records_.Take(SampleFlow(1, kBeginUtcS), At(kBeginUtcS));
  records_.Poll(At(kBeginUtcS + 1));
  ModeAfter(RecordChoice::kOff);
  EXPECT_EQ(FileCount(), 1u);
  records_.Poll(At((DayOf(kBeginUtcS) + 1) * kDaySeconds));
  EXPECT_EQ(FileCount(), 0u);
}

}  // namespace
}  // namespace cfr
