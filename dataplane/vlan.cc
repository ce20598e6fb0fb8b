// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/vlan.h"

#include <cstring>

namespace cfr {
namespace {

constexpr int kMacBytes = 12;  // destination and source, in front of the tags
constexpr uint16_t kVlanIdBits = 0x0fff;

uint16_t WordAt(const uint8_t* bytes) {
  Be16 word;
  std::memcpy(&word, bytes, sizeof word);
  return word.host();
}

}  // namespace

void TakeTags(Packet& p, const PortFacts& port) {
  if (p.length < kEthernetBytes) return Drop(p, DropReason::kL2Malformed);
  int tags = 0, matched = 0;
  bool ours = true;
  for (int at = kMacBytes; IsTagEthertype(WordAt(p.data + at)); at += kVlanTagBytes) {
    if (++tags > kVlanTagsMax || p.length < at + kVlanTagBytes + 2) return Drop(p, DropReason::kL2Malformed);
    const bool service = WordAt(p.data + at) == kEthertypeQinq;  // of the outer of two tags only
    const uint16_t id = WordAt(p.data + at + 2) & kVlanIdBits;
    if (service && (tags != 1 || !IsTagEthertype(WordAt(p.data + at + kVlanTagBytes)))) ours = false;
    if (id == 0) continue;
    ours &= matched < port.vlan_count && port.vlan[matched] == id;
    ++matched;
  }
  if (!ours || matched != port.vlan_count) return Drop(p, DropReason::kVlanUnknown);
  const int bytes = tags * kVlanTagBytes;
  std::memmove(p.data + bytes, p.data, kMacBytes);
  p.data += bytes;
  p.length = static_cast<uint16_t>(p.length - bytes);
}

uint8_t* PutTags(uint8_t* frame, const PortFacts& port) {
  uint8_t* start = frame - port.vlan_count * kVlanTagBytes;
  std::memmove(start, frame, kMacBytes);
  for (int i = 0; i < port.vlan_count; ++i) {
    const bool service = i + 1 < port.vlan_count;
    const Be16 tag[2] = {Be16::From(service ? kEthertypeQinq : kEthertypeVlan), Be16::From(port.vlan[i])};
    std::memcpy(start + kMacBytes + i * kVlanTagBytes, tag, sizeof tag);
  }
  return start;
}

}  // namespace cfr
