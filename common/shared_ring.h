// SPDX-License-Identifier: BSD-3-Clause
// A ring of 64-byte messages between two processes that do not trust each other.
//
//      producer process                 shared memory                  consumer process
//   +--------------------+      +----------------------------+      +--------------------+
//   | tail_ (private)    | ---> | published tail  (own line) | ---> | head_ (private)    |
//   | head cache         | <--- | published head  (own line) | <--- | tail cache         |
//   +--------------------+      | slot 0 .. kRingSlots-1     |      +--------------------+
//                               +----------------------------+
//
// Single producer, single consumer. Each side keeps its own index in private memory and only publishes
// it. The peer's index is read at most once per call, when the one last seen does not suffice, and
// believed only if it did not go back and is within one ring of the own index; else the ring is corrupt
// for good. Size and mask are compile-time constants, never read from the shared page. Release store and
// acquire load of the published indices order the slot contents; a slot is copied before anybody looks
// at it. Model: tests/ring/ring.pml.
//
// All inline, and an empty poll stores nothing: stores of a waiting loop pile up behind the message just
// sent, and a round trip takes twice as long (bench/ring_bench.cc).
#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <cstring>

#include "common/limits.h"
#include "common/messages.h"

namespace cfr {

// The shared part; all-zero bytes are an empty ring. Indices count for ever and wrap at 2^32.
struct alignas(64) SharedRing {
  alignas(64) std::atomic<uint32_t> tail;  // producer -> consumer
  alignas(64) std::atomic<uint32_t> head;  // consumer -> producer
  alignas(64) Message slots[kRingSlots];
  Message& slot(uint32_t index) { return slots[index % kRingSlots]; }
};

// An index only moves forward from where it was last seen, and never past `limit`.
constexpr bool IsPossibleIndex(uint32_t index, uint32_t former, uint32_t limit) {
  return index - former <= limit - former;
}

enum class RingResult : uint8_t { kOk, kFull, kEmpty, kCorrupt };

class RingProducer {
 public:
  // `start`: what both published indices hold, 0 in a fresh ring; tests begin shortly before the wrap.
  explicit RingProducer(SharedRing* ring, uint32_t start = 0)
      : ring_(ring), tail_(start), head_cache_(start) {}
  // kOk: copied and visible. kFull: nothing happened, try later. kCorrupt: the peer published an
  // impossible index; every later call says so too.
  RingResult Push(const Message& message) {
    uint32_t pushed;
    return PushBurst(&message, 1, &pushed);
  }
  // As many of `count` (at least 1) messages as fit, in order, visible all at once. kOk: *pushed of them,
  // at least one; else *pushed is 0.
  RingResult PushBurst(const Message* messages, uint32_t count, uint32_t* pushed);
  // 0 if corrupt. Only grows until the next push.
  uint32_t free_slots() {
    if (!corrupt_) ReadHead();
    return corrupt_ ? 0 : kRingSlots - (tail_ - head_cache_);
  }

 private:
  void ReadHead();

  SharedRing* ring_;
  uint32_t tail_, head_cache_;
  bool corrupt_ = false;
};

class RingConsumer {
 public:
  explicit RingConsumer(SharedRing* ring, uint32_t start = 0)
      : ring_(ring), head_(start), tail_cache_(start) {}
  // kOk: one message copied to *message and its slot erased (keys travel here). kEmpty, kCorrupt as above.
  RingResult Pop(Message* message) {
    uint32_t popped;
    return PopBurst(message, 1, &popped);
  }
  // Up to `max` (at least 1) messages, in order, their slots erased. kOk: *popped of them, at least one.
  RingResult PopBurst(Message* messages, uint32_t max, uint32_t* popped);

 private:
  void ReadTail();

  SharedRing* ring_;
  uint32_t head_, tail_cache_;
  bool corrupt_ = false;
};

inline void RingProducer::ReadHead() {
  const uint32_t head = ring_->head.load(std::memory_order_acquire);
  if (head == head_cache_) return;
  if (IsPossibleIndex(head, head_cache_, tail_))
    head_cache_ = head;
  else
    corrupt_ = true;
}

inline RingResult RingProducer::PushBurst(const Message* messages, uint32_t count, uint32_t* pushed) {
  *pushed = 0;
  if (!corrupt_ && kRingSlots - (tail_ - head_cache_) < count) ReadHead();
  if (corrupt_) return RingResult::kCorrupt;
  const uint32_t n = std::min(count, kRingSlots - (tail_ - head_cache_));
  if (n == 0) return RingResult::kFull;
  for (uint32_t i = 0; i < n; ++i) ring_->slot(tail_ + i) = messages[i];
  tail_ += n;
  ring_->tail.store(tail_, std::memory_order_release);
  *pushed = n;
  return RingResult::kOk;
}

inline void RingConsumer::ReadTail() {
  const uint32_t tail = ring_->tail.load(std::memory_order_acquire);
  if (tail == tail_cache_) return;
  if (IsPossibleIndex(tail, tail_cache_, head_ + kRingSlots))
    tail_cache_ = tail;
  else
    corrupt_ = true;
}

inline RingResult RingConsumer::PopBurst(Message* messages, uint32_t max, uint32_t* popped) {
  *popped = 0;
  if (!corrupt_ && tail_cache_ - head_ < max) ReadTail();
  if (corrupt_) return RingResult::kCorrupt;
  const uint32_t n = std::min(max, tail_cache_ - head_);
  if (n == 0) return RingResult::kEmpty;
  for (uint32_t i = 0; i < n; ++i) {
    Message& slot = ring_->slot(head_ + i);
    messages[i] = slot;
    std::memset(static_cast<void*>(&slot), 0, sizeof slot);
  }
  head_ += n;
  ring_->head.store(head_, std::memory_order_release);
  *popped = n;
  return RingResult::kOk;
}

// One command ring and one event ring, named as control sees them.
struct RingPair {
  SharedRing commands;  // control -> dataplane
  SharedRing events;    // dataplane -> control
};

// The region of one attachment: pair 0 belongs to the main lcore, pair 1 + w to worker w.
constexpr size_t LinkBytes(int workers) {
  return sizeof(RingPair) * (1 + static_cast<size_t>(workers));
}

}  // namespace cfr
