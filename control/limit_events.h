// SPDX-License-Identifier: BSD-3-Clause
// What ran out, or met a limit, since it was last told: for the log, not more often than once in a while and
// kind, whatever the traffic does (RFC 8158 section 5). Of whole workers, never of a subscriber.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "common/dataplane_page.h"

namespace cfr {

class LimitEvents {
 public:
  static constexpr uint64_t kQuietMs = 10'000;  // between two events of a kind

  struct Event {
    DropReason reason;
    uint64_t packets;  // dropped for it since the last event of the kind, or since the first look
  };
  // Call every few milliseconds while a dataplane is attached.
  std::vector<Event> Look(const DataplanePage& page, int workers, uint64_t now_ms);

 private:
  struct Kind {
    uint64_t told = 0, told_ms = 0;
  };
  std::optional<uint64_t> boot_;
  std::vector<Kind> kinds_;
  uint64_t next_ms_ = 0;
};

}  // namespace cfr
