// SPDX-License-Identifier: BSD-3-Clause
// Step 1: every length check of the packet path. After Parse a packet without a verdict has complete
// Ethernet, IP and transport headers inside its bytes and is TCP, UDP or ICMP, or it is a later fragment,
// which has no transport header. Nothing behind the transport header is ever read (draft R1, R2).
#pragma once

#include <cstdint>

#include "dataplane/packet.h"
#include "dataplane/snapshot.h"

namespace cfr {

// `port`: the one the frame arrived on; `settings`: the limits of what is read. Leaves the verdict
// kUndecided, or kIcmpError for an error whose quoted packet is not read here (dataplane/icmp_error.h), or
// drops with the first reason found, or consumes ARP and neighbour discovery.
void Parse(Packet& p, const PortFacts& port, const Settings& settings);

}  // namespace cfr
