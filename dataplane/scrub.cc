// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/scrub.h"

#include <algorithm>
#include <cstring>

#include "dataplane/checksum.h"

namespace cfr {
namespace {

constexpr uint8_t kEcnBits = 0x03;
constexpr uint32_t kLabelBits = 0x000fffff, kDscpBits = 0x0fc00000;

// RFC 6864: an atomic datagram needs no identification; another gets a random one.
void ScrubIpv4(Ipv4Header& ip, const Settings& settings, RandomSource& random) {
  Ipv4Header before = ip;
  ip.ttl = std::min(ip.ttl, static_cast<uint8_t>(settings[Setting::kTtlCap]));
  if (settings[Setting::kScrubDscp] != 0) ip.tos &= kEcnBits;
  if (settings[Setting::kScrubIpv4Id] != 0)
    ip.id.raw = (ip.flags_offset.host() & kIpv4DontFragment) != 0 ? 0 : random.Next16();
  // The checksum field itself is part of both copies and cancels out.
  ip.checksum.raw = Updated(ip.checksum.raw, Delta(&before, &ip, sizeof ip));
}

uint32_t FlowLabel(const Packet& p, const SipKey& key) {
  uint64_t words[4];
  std::memcpy(words, p.ip6().source, sizeof words);
  uint64_t ports = uint64_t{p.source_port} << 16 | p.destination_port;
  SipHash hash(key);
  for (uint64_t word : words) hash.Add(word);
  auto label = static_cast<uint32_t>(hash.Add(ports << 8 | p.protocol).Finish()) & kLabelBits;
  return label == 0 ? 1 : label;
}

void ScrubIpv6(Packet& p, const Settings& settings, const SipKey& label_key) {
  Ipv6Header& ip = p.ip6();
  ip.hop_limit = std::min(ip.hop_limit, static_cast<uint8_t>(settings[Setting::kTtlCap]));
  uint32_t word = ip.version_class_label.host();
  if (settings[Setting::kScrubDscp] != 0) word &= ~kDscpBits;
  if (settings[Setting::kScrubFlowLabel] != 0) word = (word & ~kLabelBits) | FlowLabel(p, label_key);
  ip.version_class_label = Be32::From(word);
}

}  // namespace

void Scrub(Packet& p, const Settings& settings, const SipKey& label_key, RandomSource& random) {
  if (p.family == Family::kV4) ScrubIpv4(p.ip4(), settings, random);
  else ScrubIpv6(p, settings, label_key);
}

}  // namespace cfr
