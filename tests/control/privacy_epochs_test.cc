// SPDX-License-Identifier: BSD-3-Clause
#include "control/privacy_epochs.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

namespace cfr {
namespace {

constexpr uint64_t kDayMs = 24ull * 3600 * 1000;

TEST(PrivacyEpochs, EachKeyIsFreshAndInForceAtOnce) {
  PrivacyEpochs epochs;
  std::set<std::string> keys;
  for (uint64_t now = 0; now < 1000; ++now) {
    Message m = epochs.Advance(0, now);
    EXPECT_EQ(m.kind, MessageKind::kEpochKey);
    EXPECT_EQ(m.epoch_key.effective_ms, now);
    EXPECT_TRUE(keys.emplace(reinterpret_cast<const char*>(m.epoch_key.key), sizeof m.epoch_key.key).second);
  }
}

TEST(PrivacyEpochs, OnlyAnAdvanceIsForEveryEpochAtOnce) {
  PrivacyEpochs epochs;
  EXPECT_EQ(epochs.Advance(0, 1).epoch_key.at_once, 1u);
  const Message rotated = epochs.Rotate(1, 2);
  EXPECT_EQ(rotated.epoch_key.at_once, 0u);
  EXPECT_EQ(rotated.epoch_key.version, 2u);
  EXPECT_EQ(rotated.epoch_key.effective_ms, 2u);
}

TEST(PrivacyEpochs, VersionsRiseAboveWhatTheDataplaneKnows) {
  PrivacyEpochs epochs;
  EXPECT_EQ(epochs.Advance(0, 1).epoch_key.version, 1u);
  EXPECT_EQ(epochs.Advance(1, 2).epoch_key.version, 2u);
  EXPECT_EQ(epochs.Advance(1, 3).epoch_key.version, 3u);  // the answer to the last is still on its way
  EXPECT_EQ(epochs.Advance(10, 4).epoch_key.version, 11u);
  EXPECT_EQ(epochs.Advance(0, 5).epoch_key.version, 12u);  // a dataplane that starts anew knows none
}

TEST(PrivacyEpochs, AKeyOfADayIsReplaced) {
  PrivacyEpochs epochs;
  EXPECT_TRUE(epochs.Attached(0, 500));
  EXPECT_FALSE(epochs.RotationDue(500));
  EXPECT_FALSE(epochs.RotationDue(500 + kDayMs - 1));
  EXPECT_TRUE(epochs.RotationDue(500 + kDayMs));
  epochs.Rotate(1, 500 + kDayMs);
  EXPECT_FALSE(epochs.RotationDue(500 + 2 * kDayMs - 1));
  EXPECT_TRUE(epochs.RotationDue(500 + 2 * kDayMs));
}

TEST(PrivacyEpochs, ADataplaneNeedsAKeyIfItHasNoneOrAStrangers) {
  PrivacyEpochs epochs;
  EXPECT_TRUE(epochs.Attached(0, 1));
  EXPECT_FALSE(epochs.Attached(7, 1)) << "after our own restart its key stays: nobody's alias moves for that";
  uint32_t sent = epochs.Advance(7, 2).epoch_key.version;
  EXPECT_FALSE(epochs.Attached(sent, 3));
  EXPECT_TRUE(epochs.Attached(sent + 5, 4)) << "somebody else gave it one while we were away";
}

}  // namespace
}  // namespace cfr
