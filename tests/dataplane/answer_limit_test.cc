// SPDX-License-Identifier: BSD-3-Clause
// Rates of what the relay says itself: exact for one receiver, for one lcore, and for all threads at once.
#include "dataplane/answer_limit.h"

#include <gtest/gtest.h>

#include <thread>

#include "dataplane/token_bucket.h"

namespace cfr {
namespace {

constexpr SipKey kKey{1, 2};
constexpr uint64_t kNowMs = 1'000'000;

Settings Rates(uint64_t per_second, uint64_t per_receiver, uint64_t burst) {
  Settings settings;
  settings.Set(Setting::kAnswersPerSecond, per_second);
  settings.Set(Setting::kAnswersPerReceiver, per_receiver);
  settings.Set(Setting::kAnswersBurst, burst);
  return settings;
}
Address Receiver(uint32_t n) {
  return Address::FromV4(&n);
}

int Taken(AnswerLimit& limit, int lcore, const Address& receiver, const Settings& settings, uint64_t now_ms,
          int tries) {
  int taken = 0;
  for (int i = 0; i < tries; ++i) taken += limit.Take(lcore, receiver, settings, now_ms);
  return taken;
}

TEST(TokenBucket, BurstThenRate) {
  std::atomic<uint64_t> bucket{0};
  const TokenRate rate{1000, 3};
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(TakeToken(bucket, rate, 5000));
  EXPECT_FALSE(TakeToken(bucket, rate, 5000));
  EXPECT_TRUE(TakeToken(bucket, rate, 5001));
  EXPECT_FALSE(TakeToken(bucket, rate, 5001));
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(TakeToken(bucket, rate, 9000));
  EXPECT_FALSE(TakeToken(bucket, rate, 9000)) << "a long rest gives no more than the burst";
}

TEST(AnswerLimit, OneReceiver) {
  AnswerLimit limit(kKey);
  const Settings settings = Rates(1'000'000, 10, 20);
  EXPECT_EQ(Taken(limit, 0, Receiver(1), settings, kNowMs, 100), 20);
  EXPECT_EQ(Taken(limit, 3, Receiver(1), settings, kNowMs, 100), 0) << "whichever worker asks";
  EXPECT_EQ(Taken(limit, 0, Receiver(1), settings, kNowMs + 1000, 100), 10);
  EXPECT_EQ(Taken(limit, 0, Receiver(2), settings, kNowMs + 1000, 100), 20);
}

TEST(AnswerLimit, FamiliesAreDifferentReceivers) {
  AnswerLimit limit(kKey);
  const Settings settings = Rates(1'000'000, 1, 1);
  Address v4 = Receiver(7), v6 = v4;
  v6.family = Family::kV6;
  EXPECT_TRUE(limit.Take(0, v4, settings, kNowMs));
  EXPECT_TRUE(limit.Take(0, v6, settings, kNowMs));
  EXPECT_FALSE(limit.Take(0, v4, settings, kNowMs));
}

TEST(AnswerLimit, OneLcore) {
  AnswerLimit limit(kKey);
  const Settings settings = Rates(1000, 1'000'000, 1'000'000);
  EXPECT_EQ(Taken(limit, 0, Receiver(1), settings, kNowMs, 5000), 100) << "a tenth of a second's worth";
  EXPECT_EQ(Taken(limit, 1, Receiver(1), settings, kNowMs, 5000), 100);
  EXPECT_EQ(Taken(limit, 0, Receiver(1), settings, kNowMs + 50, 5000), 50);
}

// A receiver above its rate takes nothing from the lcore, so it cannot silence the others.
TEST(AnswerLimit, OneReceiverCannotUseUpTheLcore) {
  AnswerLimit limit(kKey);
  const Settings settings = Rates(1000, 10, 20);
  EXPECT_EQ(Taken(limit, 0, Receiver(1), settings, kNowMs, 100'000), 20);
  EXPECT_EQ(Taken(limit, 0, Receiver(2), settings, kNowMs, 100'000), 20);
}

TEST(AnswerLimit, ARateOfZeroIsSilence) {
  AnswerLimit limit(kKey);
  EXPECT_EQ(Taken(limit, 0, Receiver(1), Rates(0, 10, 20), kNowMs, 10), 0);
}

TEST(AnswerLimit, SmallRatesLeaveOne) {
  AnswerLimit limit(kKey);
  EXPECT_EQ(Taken(limit, 0, Receiver(1), Rates(3, 10, 20), kNowMs, 10), 1);
}

TEST(AnswerLimit, ThreadsTogetherGetNoMore) {
  AnswerLimit limit(kKey);
  const Settings settings = Rates(1'000'000, 10, 5000);
  std::atomic<int> taken{0};
  auto ask = [&](int lcore) { taken += Taken(limit, lcore, Receiver(9), settings, kNowMs, 20'000); };
  std::thread other(ask, 1);
  ask(0);
  other.join();
  EXPECT_EQ(taken, 5000);
}

}  // namespace
}  // namespace cfr
