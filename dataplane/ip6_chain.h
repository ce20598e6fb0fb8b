// SPDX-License-Identifier: BSD-3-Clause
// The IPv6 extension headers in front of the transport header (RFC 8200 section 4). A short allow-list,
// both ways, because headers and options can carry addresses or mark a host (RFC 9288):
//
//   Hop-by-Hop Options    first place only    \ nothing but Pad1 and PadN,
//   Destination Options   any place           / and every padding byte zero
//   Fragment              once                  no reserved bit set
//
// Headers are read, never rewritten, inserted or taken out.
#pragma once

#include "common/settings.h"
#include "dataplane/packet.h"

namespace cfr {

constexpr bool IsIp6Extension(uint8_t next_header) {
  switch (next_header) {
    case kIpv6HopByHop:
    case kIpv6Routing:
    case kIpv6Fragment:
    case kIpv6Esp:
    case kIpv6Ah:
    case kIpv6NoNext:
    case kIpv6Destination:
    case kIpv6Mobility:
    case kIpv6Hip:
    case kIpv6Shim6:
      return true;
    default:
      return false;
  }
}

// The options of a Hop-by-Hop or Destination Options header are padding, all of it zero.
bool IsZeroPadding(const uint8_t* options, int bytes);

// `p`: an IPv6 packet of the right length whose next header is an extension. Sets protocol and l4_offset
// to what follows the chain, and the part of a fragment, or drops.
void WalkIp6Chain(Packet& p, const Settings& settings);

}  // namespace cfr
