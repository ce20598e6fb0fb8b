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
#pragma once

#include <atomic>
#include <cstdint>

#include "common/limits.h"
#include "common/messages.h"

namespace cfr {

// The shared part; all-zero bytes are an empty ring. Indices count for ever and wrap at 2^32.
struct alignas(64) SharedRing {
  alignas(64) std::atomic<uint32_t> tail;  // producer -> consumer
  alignas(64) std::atomic<uint32_t> head;  // consumer -> producer
  alignas(64) Message slots[kRingSlots];
};

enum class RingResult : uint8_t { kOk, kFull, kEmpty, kCorrupt };

class RingProducer {
 public:
  // `start`: what both published indices hold, 0 in a fresh ring; tests begin shortly before the wrap.
  explicit RingProducer(SharedRing* ring, uint32_t start = 0);
  // kOk: copied and visible. kFull: nothing happened, try later. kCorrupt: the peer published an
  // impossible index; every later call says so too.
  RingResult Push(const Message& message);
  // As many of `count` (at least 1) messages as fit, in order, visible all at once. kOk: *pushed of them,
  // at least one; else *pushed is 0.
  RingResult PushBurst(const Message* messages, uint32_t count, uint32_t* pushed);
  // 0 if corrupt. Only grows until the next push.
  uint32_t free_slots();

 private:
  void ReadHead();

  SharedRing* ring_;
  uint32_t tail_, head_cache_;
  bool corrupt_ = false;
};

class RingConsumer {
 public:
  explicit RingConsumer(SharedRing* ring, uint32_t start = 0);
  // kOk: one message copied to *message and its slot erased (keys travel here). kEmpty, kCorrupt as above.
  RingResult Pop(Message* message);
  // Up to `max` (at least 1) messages, in order, their slots erased. kOk: *popped of them, at least one.
  RingResult PopBurst(Message* messages, uint32_t max, uint32_t* popped);

 private:
  void ReadTail();

  SharedRing* ring_;
  uint32_t head_, tail_cache_;
  bool corrupt_ = false;
};

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
