// SPDX-License-Identifier: BSD-3-Clause
// A worker's end of the ring of openings: tells the attached control process of each flow, waits for nobody.
// A full ring, or one whose reader lies, loses the opening; without a reader nothing is done at all.
#pragma once

#include <optional>

#include "common/shared_ring.h"
#include "dataplane/flow.h"

namespace cfr {

class Openings {
 public:
  explicit Openings(int worker) : worker_(static_cast<uint8_t>(worker)) {}
  // From now on into this fresh ring; nullptr: nobody listens.
  void Listen(OpenedRing* ring) {
    ring_.reset();
    if (ring != nullptr) ring_.emplace(ring);
  }
  // Whether there is a reader, and room.
  bool CanTell() { return ring_.has_value() && ring_->free_slots() > 0; }
  // False if it was lost. `subscriber` is masked.
  template <class A>
  bool Tell(const Flow<A>& flow, const Address& subscriber, uint64_t now_ms);

 private:
  const uint8_t worker_;
  std::optional<OpenedProducer> ring_;
};

}  // namespace cfr
