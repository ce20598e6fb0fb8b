// SPDX-License-Identifier: BSD-3-Clause
// What a worker tells the control process of every flow it opens (shared_ring.h): of whom, towards whom,
// under which alias. It names subscriber and remote, so the reader's slots are erased as it reads and nobody
// keeps it; what is made of it is counted (docs/crowd.md) or sealed.
#pragma once

#include <cstdint>
#include <type_traits>

#include "common/types.h"

namespace cfr {

struct alignas(64) Opened {  // host order unless said
  uint64_t at_ms;            // CLOCK_MONOTONIC
  uint8_t subscriber[16];    // as in Address::bytes, masked to the prefix that is one subscriber
  uint8_t remote[16];
  uint16_t alias_port, remote_port;  // echo: the mapped identifier, 0
  UnitIndex unit;
  uint8_t family;    // 4 or 6
  uint8_t protocol;  // IANA number
  uint8_t flags;     // none yet: 0
  uint8_t owner;     // the worker
  uint8_t reserved[14];
};
static_assert(sizeof(Opened) == 64, "one cache line, one ring slot");
static_assert(std::is_trivially_copyable_v<Opened>, "copied as bytes between processes");

}  // namespace cfr
