// SPDX-License-Identifier: BSD-3-Clause
#include "control/record_opening.h"

#include <gtest/gtest.h>

#include "tests/control/record_rig.h"

namespace cfr {
namespace {

using namespace test;
using Outcome = RecordAnswer::Outcome;

class RecordOpeningTest : public testing::TestWithParam<RecordMode> {
 protected:
  void ExpectOne(const Opened& flow, uint64_t time_s, uint64_t opened_s) {
    RecordAnswer answer = rig_.Open(QueryOf(flow, time_s));
    ASSERT_EQ(answer.outcome, Outcome::kOne) << answer.why;
    EXPECT_EQ(answer.subscriber, SubscriberOf(flow));
    EXPECT_EQ(answer.opened_s, opened_s);
    EXPECT_EQ(answer.pool, flow.family == 4 ? "milan" : "milan6");
    EXPECT_TRUE(answer.log.findings.empty());
  }
  std::string WhyNone(const RecordQuery& query, const std::vector<DayKey>& keys) {
    RecordAnswer answer = OpenRecord(rig_.directory(), keys, query);
    EXPECT_EQ(answer.outcome, Outcome::kNone);
    return answer.why;
  }
  RecordRig rig_{GetParam()};
};
INSTANTIATE_TEST_SUITE_P(Modes, RecordOpeningTest, testing::Values(RecordMode::kBatch, RecordMode::kTuple),
                         [](const auto& info) {
                           return info.param == RecordMode::kBatch ? "Batch" : "Tuple";
                         });

TEST_P(RecordOpeningTest, EachFlowLeadsToItsSubscriber) {
  std::vector<std::pair<Opened, uint64_t>> flows;
  for (uint32_t i = 0; i < 3000; ++i) {
    const uint64_t opened_s = kBeginUtcS + i / 5;
    flows.emplace_back(rig_.Take(i, opened_s), opened_s);
  }
  rig_.End();
  for (size_t i = 0; i < flows.size(); i += 53) {
    const auto& [flow, opened_s] = flows[i];
    for (uint64_t later : {0, 1, 500, 40'000}) ExpectOne(flow, opened_s + later, opened_s);
    ExpectOne(flow, opened_s - 4, opened_s);  // the reporter's clock is slow
  }
}

TEST_P(RecordOpeningTest, TheLastOpeningBeforeTheReportIsTheFlow) {
  Opened first = SampleFlow(1, kBeginUtcS), second = SampleFlow(1, kBeginUtcS + 1000);
  second.subscriber[3] = 99;
  ASSERT_TRUE(rig_.sealer().Take(first, At(kBeginUtcS)));
  ASSERT_TRUE(rig_.sealer().Take(second, At(kBeginUtcS + 1000)));
  rig_.End();
  ExpectOne(first, kBeginUtcS + 10, kBeginUtcS);
  ExpectOne(first, kBeginUtcS + 990, kBeginUtcS);
  ExpectOne(second, kBeginUtcS + 1000, kBeginUtcS + 1000);
  ExpectOne(second, kBeginUtcS + 5000, kBeginUtcS + 1000);
}

TEST_P(RecordOpeningTest, TwoSubscribersAtOnceAreSaid) {
  Opened first = SampleFlow(1, kBeginUtcS), second = SampleFlow(1, kBeginUtcS + 100);
  second.subscriber[3] = 99;
  ASSERT_TRUE(rig_.sealer().Take(first, At(kBeginUtcS)));
  ASSERT_TRUE(rig_.sealer().Take(second, At(kBeginUtcS + 100)));
  rig_.End();
  RecordAnswer answer = rig_.Open(QueryOf(first, kBeginUtcS + 200));
  EXPECT_EQ(answer.outcome, Outcome::kSeveral);
  EXPECT_EQ(answer.why,
            "the tuple leads to more than one subscriber, at 2024-10-04T01:00:00Z and at"
            " 2024-10-04T01:01:40Z");
  ExpectOne(first, kBeginUtcS + 50, kBeginUtcS);
}

TEST_P(RecordOpeningTest, TheSameSubscriberTwiceIsOne) {
  rig_.Take(1, kBeginUtcS);
  const Opened flow = rig_.Take(1, kBeginUtcS + 100);
  rig_.End();
  ExpectOne(flow, kBeginUtcS + 200, kBeginUtcS + 100);
}

TEST_P(RecordOpeningTest, AnythingElseInTheReportIsNone) {
  const Opened flow = rig_.Take(1, kBeginUtcS);
  rig_.End();
  const RecordQuery right = QueryOf(flow, kBeginUtcS + 10);
  ASSERT_EQ(rig_.Open(right).outcome, Outcome::kOne);
  RecordQuery wrong[7] = {right, right, right, right, right, right, right};
  wrong[0].alias = SampleUnits()[0].address;
  wrong[1].alias_port += 1;
  wrong[2].remote = *ParseAddress("198.51.100.8");
  wrong[3].remote_port = 444;
  wrong[4].protocol = flow.protocol == 6 ? 17 : 6;
  wrong[5].time_s = kBeginUtcS - 6;
  wrong[6].alias = *ParseAddress("203.0.113.200");
  for (const RecordQuery& query : wrong) {
    RecordAnswer answer = rig_.Open(query);
    EXPECT_EQ(answer.outcome, Outcome::kNone);
    EXPECT_NE(answer.why, "");
  }
  EXPECT_EQ(rig_.Open(wrong[6]).why, "203.0.113.200 was no alias of this relay on these days");
}

// LOG-5: disk and memory of the relay, and the keys of all other days, open nothing.
TEST_P(RecordOpeningTest, WithoutTheKeyOfTheDayNothingOpens) {
  const Opened flow = rig_.Take(1, kBeginUtcS);
  rig_.Take(2, kBeginUtcS + kDaySeconds);
  rig_.End();
  const RecordQuery query = QueryOf(flow, kBeginUtcS + 10);
  EXPECT_EQ(WhyNone(query, {}),
            "no day key given is of a day that was recorded before the time of the report");
  EXPECT_EQ(WhyNone(query, {rig_.keys()[1], rig_.keys()[2]}),
            "no day key given is of a day that was recorded before the time of the report");
  DayKey foreign{rig_.keys()[0].day, rig_.keys()[1].key};
  EXPECT_EQ(WhyNone(query, {foreign}), "the day key does not open 1 minutes of its day");
  foreign.key = hpke::GenerateKey();
  EXPECT_EQ(WhyNone(query, {foreign}), "the day key does not open 1 minutes of its day");
}

TEST_P(RecordOpeningTest, AFlowOfTheDayBeforeNeedsThatKey) {
  const uint64_t opened_s = kBeginUtcS + kDaySeconds - 3700;  // 23:58:20
  const Opened flow = rig_.Take(1, opened_s);
  rig_.Take(2, opened_s + 200);
  rig_.End();
  const RecordQuery query = QueryOf(flow, opened_s + 300);
  EXPECT_EQ(WhyNone(query, {rig_.keys()[1]}),
            "no flow of this tuple was opened on the days of the keys given; it may be older");
  ExpectOne(flow, opened_s + 300, opened_s);
}

TEST_P(RecordOpeningTest, AnEmptyDirectoryHoldsNoRecords) {
  rig_.End();
  EXPECT_EQ(WhyNone(QueryOf(SampleFlow(1, kBeginUtcS), kBeginUtcS), rig_.keys()),
            "the directory holds no records");
}

TEST_P(RecordOpeningTest, AWriterStartedAnewGoesOn) {
  const Opened before = rig_.Take(1, kBeginUtcS);
  rig_.End();
  rig_.Start();
  const Opened after = rig_.Take(2, kBeginUtcS + 2);
  rig_.End();
  ExpectOne(before, kBeginUtcS + 10, kBeginUtcS);
  ExpectOne(after, kBeginUtcS + 10, kBeginUtcS + 2);
}

TEST(RecordOpening, OfAllFlowsOfATupleAMinuteOpensThatOneAlone) {
  RecordRig rig(RecordMode::kTuple);
  std::vector<Opened> flows;
  for (uint32_t i = 0; i < 200; ++i) flows.push_back(rig.Take(i, kBeginUtcS));
  rig.End();
  // One whose tag is the same by chance of 2^-16 would be another tuple's; here none is.
  for (const Opened& flow : flows) {
    RecordAnswer answer = rig.Open(QueryOf(flow, kBeginUtcS + 1));
    ASSERT_EQ(answer.outcome, Outcome::kOne) << answer.why;
    EXPECT_EQ(answer.subscriber, SubscriberOf(flow));
  }
}

}  // namespace
}  // namespace cfr
