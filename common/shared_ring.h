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
// it; the peer's index is read once per call and believed only if it is within one ring of the own
// index, else the ring is corrupt for good. Size and mask are compile-time constants, never read from
// the shared page. Release store and acquire load on the published indices order the slot contents.
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
  explicit RingProducer(SharedRing* ring);
  // kOk: copied and visible. kFull: nothing happened, try later. kCorrupt: the peer published an
  // impossible index; every later call says so too.
  RingResult Push(const Message& message);
  uint32_t free_slots();

 private:
  SharedRing* ring_;
  uint32_t tail_ = 0, head_cache_ = 0;
  bool corrupt_ = false;
};

class RingConsumer {
 public:
  explicit RingConsumer(SharedRing* ring);
  // kOk: one message copied to *message and its slot erased (keys travel here). kEmpty, kCorrupt as above.
  RingResult Pop(Message* message);

 private:
  SharedRing* ring_;
  uint32_t head_ = 0, tail_cache_ = 0;
  bool corrupt_ = false;
};

// One command ring and one event ring, named as control sees them.
struct RingPair {
  SharedRing commands;  // control -> dataplane
  SharedRing events;    // dataplane -> control
};

// The region of one attachment: pair 0 belongs to the main lcore, pair 1 + w to worker w.
constexpr size_t LinkBytes(int workers) { return sizeof(RingPair) * (1 + static_cast<size_t>(workers)); }

}  // namespace cfr
