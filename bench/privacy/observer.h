// SPDX-License-Identifier: BSD-3-Clause
// Who watches: the front doors of some CFS groups, passively, with sight of the inner names. And the truth
// about what it sees, which only the referee of the games knows.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "bench/privacy/policies.h"
#include "bench/privacy/trace.h"

namespace cfr::privacy {

// What of a host shows through the alias, besides time, server address and port.
struct Visible {
  bool client_class = true;  // TLS fingerprint, option layout: a relay cannot hide it
  bool ttl = false;          // the rest only if the relay does not scrub it
  bool ip_id = false;
  bool timestamps = false;

  friend bool operator==(const Visible&, const Visible&) = default;
};

// One flow as the observer sees it. What is not visible is the same for all.
struct Sighting {
  uint32_t time_ms, server, unit;
  uint32_t timestamp_line;  // 0: none
  uint16_t port, ip_id;
  uint8_t client_class, ttl;
  bool has_ip_id;
};

class Observer {
 public:
  // Sees the flows of groups 0 to `groups` - 1.
  Observer(const Trace& trace, uint32_t groups);

  size_t size() const { return openings_.size(); }
  // The truth about sighting `i`.
  const Opening& Truth(size_t i) const { return trace_.openings[openings_[i]]; }
  // A subscriber's sightings, in order of time.
  std::span<const uint32_t> Of(uint32_t subscriber) const {
    return {of_.data() + first_of_[subscriber], first_of_[subscriber + 1] - first_of_[subscriber]};
  }
  std::vector<Sighting> Look(const Aliases& aliases, const Visible& visible) const;
  const Trace& trace() const { return trace_; }

 private:
  const Trace& trace_;
  std::vector<uint32_t> openings_;       // by sighting, in order of time
  std::vector<uint32_t> of_, first_of_;  // sightings by subscriber
};

}  // namespace cfr::privacy
