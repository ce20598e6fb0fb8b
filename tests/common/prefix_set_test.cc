// SPDX-License-Identifier: BSD-3-Clause
#include "common/prefix_set.h"

#include <gtest/gtest.h>

#include <random>
#include <set>

namespace cfr {
namespace {

Prefix RandomPrefix(std::mt19937* random) {
  Prefix p;
  p.address.family = (*random)() % 2 == 0 ? Family::kV4 : Family::kV6;
  p.length = static_cast<uint8_t>((*random)() % 9);  // short ones of one byte meet often
  p.address.bytes[0] = static_cast<uint8_t>((*random)());
  p.address = Masked(p.address, p.length);
  return p;
}

// The plain way, every one with every other, as the judge.
TEST(PrefixSet, AgreesWithComparingAll) {
  std::mt19937 random(7);
  for (int round = 0; round < 300; ++round) {
    std::vector<PrefixSet::Item> items;
    for (size_t i = 0; i <= random() % 20; ++i) items.emplace_back(RandomPrefix(&random), i);
    PrefixSet set(items);
    for (int probe = 0; probe < 20; ++probe) {
      Prefix p = RandomPrefix(&random);
      bool expected = false;
      for (const auto& item : items) expected |= item.first.Overlaps(p);
      const PrefixSet::Item* found = set.FindOverlap(p);
      ASSERT_EQ(found != nullptr, expected) << Format(p);
      if (found != nullptr) {
        EXPECT_TRUE(found->first.Overlaps(p));
      }
    }
    std::set<size_t> nested, reported;
    for (const auto& a : items)
      for (const auto& b : items)
        if (a.second != b.second && a.first.Overlaps(b.first)) nested.insert({a.second, b.second});
    set.EachNested([&](const PrefixSet::Item& a, const PrefixSet::Item& b) {
      EXPECT_LT(a.second, b.second);
      EXPECT_TRUE(a.first.Overlaps(b.first));
      reported.insert({a.second, b.second});
    });
    EXPECT_EQ(reported, nested) << "whoever overlaps another is named in some pair";
  }
}

}  // namespace
}  // namespace cfr
