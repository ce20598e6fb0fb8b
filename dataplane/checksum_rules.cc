// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/checksum_rules.h"

#include "dataplane/checksum.h"

namespace cfr {
namespace {

uint64_t PseudoHeader(const Packet& p, uint16_t bytes) {
  const uint64_t rest = uint64_t{Be16::From(bytes).raw} + Be16::From(p.protocol).raw;
  return p.family == Family::kV4 ? Sum(&p.ip4().source, 8, rest) : Sum(p.ip6().source, 32, rest);
}

}  // namespace

bool HasRightChecksum(const Packet& p) {
  if (p.is_unsummed() || p.in_pieces()) return true;  // a fragment's covers what is not here
  auto bytes = static_cast<uint16_t>(p.length - p.l4_offset);
  if (p.protocol == kProtocolUdp)
    bytes = p.udp().length.host();  // what lies behind it is no part of the datagram
  const uint64_t pseudo = p.protocol == kProtocolIcmp ? 0 : PseudoHeader(p, bytes);
  return Sum(p.data + p.l4_offset, bytes, pseudo) == 0xffff;
}

}  // namespace cfr
