// SPDX-License-Identifier: BSD-3-Clause
// How packets change hands between lcores: bounded rings of buffers. Packets wait in them only within a
// process, so DPDK's own ring is the right one.
//
//   worker --handoff[owner]--> worker      a packet that arrived on the wrong worker
//   worker --consumed--------> main lcore  ARP, neighbour discovery, echo to the relay, unknown station
//   main   --handoff[worker]-> worker      the same packet, once its station is known
//   main   --made------------> worker 0    frames the relay makes itself
#pragma once

#include <rte_mbuf.h>
#include <rte_ring.h>

#include <vector>

#include "absl/status/statusor.h"
#include "dataplane/packet.h"

namespace cfr {

// Rides in the private area of each buffer; written before the buffer enters a ring.
struct BufferNote {
  Direction direction;
  uint8_t worker;  // the one that consumed the packet, and gets it back
  Side side;       // made frames: where they go
  bool hop_wanted;
  Address hop;            // see Packet::hop
  Resolution resolution;  // see Packet::Resume
};
inline constexpr uint16_t kBufferNoteBytes = 64;
static_assert(sizeof(BufferNote) <= kBufferNoteBytes);
inline BufferNote& NoteOf(rte_mbuf* buffer) {
  return *static_cast<BufferNote*>(rte_mbuf_to_priv(buffer));
}

class Exchange {
 public:
  static absl::StatusOr<Exchange> Create(int workers);

  // False when the ring is full; the buffer stays with the caller.
  bool HandOff(int worker, rte_mbuf* buffer) { return rte_ring_mp_enqueue(handoff_[worker], buffer) == 0; }
  bool Consume(rte_mbuf* buffer) { return rte_ring_mp_enqueue(consumed_, buffer) == 0; }
  bool Make(rte_mbuf* buffer) { return rte_ring_sp_enqueue(made_, buffer) == 0; }

  unsigned TakeHandoffs(int worker, rte_mbuf** buffers, unsigned max) {
    return Take(handoff_[worker], buffers, max);
  }
  unsigned TakeConsumed(rte_mbuf** buffers, unsigned max) { return Take(consumed_, buffers, max); }
  unsigned TakeMade(rte_mbuf** buffers, unsigned max) { return Take(made_, buffers, max); }

 private:
  static unsigned Take(rte_ring* ring, rte_mbuf** buffers, unsigned max) {
    return rte_ring_sc_dequeue_burst(ring, reinterpret_cast<void**>(buffers), max, nullptr);
  }
  std::vector<rte_ring*> handoff_;
  rte_ring* consumed_ = nullptr;
  rte_ring* made_ = nullptr;
};

}  // namespace cfr
