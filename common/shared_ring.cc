// SPDX-License-Identifier: BSD-3-Clause
#include "common/shared_ring.h"

#include <algorithm>
#include <cstring>

namespace cfr {
namespace {

constexpr uint32_t kMask = kRingSlots - 1;

// An index only moves forward from where it was last seen, and never past `limit`.
bool IsPossible(uint32_t index, uint32_t former, uint32_t limit) {
  return index - former <= limit - former;
}

}  // namespace

RingProducer::RingProducer(SharedRing* ring, uint32_t start)
    : ring_(ring), tail_(start), head_cache_(start) {}

void RingProducer::ReadHead() {
  uint32_t head = ring_->head.load(std::memory_order_acquire);
  if (IsPossible(head, head_cache_, tail_)) {
    head_cache_ = head;
  } else {
    corrupt_ = true;
  }
}

uint32_t RingProducer::free_slots() {
  if (!corrupt_) ReadHead();
  return corrupt_ ? 0 : kRingSlots - (tail_ - head_cache_);
}

RingResult RingProducer::PushBurst(const Message* messages, uint32_t count, uint32_t* pushed) {
  *pushed = 0;
  if (!corrupt_ && kRingSlots - (tail_ - head_cache_) < count) ReadHead();
  if (corrupt_) return RingResult::kCorrupt;
  uint32_t n = std::min(count, kRingSlots - (tail_ - head_cache_));
  if (n == 0) return RingResult::kFull;
  for (uint32_t i = 0; i < n; ++i) ring_->slots[(tail_ + i) & kMask] = messages[i];
  tail_ += n;
  ring_->tail.store(tail_, std::memory_order_release);
  *pushed = n;
  return RingResult::kOk;
}

RingResult RingProducer::Push(const Message& message) {
  uint32_t pushed;
  return PushBurst(&message, 1, &pushed);
}

RingConsumer::RingConsumer(SharedRing* ring, uint32_t start)
    : ring_(ring), head_(start), tail_cache_(start) {}

void RingConsumer::ReadTail() {
  uint32_t tail = ring_->tail.load(std::memory_order_acquire);
  if (IsPossible(tail, tail_cache_, head_ + kRingSlots)) {
    tail_cache_ = tail;
  } else {
    corrupt_ = true;
  }
}

RingResult RingConsumer::PopBurst(Message* messages, uint32_t max, uint32_t* popped) {
  *popped = 0;
  if (!corrupt_ && tail_cache_ - head_ < max) ReadTail();
  if (corrupt_) return RingResult::kCorrupt;
  uint32_t n = std::min(max, tail_cache_ - head_);
  if (n == 0) return RingResult::kEmpty;
  for (uint32_t i = 0; i < n; ++i) {
    Message& slot = ring_->slots[(head_ + i) & kMask];
    messages[i] = slot;
    std::memset(static_cast<void*>(&slot), 0, sizeof slot);
  }
  head_ += n;
  ring_->head.store(head_, std::memory_order_release);
  *popped = n;
  return RingResult::kOk;
}

RingResult RingConsumer::Pop(Message* message) {
  uint32_t popped;
  return PopBurst(message, 1, &popped);
}

}  // namespace cfr
