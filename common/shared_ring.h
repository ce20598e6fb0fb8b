// SPDX-License-Identifier: BSD-3-Clause
// Rings of 64-byte slots between two processes that do not trust each other.
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
// All in the header, and an empty poll stores nothing: stores of a waiting loop pile up behind the message
// just sent, and a round trip takes twice as long (bench/ring_bench.cc).
#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <cstring>

#include "common/limits.h"
#include "common/messages.h"
#include "common/opened.h"

namespace cfr {

// The shared part; all-zero bytes are an empty ring. Indices count for ever and wrap at 2^32.
template <class SlotType, uint32_t kSlotCount>
struct alignas(64) RingOf {
  using Slot = SlotType;
  static constexpr uint32_t kSlots = kSlotCount;
  static_assert((kSlots & (kSlots - 1)) == 0, "ring indices wrap with a mask");
  static_assert(sizeof(Slot) == 64);
  alignas(64) std::atomic<uint32_t> tail;  // producer -> consumer
  alignas(64) std::atomic<uint32_t> head;  // consumer -> producer
  alignas(64) Slot slots[kSlots];
  Slot& slot(uint32_t index) { return slots[index % kSlots]; }
};

// An index only moves forward from where it was last seen, and never past `limit`.
constexpr bool IsPossibleIndex(uint32_t index, uint32_t former, uint32_t limit) {
  return index - former <= limit - former;
}

enum class RingResult : uint8_t { kOk, kFull, kEmpty, kCorrupt };

template <class Ring>
class ProducerOf {
 public:
  using Slot = typename Ring::Slot;
  // `start`: what both published indices hold, 0 in a fresh ring; tests begin shortly before the wrap.
  explicit ProducerOf(Ring* ring, uint32_t start = 0) : ring_(ring), tail_(start), head_cache_(start) {}
  // kOk: copied and visible. kFull: nothing happened, try later. kCorrupt: the peer published an
  // impossible index; every later call says so too.
  RingResult Push(const Slot& slot) {
    uint32_t pushed;
    return PushBurst(&slot, 1, &pushed);
  }
  // As many of `count` (at least 1) slots as fit, in order, visible all at once. kOk: *pushed of them,
  // at least one; else *pushed is 0.
  RingResult PushBurst(const Slot* slots, uint32_t count, uint32_t* pushed);
  // 0 if corrupt. Only grows until the next push.
  uint32_t free_slots() {
    if (!corrupt_) ReadHead();
    return corrupt_ ? 0 : Ring::kSlots - (tail_ - head_cache_);
  }

 private:
  void ReadHead();

  Ring* ring_;
  uint32_t tail_, head_cache_;
  bool corrupt_ = false;
};

template <class Ring>
class ConsumerOf {
 public:
  using Slot = typename Ring::Slot;
  explicit ConsumerOf(Ring* ring, uint32_t start = 0) : ring_(ring), head_(start), tail_cache_(start) {}
  // kOk: one slot copied to *slot and erased (keys and subscribers travel here). kEmpty, kCorrupt as above.
  RingResult Pop(Slot* slot) {
    uint32_t popped;
    return PopBurst(slot, 1, &popped);
  }
  // Up to `max` (at least 1) slots, in order, erased. kOk: *popped of them, at least one.
  RingResult PopBurst(Slot* slots, uint32_t max, uint32_t* popped);

 private:
  void ReadTail();

  Ring* ring_;
  uint32_t head_, tail_cache_;
  bool corrupt_ = false;
};

template <class Ring>
void ProducerOf<Ring>::ReadHead() {
  const uint32_t head = ring_->head.load(std::memory_order_acquire);
  if (head == head_cache_) return;
  if (IsPossibleIndex(head, head_cache_, tail_))
    head_cache_ = head;
  else
    corrupt_ = true;
}

template <class Ring>
RingResult ProducerOf<Ring>::PushBurst(const Slot* slots, uint32_t count, uint32_t* pushed) {
  *pushed = 0;
  if (!corrupt_ && Ring::kSlots - (tail_ - head_cache_) < count) ReadHead();
  if (corrupt_) return RingResult::kCorrupt;
  const uint32_t n = std::min(count, Ring::kSlots - (tail_ - head_cache_));
  if (n == 0) return RingResult::kFull;
  for (uint32_t i = 0; i < n; ++i) ring_->slot(tail_ + i) = slots[i];
  tail_ += n;
  ring_->tail.store(tail_, std::memory_order_release);
  *pushed = n;
  return RingResult::kOk;
}

template <class Ring>
void ConsumerOf<Ring>::ReadTail() {
  const uint32_t tail = ring_->tail.load(std::memory_order_acquire);
  if (tail == tail_cache_) return;
  if (IsPossibleIndex(tail, tail_cache_, head_ + Ring::kSlots))
    tail_cache_ = tail;
  else
    corrupt_ = true;
}

template <class Ring>
RingResult ConsumerOf<Ring>::PopBurst(Slot* slots, uint32_t max, uint32_t* popped) {
  *popped = 0;
  if (!corrupt_ && tail_cache_ - head_ < max) ReadTail();
  if (corrupt_) return RingResult::kCorrupt;
  const uint32_t n = std::min(max, tail_cache_ - head_);
  if (n == 0) return RingResult::kEmpty;
  for (uint32_t i = 0; i < n; ++i) {
    Slot& slot = ring_->slot(head_ + i);
    slots[i] = slot;
    std::memset(static_cast<void*>(&slot), 0, sizeof slot);
  }
  head_ += n;
  ring_->head.store(head_, std::memory_order_release);
  *popped = n;
  return RingResult::kOk;
}

using SharedRing = RingOf<Message, kRingSlots>;
using RingProducer = ProducerOf<SharedRing>;
using RingConsumer = ConsumerOf<SharedRing>;

// Flows as they open, a worker -> control. Full: the opening is lost, and counted.
using OpenedRing = RingOf<Opened, kOpenedSlots>;
using OpenedProducer = ProducerOf<OpenedRing>;
using OpenedConsumer = ConsumerOf<OpenedRing>;

// One command ring and one event ring, named as control sees them.
struct RingPair {
  SharedRing commands;  // control -> dataplane
  SharedRing events;    // dataplane -> control
};

// The region of one attachment: pair 0 belongs to the main lcore, pair 1 + w to worker w; behind the pairs
// stand the openings of each worker.
constexpr size_t LinkBytes(int workers) {
  return sizeof(RingPair) * (1 + static_cast<size_t>(workers)) +
         sizeof(OpenedRing) * static_cast<size_t>(workers);
}
inline OpenedRing* OpeningsIn(RingPair* link, int workers) {
  return reinterpret_cast<OpenedRing*>(link + 1 + workers);
}

}  // namespace cfr
