// SPDX-License-Identifier: BSD-3-Clause
// Step 8: the addresses and ports of a flow, put in place with their checksums (RFC 3022, RFC 1624).
// L4 checksums are updated, never recomputed: right stays right, wrong stays equally wrong.
#pragma once

#include "dataplane/flow.h"
#include "dataplane/packet.h"

namespace cfr {

// Fills the two checksum deltas of a flow whose addresses and ports are set.
template <class A>
void PrepareTranslation(Flow<A>* flow);

// Outbound: source becomes the alias. Inbound: destination becomes the subscriber.
template <class A, Direction kDirection>
void Translate(Packet& p, const Flow<A>& flow);

// One less TTL or hop limit (RFC 1812 5.3.1); the caller has checked that it survives.
void DecrementTtl(Packet& p);

}  // namespace cfr
