// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/ip6_chain.h"

#include <algorithm>

#include "dataplane/part.h"

namespace cfr {
namespace {

constexpr int kUnit = 8;  // extension headers are multiples of this long
constexpr uint8_t kPad1 = 0, kPadN = 1;

// Bits that mean nothing could carry something.
void TakeFragmentHeader(Packet& p, int at) {
  if (p.fragment_header != 0) return Drop(p, DropReason::kIp6Chain);
  p.fragment_header = static_cast<uint16_t>(at);
  const FragmentHeader& header = p.fragment6();
  const uint16_t field = header.offset_flags.host();
  if (header.reserved != 0 || (field & kIpv6FragmentReserved) != 0) return Drop(p, DropReason::kIp6Extension);
  if (field != kIpv6FragmentAtomic)
    SetPart(p, field, p.fragment_offset(), at - kEthernetBytes - static_cast<int>(sizeof(Ipv6Header)));
}

}  // namespace

bool IsZeroPadding(const uint8_t* options, int bytes) {
  while (bytes > 0) {
    if (options[0] == kPad1) {
      ++options;
      --bytes;
      continue;
    }
    if (options[0] != kPadN || bytes < 2 || options[1] > bytes - 2) return false;
    int length = 2 + options[1];
    if (std::any_of(options + 2, options + length, [](uint8_t byte) { return byte != 0; })) return false;
    options += length;
    bytes -= length;
  }
  return true;
}

void WalkIp6Chain(Packet& p, const Settings& settings) {
  auto headers = settings[Setting::kIp6Headers];
  const int start = p.l4_offset;
  uint8_t next = p.protocol;
  for (int at = start; IsIp6Extension(next); --headers) {
    const bool options = next == kIpv6HopByHop || next == kIpv6Destination;
    if (next == kIpv6NoNext || (next == kIpv6HopByHop && at != start)) return Drop(p, DropReason::kIp6Chain);
    if (!options && next != kIpv6Fragment) return Drop(p, DropReason::kIp6Extension);
    if (headers == 0 || p.length - at < kUnit) return Drop(p, DropReason::kIp6Chain);
    const uint8_t* header = p.data + at;
    const int bytes = options ? (header[1] + 1) * kUnit : kUnit;
    const auto end = static_cast<uint64_t>(at + bytes - start);
    if (bytes > p.length - at || end > settings[Setting::kIp6ChainBytes])
      return Drop(p, DropReason::kIp6Chain);
    if (!options)
      TakeFragmentHeader(p, at);
    else if (!IsZeroPadding(header + 2, bytes - 2))
      Drop(p, DropReason::kIp6Extension);
    if (p.decided()) return;
    next = header[0];
    at += bytes;
    p.l4_offset = static_cast<uint16_t>(at);
    if (p.part == Part::kLater && next == kIpv6Destination) break;  // inside what was cut
  }
  p.protocol = next;
}

}  // namespace cfr
