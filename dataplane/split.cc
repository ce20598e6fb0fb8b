// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/split.h"

#include <algorithm>
#include <cstring>

#include "dataplane/checksum.h"

namespace cfr {
namespace {

constexpr int kHeaders = kEthernetBytes + sizeof(Ipv4Header);  // parse lets no options pass
constexpr int kUnit = 8;                                       // fragment offsets count these

// Payload of every piece but the last.
int PieceBytes(uint16_t mtu) {
  return (mtu - static_cast<int>(sizeof(Ipv4Header))) / kUnit * kUnit;
}

// The part of a datagram with `fields` that starts `skipped` bytes further on.
void SetFields(Packet& p, uint16_t fields, int skipped, bool more) {
  Ipv4Header& ip = p.ip4();
  ip.total_length = Be16::From(p.ip_length());
  ip.flags_offset =
      Be16::From(static_cast<uint16_t>((fields + skipped / kUnit) | (more ? kIpv4MoreFragments : 0)));
  ip.checksum.raw = 0;
  ip.checksum.raw = static_cast<uint16_t>(~Sum(&ip, sizeof ip));
}

}  // namespace

int PiecesOf(const Packet& p, uint16_t mtu) {
  const int payload = p.length - kHeaders, piece = PieceBytes(mtu);
  return (payload + piece - 1) / piece;
}

void Split(Packet& p, uint16_t mtu, std::span<Packet> rest) {
  const uint16_t fields = p.ip4().flags_offset.host();
  const int payload = p.length - kHeaders, piece = PieceBytes(mtu);
  int done = piece;
  for (Packet& next : rest) {
    const int bytes = std::min(piece, payload - done);
    std::memcpy(next.data, p.data, kHeaders);
    std::memcpy(next.data + kHeaders, p.data + kHeaders + done, static_cast<size_t>(bytes));
    next.length = static_cast<uint16_t>(kHeaders + bytes);
    next.family = p.family;
    next.bypassed = p.bypassed;
    next.verdict = p.verdict;
    SetFields(next, fields, done, done + bytes < payload);
    done += bytes;
  }
  p.length = static_cast<uint16_t>(kHeaders + piece);
  SetFields(p, fields, 0, true);
}

}  // namespace cfr
