// SPDX-License-Identifier: BSD-3-Clause
// Step 9, outbound only: the TTL is decremented, and header fields that would mark a host behind its
// alias are replaced. ECN, lengths and everything above the IP header stay as they are.
#pragma once

#include "common/settings.h"
#include "dataplane/packet.h"
#include "dataplane/siphash.h"

namespace cfr {

// `p` carries its translated source; its TTL is at least 2. `label_key`: secret, makes the
// flow label of a translated 5-tuple (20 bits, not 0). `id`: of the datagram, for what is not atomic.
void Scrub(Packet& p, const Settings& settings, const SipKey& label_key, uint32_t id);

}  // namespace cfr
