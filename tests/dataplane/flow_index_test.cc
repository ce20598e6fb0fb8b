// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/flow_index.h"

#include <gtest/gtest.h>

#include <random>
#include <unordered_map>
#include <vector>

namespace cfr {
namespace {

// Looks for one flow number, as the table looks for one key.
FlowIndex FindNumber(const FlowIndexMap& map, uint64_t hash, FlowIndex wanted) {
  return map.Find(hash, [&](FlowIndex i) { return i == wanted; });
}

TEST(FlowIndex, FindsWhatWasAddedAndNothingElse) {
  FlowIndexMap map(64);
  EXPECT_TRUE(map.Add(0x1234'0000'0000'0001, 7));
  EXPECT_EQ(FindNumber(map, 0x1234'0000'0000'0001, 7), 7u);
  EXPECT_EQ(FindNumber(map, 0x1234'0000'0000'0001, 8), kNoFlow);
  EXPECT_EQ(FindNumber(map, 0x1235'0000'0000'0001, 7), kNoFlow);
  map.Remove(0x1234'0000'0000'0001, 7);
  EXPECT_EQ(FindNumber(map, 0x1234'0000'0000'0001, 7), kNoFlow);
}

TEST(FlowIndex, GuessIsTheFirstTagOfTheHomeBucket) {
  FlowIndexMap map(64);
  EXPECT_EQ(map.Guess(5), kNoFlow);
  map.Add(0xabcd'0000'0000'0005, 3);
  EXPECT_EQ(map.Guess(0xabcd'0000'0000'0005), 3u);
  EXPECT_EQ(map.Guess(0xabce'0000'0000'0005), kNoFlow);
}

TEST(FlowIndex, TagOfZeroIsNoEmptySlot) {
  FlowIndexMap map(64);
  map.Add(0x0000'0000'0000'0001, 1);
  map.Add(0x0000'0000'0000'0001, 2);
  EXPECT_EQ(FindNumber(map, 1, 1), 1u);
  EXPECT_EQ(FindNumber(map, 1, 2), 2u);
  map.Remove(1, 1);
  EXPECT_EQ(FindNumber(map, 1, 2), 2u);
}

// Everything in one bucket: it overflows into the next ones and comes back.
TEST(FlowIndex, OverflowsIntoTheNextBuckets) {
  FlowIndexMap map(64);
  constexpr FlowIndex kEntries = 35;
  for (FlowIndex i = 0; i < kEntries; ++i) ASSERT_TRUE(map.Add(0x4242'0000'0000'0003, i));
  for (FlowIndex i = 0; i < kEntries; ++i) EXPECT_EQ(FindNumber(map, 0x4242'0000'0000'0003, i), i);
  for (FlowIndex i = 0; i < kEntries; i += 2) map.Remove(0x4242'0000'0000'0003, i);
  for (FlowIndex i = 0; i < kEntries; ++i)
    EXPECT_EQ(FindNumber(map, 0x4242'0000'0000'0003, i), i % 2 == 1 ? i : kNoFlow);
}

TEST(FlowIndex, AddFailsOnlyWhenEverySlotIsTaken) {
  FlowIndexMap map(10);  // two buckets of ten
  FlowIndex added = 0;
  while (map.Add(uint64_t{added} * 0x9e3779b97f4a7c15, added)) ++added;
  EXPECT_EQ(added, 20u);
  for (FlowIndex i = 0; i < added; ++i) EXPECT_EQ(FindNumber(map, uint64_t{i} * 0x9e3779b97f4a7c15, i), i);
  map.Remove(0, 0);
  EXPECT_TRUE(map.Add(0x77, 77));
  EXPECT_FALSE(map.Add(0x78, 78));
}

// A million operations against a map. Few buckets and few tags make collisions and overflow common.
TEST(FlowIndex, BehavesLikeAMap) {
  std::mt19937_64 random(1);
  FlowIndexMap map(400);
  std::unordered_map<FlowIndex, uint64_t> model;  // flow -> hash
  auto draw_hash = [&] { return (random() % 8) << 48 | random() % 128; };
  for (int n = 0; n < 1'000'000; ++n) {
    auto flow = static_cast<FlowIndex>(random() % 600);
    auto known = model.find(flow);
    if (known == model.end() && model.size() < 500) {
      uint64_t hash = draw_hash();
      ASSERT_TRUE(map.Add(hash, flow));
      model[flow] = hash;
    } else if (known != model.end() && random() % 2 == 0) {
      map.Remove(known->second, flow);
      model.erase(known);
    } else if (known != model.end()) {
      ASSERT_EQ(FindNumber(map, known->second, flow), flow) << n;
    } else {
      ASSERT_EQ(FindNumber(map, draw_hash(), flow), kNoFlow) << n;
    }
  }
  for (const auto& [flow, hash] : model) map.Remove(hash, flow);
  for (uint64_t tag = 0; tag < 8; ++tag)
    for (uint64_t home = 0; home < 128; ++home)
      EXPECT_EQ(map.Find(tag << 48 | home, [](FlowIndex) { return true; }), kNoFlow);
}

}  // namespace
}  // namespace cfr
