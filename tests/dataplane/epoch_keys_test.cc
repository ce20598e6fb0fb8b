// SPDX-License-Identifier: BSD-3-Clause
// Which key an epoch is drawn under, and when a key is gone.
#include "dataplane/epoch_keys.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <new>

namespace cfr {
namespace {

constexpr uint64_t kDayMs = 86'400'000;

EpochKeys::Key Key(uint32_t version, uint64_t effective_ms) {
  return {effective_ms, version, {version, version}};
}

uint32_t VersionInForce(const EpochKeys& keys, uint64_t now_ms) {
  const EpochKeys::Key* key = keys.InForce(now_ms);
  return key == nullptr ? 0 : key->version;
}

TEST(EpochKeys, TheNewestInEffectIsInForce) {
  EpochKeys keys;
  EXPECT_EQ(VersionInForce(keys, 1'000'000), 0u) << "no key, no force";
  keys.key[1] = {1000, 4, {}};
  keys.key[0] = {2000, 5, {}};
  EXPECT_EQ(VersionInForce(keys, 999), 0u);
  EXPECT_EQ(VersionInForce(keys, 1000), 4u);
  EXPECT_EQ(VersionInForce(keys, 1999), 4u);
  EXPECT_EQ(VersionInForce(keys, 2000), 5u);
}

TEST(EpochKeys, AreErasedWhenDestroyed) {
  alignas(EpochKeys) unsigned char memory[sizeof(EpochKeys)];
  auto* keys = new (memory) EpochKeys;
  for (auto& key : keys->key) key = {~uint64_t{0}, ~uint32_t{0}, {~uint64_t{0}, ~uint64_t{0}}};
  std::destroy_at(keys);
  // Through a pointer the compiler knows nothing of, or it would take the dead object's bytes for anything.
  const unsigned char* volatile left = memory;
  EXPECT_TRUE(std::all_of(left, left + sizeof memory, [](unsigned char b) { return b == 0; }));
}

// Daily keys: an epoch keeps the one that was in effect when it began, however old it is by now.
TEST(EpochKeys, AnEpochIsDrawnUnderTheKeyOfItsBeginning) {
  std::shared_ptr<const EpochKeys> keys;
  for (uint32_t day = 1; day <= 3; ++day)
    keys = EpochKeys::Joined(keys.get(), Key(day, day * kDayMs), false, day * kDayMs);
  const uint64_t now = 3 * kDayMs + 5;
  EXPECT_EQ(keys->Of(3 * kDayMs, now)->version, 3u);
  EXPECT_EQ(keys->Of(3 * kDayMs - 1, now)->version, 2u);
  EXPECT_EQ(keys->Of(2 * kDayMs, now)->version, 2u);
  EXPECT_EQ(keys->Of(2 * kDayMs - 1, now)->version, 1u);
  EXPECT_EQ(keys->Of(0, now)->version, 1u) << "older than every key";
  EXPECT_EQ(keys->Of(3 * kDayMs, 3 * kDayMs - 1)->version, 2u) << "a key to come draws nothing yet";
}

TEST(EpochKeys, OneAtOnceIsTheOnlyOne) {
  auto keys = EpochKeys::Joined(nullptr, Key(1, 1000), false, 1000);
  keys = EpochKeys::Joined(keys.get(), Key(2, 2000), false, 2000);
  keys = EpochKeys::Joined(keys.get(), Key(3, 3000), true, 3000);
  for (uint64_t began : {0, 1500, 2500, 3000}) EXPECT_EQ(keys->Of(began, 3000)->version, 3u) << began;
  for (int i = 1; i < kEpochKeysMax; ++i) {
    EXPECT_EQ(keys->key[i].version, 0u);
    EXPECT_EQ(keys->key[i].key.low, 0u);
  }
}

TEST(EpochKeys, OneThatNeverTookEffectIsReplaced) {
  auto keys = EpochKeys::Joined(nullptr, Key(1, 1000), false, 1000);
  keys = EpochKeys::Joined(keys.get(), Key(2, 9000), false, 1500);
  keys = EpochKeys::Joined(keys.get(), Key(3, 9500), false, 1600);
  EXPECT_EQ(keys->key[0].version, 3u);
  EXPECT_EQ(keys->key[1].version, 1u);
  EXPECT_EQ(keys->key[2].version, 0u);
}

TEST(EpochKeys, OfTooManyTheOldestGoes) {
  std::shared_ptr<const EpochKeys> keys;
  for (uint32_t v = 1; v <= 10; ++v) keys = EpochKeys::Joined(keys.get(), Key(v, v), false, v);
  for (int i = 0; i < kEpochKeysMax; ++i) EXPECT_EQ(keys->key[i].version, 10u - static_cast<uint32_t>(i));
}

// A key is needed for as long as an epoch drawn under it may be: counted from when the next took its place.
TEST(EpochKeys, OutlivedOnesAreLeftOut) {
  constexpr uint64_t kKeepMs = 18'000'000;
  std::shared_ptr<const EpochKeys> keys;
  for (uint32_t day = 1; day <= 3; ++day)
    keys = EpochKeys::Joined(keys.get(), Key(day, day * kDayMs), false, day * kDayMs);
  auto left = keys->WithoutOutlived(3 * kDayMs + kKeepMs, kKeepMs);
  ASSERT_NE(left, nullptr);
  EXPECT_EQ(left->key[0].version, 3u);
  EXPECT_EQ(left->key[1].version, 2u);
  EXPECT_EQ(left->key[2].version, 0u);
  EXPECT_EQ(left->key[2].key.low, 0u);
  EXPECT_EQ(left->WithoutOutlived(3 * kDayMs + kKeepMs, kKeepMs), nullptr) << "nothing more";
  left = left->WithoutOutlived(3 * kDayMs + kKeepMs + 1, kKeepMs);
  ASSERT_NE(left, nullptr);
  EXPECT_EQ(left->key[1].version, 0u);
  EXPECT_EQ(left->WithoutOutlived(100 * kDayMs, kKeepMs), nullptr) << "the newest stays, however old";
}

}  // namespace
}  // namespace cfr
