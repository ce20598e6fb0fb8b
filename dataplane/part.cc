// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/part.h"

namespace cfr {

void SetPart(Packet& p, uint16_t field, int offset, int headers) {
  p.fragment = field;
  p.part = p.fragment_start() == 0 ? Part::kFirst : Part::kLater;
  const int bytes = p.length - offset, end = headers + p.fragment_start() + bytes;
  const bool gap = p.more_fragments() && bytes % 8 != 0;
  if (bytes == 0 || gap || end > 0xffff) Drop(p, DropReason::kFragmentBounds);
}

void ParseLater(Packet& p) {
  if (p.resolved != 0) p.protocol = p.resolved;
  const bool v6 = p.family == Family::kV6;
  switch (p.protocol) {
    case kProtocolTcp:  // its byte 8 on: sequence number and flags
      if (p.fragment_start() == 8) Drop(p, DropReason::kFragmentTiny);
      return;
    case kProtocolUdp:
      return;
    case kProtocolIcmp:
      if (!v6) return;
      break;
    case kProtocolIcmp6:
    case kIpv6Destination:  // the first of the headers that were cut; all of them are in the first fragment
      if (v6) return;
      break;
    default:
      break;
  }
  Drop(p, DropReason::kProtocolUnsupported);
}

}  // namespace cfr
