// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/translate.h"

#include <cstring>

#include "dataplane/checksum.h"

namespace cfr {
namespace {

void Update(Be16& checksum, uint16_t delta) {
  checksum.raw = Updated(checksum.raw, delta);
}

// UDP: 0 means "no checksum" and stays so; a result of 0 is sent as 0xffff (RFC 768).
void UpdateUdp(Be16& checksum, uint16_t delta) {
  if (checksum.raw == 0) return;
  Update(checksum, delta);
  if (checksum.raw == 0) checksum.raw = 0xffff;
}

}  // namespace

template <class A>
void PrepareTranslation(Flow<A>* flow) {
  flow->address_delta = Delta(&flow->subscriber, &flow->alias, sizeof(A));
  flow->tuple_delta = Combined(flow->address_delta, Delta(flow->subscriber_port, flow->alias_port));
}
template void PrepareTranslation(Flow<V4>*);
template void PrepareTranslation(Flow<V6>*);

template <class A, Direction kDirection>
void Translate(Packet& p, const Flow<A>& flow) {
  constexpr bool kOut = kDirection == Direction::kOutbound;
  const A& address = kOut ? flow.alias : flow.subscriber;
  const uint16_t port = kOut ? flow.alias_port : flow.subscriber_port;
  const uint16_t address_delta = kOut ? flow.address_delta : Negated(flow.address_delta);
  const uint16_t tuple_delta = kOut ? flow.tuple_delta : Negated(flow.tuple_delta);
  if constexpr (A::kFamily == Family::kV4) {
    Ipv4Header& ip = p.ip4();
    (kOut ? ip.source : ip.destination).raw = address.word;
    Update(ip.checksum, address_delta);
  } else {
    Ipv6Header& ip = p.ip6();
    std::memcpy(kOut ? ip.source : ip.destination, &address, sizeof address);
  }
  (kOut ? p.source_port : p.destination_port) = port;
  if (p.part == Part::kLater) [[unlikely]]
    return;  // ports and checksum are in the first fragment
  switch (flow.protocol) {
    case kProtocolTcp:
      (kOut ? p.tcp().source_port : p.tcp().destination_port).raw = port;
      Update(p.tcp().checksum, tuple_delta);
      break;
    case kProtocolUdp:
      (kOut ? p.udp().source_port : p.udp().destination_port).raw = port;
      UpdateUdp(p.udp().checksum, tuple_delta);
      break;
    case kProtocolIcmp6:  // covers the pseudo-header (RFC 4443 2.3)
      p.icmp().identifier.raw = port;
      Update(p.icmp().checksum, tuple_delta);
      break;
    default: {  // ICMP does not
      const uint16_t before = p.icmp().identifier.raw;
      p.icmp().identifier.raw = port;
      Update(p.icmp().checksum, Delta(before, port));
    }
  }
}
template void Translate<V4, Direction::kOutbound>(Packet&, const Flow<V4>&);
template void Translate<V4, Direction::kInbound>(Packet&, const Flow<V4>&);
template void Translate<V6, Direction::kOutbound>(Packet&, const Flow<V6>&);
template void Translate<V6, Direction::kInbound>(Packet&, const Flow<V6>&);

void DecrementTtl(Packet& p) {
  if (p.family == Family::kV6) {
    --p.ip6().hop_limit;
    return;
  }
  Ipv4Header& ip = p.ip4();
  uint16_t before;  // TTL and protocol, one word of the checksum
  std::memcpy(&before, &ip.ttl, sizeof before);
  const auto after = static_cast<uint16_t>(before - 1);
  std::memcpy(&ip.ttl, &after, sizeof after);
  Update(ip.checksum, Delta(before, after));
}

}  // namespace cfr
