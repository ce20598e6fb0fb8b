// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/datagram_ids.h"

#include <gtest/gtest.h>

#include <cmath>
#include <set>
#include <vector>

namespace cfr {
namespace {

constexpr FlowHash::Key kKey = {1, 2, 3, 4, 5, 6, 7, 8};
constexpr V4 kAlias{0x717100cb}, kOther{0x727100cb}, kRemote{0x056433c6};
constexpr V6 kAlias6{1, 2}, kOther6{1, 3}, kRemote6{5, 5};

TEST(DatagramIds, NoIdComesBackBeforeAllWereUsed) {
  DatagramIds ids(0, 1, kKey);
  for (int cycle = 0; cycle < 2; ++cycle) {
    std::vector<bool> used(65536);
    for (int i = 0; i < 65536; ++i) {
      uint32_t id = ids.Next(kAlias, kRemote, 17);
      ASSERT_LT(id, 65536u);
      ASSERT_FALSE(used[id]) << i;
      used[id] = true;
    }
  }
}

TEST(DatagramIds, OthersMayShareTheCount) {
  DatagramIds ids(0, 1, kKey);
  std::set<uint32_t> used;
  for (uint32_t i = 0; i < 3000; ++i) {
    ASSERT_TRUE(used.insert(ids.Next(kAlias, kRemote, 17)).second);
    for (uint32_t other = 0; other < 16; ++other) ids.Next(V4{i * 16 + other}, kRemote, 17);
  }
}

TEST(DatagramIds, WorkersNeverDrawTheSame) {
  for (int workers : {2, 3, 7, 64}) {
    std::vector<DatagramIds> team;
    for (int w = 0; w < workers; ++w) team.emplace_back(w, workers, kKey);
    std::set<uint32_t> used, used6;
    for (int i = 0; i < 65536 / workers; ++i)
      for (DatagramIds& ids : team) ASSERT_TRUE(used.insert(ids.Next(kAlias, kRemote, 6)).second) << workers;
    for (int i = 0; i < 1000; ++i)
      for (DatagramIds& ids : team)
        ASSERT_TRUE(used6.insert(ids.Next(kAlias6, kRemote6, 0)).second) << workers;
  }
}

// What one pair sees says nothing about another's, nor about the next of its own.
TEST(DatagramIds, LooksRandom) {
  DatagramIds ids(0, 1, kKey), same_counts(0, 1, kKey), other_key(0, 1, {9, 2, 3, 4, 5, 6, 7, 8});
  constexpr int kDraws = 16384;
  int buckets[64] = {}, steps[64] = {};
  int equal = 0, equal_key = 0;
  uint32_t previous = 0;
  for (int i = 0; i < kDraws; ++i) {
    uint32_t id = ids.Next(kAlias, kRemote, 17);
    ++buckets[id >> 10];
    ++steps[((id - previous) & 0xffff) >> 10];
    equal += id == same_counts.Next(kOther, kRemote, 17);
    equal_key += id == other_key.Next(kAlias, kRemote, 17);
    previous = id;
  }
  for (const auto& counts : {buckets, steps}) {
    double chi_square = 0, expected = kDraws / 64.0;
    for (int i = 0; i < 64; ++i) chi_square += (counts[i] - expected) * (counts[i] - expected) / expected;
    EXPECT_LT(chi_square, 63 + 5 * std::sqrt(2 * 63.0));
  }
  EXPECT_LT(equal, 5);
  EXPECT_LT(equal_key, 5);
}

TEST(DatagramIds, FragmentIdsUse32Bits) {
  DatagramIds ids(0, 1, kKey);
  std::set<uint32_t> used;
  uint32_t any = 0, all = 0xffffffff;
  for (int i = 0; i < 200'000; ++i) {
    uint32_t id = ids.Next(kAlias6, kRemote6, 0);
    ASSERT_TRUE(used.insert(id).second);
    any |= id;
    all &= id;
    ids.Next(kOther6, kRemote6, 0);
  }
  EXPECT_EQ(any, 0xffffffff);
  EXPECT_EQ(all, 0u);
}

}  // namespace
}  // namespace cfr
