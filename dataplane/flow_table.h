// SPDX-License-Identifier: BSD-3-Clause
// The flows of one worker and one IP family. Only that worker reads or writes them.
//
//   Open ---> live flow: outbound and inbound key, timer -----> Close: idle too long, or replaced
//                                                                 | outbound key gone, inbound key kept
//             free  <------- Release: quarantine over <-----------+
//
// A free inbound key is the allocator of alias ports: a candidate may be taken if no live flow and no
// quarantined one holds it (RFC 4787 REQ-3 for per-remote ports, RFC 6888 REQ-8).
#pragma once

#include <cstdint>

#include "dataplane/flow.h"
#include "dataplane/flow_hash.h"
#include "dataplane/flow_index.h"
#include "dataplane/timer_wheel.h"

namespace cfr {

template <class A>
class FlowTable {
 public:
  // `capacity` flows, live and quarantined, 1..2^26. Memory is reserved here and never grows.
  FlowTable(uint32_t capacity, const FlowHash::Key& key)
      : hash_(key), flows_(capacity), index_(size_t{capacity} * 2), wheel_(capacity), capacity_(capacity) {}

  uint64_t Hash(const FlowKey<A>& key) const { return hash_(key); }
  void Prefetch(uint64_t hash) const { index_.Prefetch(hash); }
  void PrefetchFlow(uint64_t hash) const {
    FlowIndex guess = index_.Guess(hash);
    if (guess == kNoFlow) return;
    __builtin_prefetch(&flows_[guess], 1);
    if constexpr (sizeof(Flow<A>) > 64)
      __builtin_prefetch(reinterpret_cast<const char*>(&flows_[guess]) + 64, 1);
  }
  // A live flow, or for an inbound key also a quarantined one; kNoFlow if there is none.
  FlowIndex Find(const FlowKey<A>& key, uint64_t hash) const {
    return index_.Find(hash, [&](FlowIndex i) { return Matches(flows_[i], key); });
  }
  Flow<A>& operator[](FlowIndex i) { return flows_[i]; }
  const Flow<A>& operator[](FlowIndex i) const { return flows_[i]; }

  bool full() const { return free_ == kNoFlow && touched_ == capacity_; }
  // Takes over `flow`, whose keys are not in the table, and arms its timer. Not when full().
  FlowIndex Open(const Flow<A>& flow, uint64_t deadline_ms) {
    FlowIndex i = free_;
    if (i != kNoFlow)
      free_ = NextFree(i);
    else
      i = touched_++;
    flows_[i] = flow;
    index_.Add(Hash(OutboundKey(flow)), i);
    index_.Add(Hash(InboundKey(flow)), i);
    wheel_.Arm(i, deadline_ms);
    return i;
  }

  // Live -> quarantined: the subscriber is forgotten, the inbound tuple is held. The caller arms the timer.
  void Close(FlowIndex i, uint32_t now_ms) {
    Flow<A>& f = flows_[i];
    index_.Remove(Hash(OutboundKey(f)), i);
    f.subscriber = A{};
    f.subscriber_port = 0;
    f.subscriber_slot = 0;
    f.state = FlowState::kQuarantine;
    f.last_seen_ms = now_ms;
  }

  // Quarantined -> free. The timer must be off the wheel (it came from TakeDue).
  void Release(FlowIndex i) {
    index_.Remove(Hash(InboundKey(flows_[i])), i);
    flows_[i] = Flow<A>{};
    NextFree(i) = free_;
    free_ = i;
  }

  void Rearm(FlowIndex i, uint64_t deadline_ms) {
    wheel_.Disarm(i);
    wheel_.Arm(i, deadline_ms);
  }
  void Arm(FlowIndex i, uint64_t deadline_ms) { wheel_.Arm(i, deadline_ms); }
  FlowIndex TakeDue(uint64_t now_ms) { return wheel_.TakeDue(now_ms); }
  void Start(uint64_t now_ms) { wheel_.Start(now_ms); }

  uint32_t capacity() const { return capacity_; }
  uint32_t touched() const { return touched_; }  // indices below were used at least once
  size_t bytes() const { return flows_.bytes() + index_.bytes() + wheel_.bytes(); }

 private:
  // A free record keeps the next free one here.
  FlowIndex& NextFree(FlowIndex i) { return flows_[i].subscriber_slot; }

  FlowHash hash_;
  Arena<Flow<A>> flows_;
  FlowIndexMap index_;
  TimerWheel wheel_;
  uint32_t capacity_;
  FlowIndex touched_ = 0;     // records never used start here
  FlowIndex free_ = kNoFlow;  // records used before
};

}  // namespace cfr
