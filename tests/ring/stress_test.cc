// SPDX-License-Identifier: BSD-3-Clause
// Two threads, ten million messages across the wrap of the 32-bit indices. Meant for a build with
// -Db_sanitize=thread: the slots are plain memory, so a missing release or acquire is a reported race.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <thread>
#include <vector>

#include "common/shared_ring.h"

namespace cfr {
namespace {

constexpr uint32_t kMessages = 10'000'000;
constexpr uint32_t kStart = 0u - kMessages / 2;
constexpr uint32_t kBurstMax = 48;

uint64_t Mix(uint64_t x) {
  x = (x ^ (x >> 31)) * 0x9e3779b97f4a7c15ull;
  return x ^ (x >> 29);
}

// Every byte follows from the number: a torn, stale or foreign slot cannot look right.
Message Numbered(uint32_t n) {
  Message m;
  m.sequence = n;
  for (size_t word = 0; word < sizeof m.raw / 8; ++word) {
    uint64_t value = Mix(uint64_t{n} << 3 | word);
    std::memcpy(m.raw + word * 8, &value, 8);
  }
  return m;
}

void Produce(RingProducer producer) {
  std::vector<Message> burst(kBurstMax);
  for (uint32_t next = 0; next < kMessages;) {
    uint32_t count = std::min<uint32_t>(1 + Mix(next) % kBurstMax, kMessages - next), pushed;
    for (uint32_t i = 0; i < count; ++i) burst[i] = Numbered(next + i);
    RingResult result =
        count == 1 ? producer.Push(burst[0]) : producer.PushBurst(burst.data(), count, &pushed);
    if (count == 1) pushed = result == RingResult::kOk;
    ASSERT_NE(result, RingResult::kCorrupt);
    if (pushed == 0) std::this_thread::yield();
    next += pushed;
  }
}

void Consume(RingConsumer consumer) {
  std::vector<Message> burst(kBurstMax);
  for (uint32_t next = 0; next < kMessages;) {
    uint32_t max = 1 + static_cast<uint32_t>(Mix(next + 1) % kBurstMax), popped;
    RingResult result = max == 1 ? consumer.Pop(burst.data()) : consumer.PopBurst(burst.data(), max, &popped);
    if (max == 1) popped = result == RingResult::kOk;
    ASSERT_NE(result, RingResult::kCorrupt);
    if (popped == 0) std::this_thread::yield();
    for (uint32_t i = 0; i < popped; ++i, ++next) {
      Message expected = Numbered(next);
      ASSERT_EQ(std::memcmp(&burst[i], &expected, sizeof expected), 0) << "message " << next;
    }
  }
  Message extra;
  EXPECT_EQ(consumer.Pop(&extra), RingResult::kEmpty);
}

TEST(RingStress, TenMillionMessagesArriveInOrderOnceAndWhole) {
  auto ring = std::make_unique<SharedRing>();
  ring->tail.store(kStart);
  ring->head.store(kStart);
  std::thread producer(Produce, RingProducer(ring.get(), kStart));
  Consume(RingConsumer(ring.get(), kStart));
  producer.join();
  EXPECT_EQ(ring->tail.load(), kStart + kMessages);
  EXPECT_EQ(ring->head.load(), kStart + kMessages);
}

}  // namespace
}  // namespace cfr
