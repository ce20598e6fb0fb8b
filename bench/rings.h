// SPDX-License-Identifier: BSD-3-Clause
// The shared ring and its rivals under one interface. All hold kRingSlots messages, take them from the
// caller's memory and give them back into it.
//
//   SharedLink    common/shared_ring.h: the peer's index checked, slots erased
//   BareRing      the same ring without the checks, with or without erasing: what those cost
//   ElementRing   rte_ring of 64-byte elements, single producer and consumer: the fair twin
//   PointerRing   rte_ring of pointers, each message copied into a buffer and out of it
#pragma once

#include <rte_ring.h>
#include <rte_ring_elem.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <cstring>
#include <memory>

#include "common/check.h"
#include "common/shared_ring.h"

namespace cfr::bench {

// What two threads write lies this far apart: the neighbour line travels along with the wanted one.
inline constexpr size_t kApart = 128;

class SharedLink {
 public:
  uint32_t Push(const Message* messages, uint32_t count) {
    uint32_t pushed;
    producer_.PushBurst(messages, count, &pushed);
    return pushed;
  }
  uint32_t Pop(Message* messages, uint32_t max) {
    uint32_t popped;
    consumer_.PopBurst(messages, max, &popped);
    return popped;
  }

 private:
  std::unique_ptr<SharedRing> ring_ = std::make_unique<SharedRing>();
  alignas(kApart) RingProducer producer_{ring_.get()};
  alignas(kApart) RingConsumer consumer_{ring_.get()};
};

// Believes whatever its peer publishes.
template <bool kErases>
class BareRing {
 public:
  uint32_t Push(const Message* messages, uint32_t count) {
    if (kRingSlots - (producer_.own - producer_.peer) < count) Read(ring_->head, &producer_.peer);
    const uint32_t n = std::min(count, kRingSlots - (producer_.own - producer_.peer));
    if (n == 0) return 0;
    for (uint32_t i = 0; i < n; ++i) ring_->slot(producer_.own + i) = messages[i];
    producer_.own += n;
    ring_->tail.store(producer_.own, std::memory_order_release);
    return n;
  }
  uint32_t Pop(Message* messages, uint32_t max) {
    if (consumer_.peer - consumer_.own < max) Read(ring_->tail, &consumer_.peer);
    const uint32_t n = std::min(max, consumer_.peer - consumer_.own);
    if (n == 0) return 0;
    for (uint32_t i = 0; i < n; ++i) {
      Message& slot = ring_->slot(consumer_.own + i);
      messages[i] = slot;
      if (kErases) std::memset(static_cast<void*>(&slot), 0, sizeof slot);
    }
    consumer_.own += n;
    ring_->head.store(consumer_.own, std::memory_order_release);
    return n;
  }

 private:
  static void Read(const std::atomic<uint32_t>& published, uint32_t* last_seen) {
    const uint32_t index = published.load(std::memory_order_acquire);
    if (index != *last_seen) *last_seen = index;
  }
  struct alignas(kApart) Indices {
    uint32_t own = 0, peer = 0;
  };
  std::unique_ptr<SharedRing> ring_ = std::make_unique<SharedRing>();
  Indices producer_, consumer_;
};

// rte_ring in memory of our own; that needs no EAL. One slot stays empty.
class RteRing {
 public:
  explicit RteRing(unsigned element_bytes) {
    auto bytes = static_cast<size_t>(rte_ring_get_memsize_elem(element_bytes, kRingSlots));
    ring_.reset(static_cast<rte_ring*>(std::aligned_alloc(RTE_CACHE_LINE_SIZE, bytes)));
    CFR_CHECK(ring_ != nullptr &&
                  rte_ring_init(ring_.get(), "bench", kRingSlots, RING_F_SP_ENQ | RING_F_SC_DEQ) == 0,
              "no rte_ring");
  }
  rte_ring* get() const { return ring_.get(); }

 private:
  struct Free {
    void operator()(rte_ring* ring) const { std::free(ring); }
  };
  std::unique_ptr<rte_ring, Free> ring_;
};

class ElementRing {
 public:
  uint32_t Push(const Message* messages, uint32_t count) {
    return rte_ring_sp_enqueue_burst_elem(ring_.get(), messages, sizeof(Message), count, nullptr);
  }
  uint32_t Pop(Message* messages, uint32_t max) {
    return rte_ring_sc_dequeue_burst_elem(ring_.get(), messages, sizeof(Message), max, nullptr);
  }

 private:
  RteRing ring_{sizeof(Message)};
};

// Buffers in turn, so many that one is used again only when its consumer has long copied it.
class PointerRing {
 public:
  uint32_t Push(const Message* messages, uint32_t count) {
    void* pointers[kBurstMax];
    for (uint32_t i = 0; i < count; ++i) {
      Message& buffer = buffers_[(next_ + i) % kBuffers];
      buffer = messages[i];
      pointers[i] = &buffer;
    }
    uint32_t pushed = rte_ring_sp_enqueue_burst(ring_.get(), pointers, count, nullptr);
    next_ = (next_ + pushed) % kBuffers;
    return pushed;
  }
  uint32_t Pop(Message* messages, uint32_t max) {
    void* pointers[kBurstMax];
    uint32_t popped = rte_ring_sc_dequeue_burst(ring_.get(), pointers, max, nullptr);
    for (uint32_t i = 0; i < popped; ++i) messages[i] = *static_cast<Message*>(pointers[i]);
    return popped;
  }

 private:
  // In the ring, being copied out, being copied in.
  static constexpr uint32_t kBuffers = kRingSlots + 2 * kBurstMax;
  RteRing ring_{sizeof(void*)};
  std::unique_ptr<Message[]> buffers_ = std::make_unique<Message[]>(kBuffers);
  alignas(kApart) uint32_t next_ = 0;
};

}  // namespace cfr::bench
