// SPDX-License-Identifier: BSD-3-Clause
// Which part of its datagram a fragment is, and what no fragment may be: bytes past the longest datagram,
// a length that leaves a gap, or a cut inside the transport header (RFC 1858, RFC 3128, RFC 8200 4.5).
#pragma once

#include "dataplane/packet.h"

namespace cfr {

// `field`: first byte and kMoreFragments. What is cut begins at `offset` of the frame and would stand
// behind `headers` bytes in the whole packet, as its length field counts. Sets part, or drops.
void SetPart(Packet& p, uint16_t field, int offset, int headers);

// A later fragment, in the place of the transport header it does not have: what it may be a fragment of.
// Its protocol becomes the resolved one.
void ParseLater(Packet& p);

}  // namespace cfr
