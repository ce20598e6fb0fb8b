// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/scrub.h"

#include <algorithm>
#include <cstring>

#include "dataplane/checksum.h"

namespace cfr {
namespace {

constexpr uint8_t kEcnBits = 0x03;
constexpr uint32_t kLabelBits = 0x000fffff, kDscpBits = 0x0fc00000;

uint8_t CappedTtl(uint8_t ttl, const Settings& settings) {
  return std::min(static_cast<uint8_t>(ttl - 1), static_cast<uint8_t>(settings[Setting::kTtlCap]));
}

// A 16-bit word of memory whose first or second byte is `field`.
uint16_t WordAt(const void* field) {
  uint16_t word;
  std::memcpy(&word, field, sizeof word);
  return word;
}

// The deltas come from values in registers: reading back bytes just written as words would stall.
// RFC 6864: an atomic datagram needs no identification; another gets a new one.
void ScrubIpv4(Ipv4Header& ip, const Settings& settings, uint16_t id) {
  uint64_t delta = 0;  // folded once
  const auto change = [&](uint16_t before, uint16_t after) { delta += uint64_t{Negated(before)} + after; };
  const uint16_t ttl_before = WordAt(&ip.ttl), tos_before = WordAt(&ip.version_ihl);
  const uint8_t ttl = CappedTtl(ip.ttl, settings);
  change(ttl_before, static_cast<uint16_t>((ttl_before & 0xff00) | ttl));
  ip.ttl = ttl;
  if (settings[Setting::kScrubDscp] != 0) {
    const uint16_t tos_after = tos_before & static_cast<uint16_t>(kEcnBits << 8 | 0xff);
    change(tos_before, tos_after);
    ip.tos = static_cast<uint8_t>(tos_after >> 8);
  }
  if (settings[Setting::kScrubIpv4Id] != 0 || !IsAtomic(ip)) {
    change(ip.id.raw, id);
    ip.id.raw = id;
  }
  ip.checksum.raw = Updated(ip.checksum.raw, Fold(delta));
}

void ScrubIpv6(Packet& p, const Settings& settings, uint32_t flow_label, uint32_t id) {
  Ipv6Header& ip = p.ip6();
  ip.hop_limit = CappedTtl(ip.hop_limit, settings);
  uint32_t word = ip.version_class_label.host();
  if (settings[Setting::kScrubDscp] != 0) word &= ~kDscpBits;
  if (settings[Setting::kScrubFlowLabel] != 0) word = (word & ~kLabelBits) | flow_label;
  ip.version_class_label = Be32::From(word);
  if (p.fragment_header != 0) p.fragment6().id.raw = id;
}

}  // namespace

void Scrub(Packet& p, const Settings& settings, uint32_t flow_label, uint32_t id) {
  if (p.family == Family::kV4)
    ScrubIpv4(p.ip4(), settings, static_cast<uint16_t>(id));
  else
    ScrubIpv6(p, settings, flow_label, id);
}

}  // namespace cfr
