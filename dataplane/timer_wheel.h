// SPDX-License-Identifier: BSD-3-Clause
// When to look at a flow again. One slot a second, 8192 of them, each a list threaded through two index
// arrays. Lazy: a packet only writes the flow's last_seen; the slot's turn decides whether the flow is
// really idle or is armed anew. A deadline beyond the wheel waits in its last slot and is armed again.
//
//   slot:  [0][1] ... [now] ... [8191]      previous_/next_: doubly linked, so Disarm costs nothing
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "dataplane/arena.h"
#include "dataplane/flow.h"

namespace cfr {

class TimerWheel {
 public:
  explicit TimerWheel(uint32_t capacity) : links_(capacity), heads_(kSlots, kNoFlow) {}

  // Look at `flow` at the first Advance whose time has reached `deadline_ms`, not before.
  void Arm(FlowIndex flow, uint64_t deadline_ms) {
    uint64_t second = std::clamp((deadline_ms + 999) / 1000, next_second_, next_second_ + kSlots - 1);
    auto slot = static_cast<uint32_t>(second % kSlots);
    Link& link = links_[flow];
    link = {heads_[slot], kNoFlow, slot};
    if (link.next != kNoFlow) links_[link.next].previous = flow;
    heads_[slot] = flow;
  }

  void Disarm(FlowIndex flow) {
    const Link link = links_[flow];
    if (link.previous != kNoFlow)
      links_[link.previous].next = link.next;
    else
      heads_[link.slot] = link.next;
    if (link.next != kNoFlow) links_[link.next].previous = link.previous;
  }

  // Takes one due flow off the wheel; kNoFlow when everything up to `now_ms` was taken.
  FlowIndex TakeDue(uint64_t now_ms) {
    uint64_t now_second = now_ms / 1000;
    if (next_second_ + kSlots <= now_second) next_second_ = now_second - kSlots + 1;
    for (; next_second_ <= now_second; ++next_second_) {
      FlowIndex flow = heads_[next_second_ % kSlots];
      if (flow == kNoFlow) continue;
      Disarm(flow);
      return flow;
    }
    return kNoFlow;
  }

  // Before the first Arm: the time the wheel starts at.
  void Start(uint64_t now_ms) { next_second_ = now_ms / 1000; }
  size_t bytes() const { return links_.bytes(); }

 private:
  static constexpr uint32_t kSlots = 8192;
  struct Link {
    FlowIndex next, previous;
    uint32_t slot;
  };

  Arena<Link> links_;
  std::vector<FlowIndex> heads_;
  uint64_t next_second_ = 0;  // the first second not yet emptied
};

}  // namespace cfr
