// SPDX-License-Identifier: BSD-3-Clause
// Answers flow queries of the control process from a worker, a few rows each round, so that a listing
// of millions never holds up a packet. A cursor is family and record number; records that close or open
// meanwhile may be missed or seen, never twice.
#pragma once

#include <cstdint>
#include <optional>

#include "common/shared_ring.h"
#include "dataplane/pipeline.h"

namespace cfr {

class FlowLister {
 public:
  // A query replaces one still being answered. Malformed ones are ignored (the asker times out).
  void Begin(const FlowQueryBody& query);
  // Scans at most `budget` records and emits what matches while the ring has room.
  void Step(const Pipeline& pipeline, RingProducer& events, int budget, uint64_t now_ms);

 private:
  template <class A>
  bool Scan(const FlowTable<A>& flows, RingProducer& events, int* budget, uint64_t now_ms);
  template <class A>
  bool Wanted(const Flow<A>& flow) const;

  struct Active {
    FlowQueryBody query;
    Prefix subscriber;
    bool any_subscriber;
    Family family;
    uint32_t next;  // record
    uint32_t rows = 0;
  };
  std::optional<Active> active_;
};

}  // namespace cfr
