// SPDX-License-Identifier: BSD-3-Clause
// What the configuration says of transport checksums, before a flow is looked for: which remotes may do
// without one over IPv6 (RFC 6936), and whether every one is computed here. Otherwise the relay updates
// checksums and never judges them.
#pragma once

#include "dataplane/packet.h"
#include "dataplane/snapshot.h"

namespace cfr {

bool HasRightChecksum(const Packet& p);

// False: dropped, p.reason says why.
inline bool PassesChecksumRules(Packet& p, Direction direction, const Snapshot& snapshot) {
  if (p.family == Family::kV6 && p.is_unsummed()) [[unlikely]] {
    const uint16_t remote_port = direction == Direction::kOutbound ? p.destination_port : p.source_port;
    p.reason = DropReason::kUdp6ZeroChecksum;
    return snapshot.Lists(PortList::kUdp6ZeroChecksum, Be16{remote_port});
  }
  if (snapshot.settings[Setting::kVerifyL4Checksum] == 0) [[likely]]
    return true;
  p.reason = DropReason::kL4Checksum;
  return HasRightChecksum(p);
}

}  // namespace cfr
