// SPDX-License-Identifier: BSD-3-Clause
// Step 9, outbound only: the TTL is decremented, and header fields that would mark a host behind its
// alias are replaced. ECN, lengths and everything above the IP header stay as they are.
#pragma once

#include "common/settings.h"
#include "common/siphash.h"
#include "dataplane/packet.h"

namespace cfr {

// The TTL of `p` is at least 2. `flow_label`: of its flow, for IPv6. `id`: of the datagram, for what is not
// atomic.
void Scrub(Packet& p, const Settings& settings, uint32_t flow_label, uint32_t id);

}  // namespace cfr
