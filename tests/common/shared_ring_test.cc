// SPDX-License-Identifier: BSD-3-Clause
#include "common/shared_ring.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <memory>
#include <vector>

namespace cfr {
namespace {

Message Numbered(uint32_t n) {
  Message m = MakeMessage(MessageKind::kSetting);
  m.sequence = n;
  std::memset(m.raw, static_cast<int>(n % 251 + 1), sizeof m.raw);
  return m;
}

bool IsErased(const Message& slot) {
  Message empty;
  return std::memcmp(&slot, &empty, sizeof slot) == 0;
}

// The starts let the 32-bit indices wrap in the middle of a test, in the middle of a ring, and nowhere.
class Ring : public testing::TestWithParam<uint32_t> {
 protected:
  Ring() {
    ring_->tail.store(GetParam());
    ring_->head.store(GetParam());
  }
  void ExpectPop(uint32_t n) {
    Message m;
    ASSERT_EQ(consumer_.Pop(&m), RingResult::kOk) << n;
    Message expected = Numbered(n);
    EXPECT_EQ(std::memcmp(&m, &expected, sizeof m), 0) << n;
  }
  void Fill() {
    for (uint32_t i = 0; i < kRingSlots; ++i) ASSERT_EQ(producer_.Push(Numbered(i)), RingResult::kOk);
  }
  uint32_t erased_slots() const {
    return static_cast<uint32_t>(std::count_if(std::begin(ring_->slots), std::end(ring_->slots), IsErased));
  }

  std::unique_ptr<SharedRing> ring_ = std::make_unique<SharedRing>();
  RingProducer producer_{ring_.get(), GetParam()};
  RingConsumer consumer_{ring_.get(), GetParam()};
  Message m_ = Numbered(77);
};

INSTANTIATE_TEST_SUITE_P(Starts, Ring, testing::Values(0u, ~0u, 0u - kRingSlots / 2, 1000u, 0x7fffffffu));

TEST_P(Ring, IsEmptyAtFirst) {
  EXPECT_EQ(consumer_.Pop(&m_), RingResult::kEmpty);
  EXPECT_EQ(m_.sequence, 77u) << "nothing is written without a message";
  EXPECT_EQ(producer_.free_slots(), kRingSlots);
}

TEST_P(Ring, KeepsOrderOverManyLaps) {
  uint32_t pushed = 0, popped = 0;
  for (uint32_t lap = 0; lap < 7; ++lap) {
    for (uint32_t i = 0; i < kRingSlots - lap; ++i)
      ASSERT_EQ(producer_.Push(Numbered(pushed++)), RingResult::kOk);
    for (uint32_t i = 0; i < kRingSlots - lap; ++i) ExpectPop(popped++);
    EXPECT_EQ(consumer_.Pop(&m_), RingResult::kEmpty);
  }
}

TEST_P(Ring, FullTakesNothingAndFreesOneByOne) {
  Fill();
  EXPECT_EQ(producer_.free_slots(), 0u);
  EXPECT_EQ(producer_.Push(Numbered(kRingSlots)), RingResult::kFull);
  ExpectPop(0);
  EXPECT_EQ(producer_.free_slots(), 1u);
  EXPECT_EQ(producer_.Push(Numbered(kRingSlots)), RingResult::kOk);
  EXPECT_EQ(producer_.Push(Numbered(kRingSlots + 1)), RingResult::kFull);
  for (uint32_t i = 1; i <= kRingSlots; ++i) ExpectPop(i);
  EXPECT_EQ(consumer_.Pop(&m_), RingResult::kEmpty);
}

TEST_P(Ring, ConsumedSlotsAreErased) {
  Fill();
  EXPECT_EQ(erased_slots(), 0u);
  for (uint32_t i = 0; i < kRingSlots / 2; ++i) ExpectPop(i);
  EXPECT_EQ(erased_slots(), kRingSlots / 2);
  for (uint32_t i = kRingSlots / 2; i < kRingSlots; ++i) ExpectPop(i);
  EXPECT_EQ(erased_slots(), kRingSlots);
}

TEST_P(Ring, PushPublishesAfterTheSlot) {
  EXPECT_EQ(producer_.Push(Numbered(5)), RingResult::kOk);
  EXPECT_EQ(ring_->tail.load(), GetParam() + 1);
  EXPECT_EQ(ring_->slots[GetParam() % kRingSlots].sequence, 5u);
  ExpectPop(5);
  EXPECT_EQ(ring_->head.load(), GetParam() + 1);
}

TEST_P(Ring, BurstsTakeWhatFits) {
  std::vector<Message> in(kRingSlots + 10), out(kRingSlots + 10);
  for (uint32_t i = 0; i < in.size(); ++i) in[i] = Numbered(i);
  uint32_t count = 99;
  EXPECT_EQ(consumer_.PopBurst(out.data(), 4, &count), RingResult::kEmpty);
  EXPECT_EQ(count, 0u);
  ASSERT_EQ(producer_.PushBurst(in.data(), 3, &count), RingResult::kOk);
  EXPECT_EQ(count, 3u);
  ASSERT_EQ(producer_.PushBurst(in.data() + 3, kRingSlots + 7, &count), RingResult::kOk);
  EXPECT_EQ(count, kRingSlots - 3);
  EXPECT_EQ(producer_.PushBurst(in.data(), 1, &count), RingResult::kFull);
  EXPECT_EQ(count, 0u);
  ASSERT_EQ(consumer_.PopBurst(out.data(), 2, &count), RingResult::kOk);
  EXPECT_EQ(count, 2u);
  ASSERT_EQ(consumer_.PopBurst(out.data() + 2, kRingSlots + 8, &count), RingResult::kOk);
  EXPECT_EQ(count, kRingSlots - 2);
  EXPECT_EQ(std::memcmp(in.data(), out.data(), sizeof(Message) * kRingSlots), 0);
  EXPECT_EQ(erased_slots(), kRingSlots);
}

// How far a peer's index may be from where it was last seen, and how the rest is refused for good.
class HostileIndex : public Ring {
 protected:
  static constexpr uint32_t kHeld = 3;  // messages in the ring
  void SetUp() override {
    for (uint32_t i = 0; i < kHeld; ++i) ASSERT_EQ(producer_.Push(Numbered(i)), RingResult::kOk);
  }
  void ExpectConsumerRefuses() {
    for (int again = 0; again < 3; ++again) EXPECT_EQ(consumer_.Pop(&m_), RingResult::kCorrupt);
    ring_->tail.store(GetParam() + kHeld);
    EXPECT_EQ(consumer_.Pop(&m_), RingResult::kCorrupt) << "a ring does not become good again";
    EXPECT_EQ(m_.sequence, 77u);
    EXPECT_EQ(ring_->head.load(), GetParam());
    EXPECT_EQ(erased_slots(), kRingSlots - kHeld);
  }
  void ExpectProducerRefuses() {
    EXPECT_EQ(producer_.free_slots(), 0u);
    for (int again = 0; again < 3; ++again) EXPECT_EQ(producer_.Push(Numbered(9)), RingResult::kCorrupt);
    ring_->head.store(GetParam());
    EXPECT_EQ(producer_.Push(Numbered(9)), RingResult::kCorrupt) << "a ring does not become good again";
    EXPECT_EQ(producer_.free_slots(), 0u);
    EXPECT_EQ(ring_->tail.load(), GetParam() + kHeld);
    EXPECT_EQ(erased_slots(), kRingSlots - kHeld);
  }
};

INSTANTIATE_TEST_SUITE_P(Starts, HostileIndex, testing::Values(0u, ~0u, 0u - 2u, 0x7fffffffu));

TEST_P(HostileIndex, TailMayBeOneRingAheadAndNoMore) {
  ring_->tail.store(GetParam() + kRingSlots);
  EXPECT_EQ(consumer_.Pop(&m_), RingResult::kOk);
  SetUp();
  RingConsumer other(ring_.get(), GetParam());
  ring_->tail.store(GetParam() + kRingSlots + 1);
  EXPECT_EQ(other.Pop(&m_), RingResult::kCorrupt);
}

TEST_P(HostileIndex, TailTooFarAhead) {
  ring_->tail.store(GetParam() + kRingSlots + 1);
  ExpectConsumerRefuses();
}

TEST_P(HostileIndex, TailBehindHead) {
  ring_->tail.store(GetParam() - 1);
  ExpectConsumerRefuses();
}

TEST_P(HostileIndex, TailFarAway) {
  ring_->tail.store(GetParam() + 0x80000000u);
  ExpectConsumerRefuses();
}

TEST_P(HostileIndex, TailTakenBack) {
  std::vector<Message> out(kRingSlots);
  uint32_t count;
  ASSERT_EQ(consumer_.PopBurst(out.data(), 1, &count), RingResult::kOk);  // three were seen
  ring_->tail.store(GetParam() + 2);
  EXPECT_EQ(consumer_.PopBurst(out.data(), kRingSlots, &count), RingResult::kCorrupt);
  EXPECT_EQ(count, 0u);
  EXPECT_EQ(ring_->head.load(), GetParam() + 1);
}

TEST_P(HostileIndex, HeadAheadOfTail) {
  ring_->head.store(GetParam() + kHeld + 1);
  ExpectProducerRefuses();
}

TEST_P(HostileIndex, HeadBeforeTheStart) {
  ring_->head.store(GetParam() - 1);
  ExpectProducerRefuses();
}

TEST_P(HostileIndex, HeadFarAway) {
  ring_->head.store(GetParam() + 0x80000000u);
  ExpectProducerRefuses();
}

TEST_P(HostileIndex, HeadTakenBack) {
  ExpectPop(0);
  ExpectPop(1);
  EXPECT_EQ(producer_.free_slots(), kRingSlots - 1);
  ring_->head.store(GetParam() + 1);
  EXPECT_EQ(producer_.free_slots(), 0u);
  EXPECT_EQ(producer_.Push(Numbered(9)), RingResult::kCorrupt);
}

// Every offset of the peer's index from the own one, in both roles, of which few are possible.
TEST_P(HostileIndex, AllOffsetsNearTheRingAreJudged) {
  for (uint32_t offset = 0; offset < 3 * kRingSlots; ++offset) {
    uint32_t index = GetParam() - kRingSlots + offset;
    ring_->tail.store(index);
    RingConsumer consumer(ring_.get(), GetParam());
    bool tail_possible = index - GetParam() <= kRingSlots;
    EXPECT_EQ(consumer.Pop(&m_) != RingResult::kCorrupt, tail_possible) << offset;
    ring_->head.store(index);
    RingProducer producer(ring_.get(), GetParam());
    EXPECT_EQ(producer.free_slots() != 0, index == GetParam()) << offset;
  }
}

TEST(RingLayout, IsTheOneOfLinkVersion3) {
  EXPECT_EQ(kLinkVersion, 3) << "a new version needs new figures here";
  EXPECT_EQ(offsetof(SharedRing, tail), 0u);
  EXPECT_EQ(offsetof(SharedRing, head), 64u);
  EXPECT_EQ(offsetof(SharedRing, slots), 128u);
  EXPECT_EQ(sizeof(SharedRing), 128 + 64 * kRingSlots);
  EXPECT_EQ(sizeof(OpenedRing), 128 + 64 * kOpenedSlots);
  EXPECT_EQ(LinkBytes(2), 3 * sizeof(RingPair) + 2 * sizeof(OpenedRing));
  EXPECT_TRUE(std::atomic<uint32_t>::is_always_lock_free) << "a lock would cross the border";
}

}  // namespace
}  // namespace cfr
