// SPDX-License-Identifier: BSD-3-Clause
// Step 9 for TCP: the options that would mark a host behind its alias. Lengths and order never change,
// every change goes into the checksum as a delta, and what is not listed here passes as it came.
//
//   timestamps (8)       TSval + offset outbound, TSecr - offset inbound: each flow shows a clock of its own,
//                        constant for its life, so that PAWS and RTT measurement stay valid (RFC 7323)
//   MSS (2)              in a SYN, lowered to one value per IP family
//   Fast Open (34, 254)  overwritten by NOPs: a cookie is a name the server gave (RFC 7413)
//   MPTCP (30)           ADD_ADDR overwritten by NOPs; MP_CAPABLE if configured (RFC 8684)
//
// An option that cannot be right (length below 2 or beyond the header) ends the walk: it and what follows
// stay untouched, as no receiver reads them.
#pragma once

#include <cstdint>

#include "common/settings.h"
#include "dataplane/packet.h"

namespace cfr {

// `offset`: that of the flow, 0 if it keeps its timestamps.
void ScrubTcpOptions(Packet& p, uint32_t offset, const Settings& settings);  // outbound
void RestoreTcpTimestamp(Packet& p, uint32_t offset);                        // inbound

}  // namespace cfr
