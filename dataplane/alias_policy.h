// SPDX-License-Identifier: BSD-3-Clause
// Who is shown as what: the alias unit of a new flow (draft R3, R5; docs/decisions/0004-alias-draw.md).
// A library piece: no packet, no NIC, no clock of its own.
//
//   e     = (now + phase(subscriber)) / epoch length     edges staggered over the subscribers
//   seed  = SipHash(epoch key, family | subscriber | e)
//   unit  = the one whose mix(seed, its salt) is largest; the next ones in that order if it has no port
//
// Blind to the remote: all new flows of a subscriber within an epoch share one unit. A unit that joins
// or leaves moves only the subscribers drawn to it. Example: 4 units, epoch 1 h: a subscriber shows one
// of 4 addresses for an hour, and a fresh, independent one of 4 in the next.
#pragma once

#include <cstdint>
#include <span>

#include "common/address.h"
#include "common/siphash.h"
#include "dataplane/snapshot.h"

namespace cfr {

// The number of the privacy epoch a subscriber is in. `subscriber`: its address masked to its prefix;
// `phase_key`: secret, fixed while the process runs; `length_ms` > 0.
uint64_t EpochNumber(const SipKey& phase_key, const Address& subscriber, uint64_t now_ms, uint64_t length_ms);

uint64_t DrawSeed(const SipKey& epoch_key, const Address& subscriber, uint64_t epoch_number);

// A unit's place in the order of the draw: the largest score comes first.
struct Drawn {
  UnitIndex unit = kAllUnits;
  uint64_t score = ~uint64_t{0};
};
// The unit that follows `last` in the order of `seed`; Drawn{} gives the first. `unit` kAllUnits: no more.
Drawn DrawNext(uint64_t seed, const Drawn& last, std::span<const UnitIndex> drawable,
               std::span<const Unit> units);

}  // namespace cfr
