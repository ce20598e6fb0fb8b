// SPDX-License-Identifier: BSD-3-Clause
// A finished IPv4 packet without DF that is too big for its link, cut into fragments (RFC 791 3.2,
// RFC 1812 5.2.7). A fragment is cut like a whole datagram.
#pragma once

#include <span>

#include "dataplane/packet.h"

namespace cfr {

// How many packets of at most `mtu` bytes replace `p`, which is larger. `mtu` is at least 68.
int PiecesOf(const Packet& p, uint16_t mtu);

// Leaves the first piece in `p` and puts the others, in order, into `rest`: PiecesOf - 1 packets with room
// for a frame of `mtu`.
void Split(Packet& p, uint16_t mtu, std::span<Packet> rest);

}  // namespace cfr
