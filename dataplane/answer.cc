// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/answer.h"

#include <algorithm>
#include <cstddef>
#include <cstring>

#include "dataplane/admit.h"
#include "dataplane/checksum.h"
#include "dataplane/ip6_chain.h"

namespace cfr {
namespace {

constexpr uint8_t kTtl = 64;
constexpr uint8_t kHostUnreachable = 1, kProhibited = 13;                         // codes, RFC 792, RFC 1812
constexpr uint8_t k6Prohibited = 1, k6BeyondScope = 2, k6AddressUnreachable = 3;  // RFC 4443 3.1
constexpr size_t kIpv4ErrorMax = 576, kIpv6ErrorMax = 1280;  // RFC 1812 4.3.2.3, RFC 4443 2.4(c)

struct Kind {
  uint8_t type, code;
};
constexpr Kind kNone{0, 0};

// Code 1 for what another try may find, 13 for what it will not (RFC 5508 REQ-8, RFC 6888 REQ-11).
Kind KindOf(DropReason reason, Family family) {
  const bool v4 = family == Family::kV4;
  switch (reason) {
    case DropReason::kTtlExpired:
      return v4 ? Kind{kIcmpTimeExceeded, 0} : Kind{kIcmp6TimeExceeded, 0};
    case DropReason::kTooBig:
      return v4 ? Kind{kIcmpUnreachable, kIcmpFragmentationNeeded} : Kind{kIcmp6TooBig, 0};
    case DropReason::kFlowQuota:
    case DropReason::kFlowRate:
    case DropReason::kSubscriberTableFull:
    case DropReason::kFlowTableFull:
    case DropReason::kPortsExhausted:
    case DropReason::kPoolEmpty:
    case DropReason::kLeaseExpired:
    case DropReason::kRecordBlocked:
    case DropReason::kNoEpochKey:
    case DropReason::kNeighbourUnresolved:
      return v4 ? Kind{kIcmpUnreachable, kHostUnreachable} : Kind{kIcmp6Unreachable, k6AddressUnreachable};
    case DropReason::kHairpin:
    case DropReason::kAccessDestination:
    case DropReason::kProtocolUnsupported:
      return v4 ? Kind{kIcmpUnreachable, kProhibited} : Kind{kIcmp6Unreachable, k6Prohibited};
    case DropReason::kMartianSource:
      return v4 ? kNone : Kind{kIcmp6Unreachable, k6BeyondScope};
    case DropReason::kFragmentBounds:
      return v4 ? kNone : Kind{kIcmp6ParameterProblem, 0};
    default:
      return kNone;
  }
}

bool IsLinkLocal(const Address& a) {
  return a.bytes[0] == 0xfe && (a.bytes[1] & 0xc0) == 0x80;
}

bool IsIcmpOtherThanEcho(const Packet& p) {
  const bool v4 = p.family == Family::kV4;
  if (p.protocol != (v4 ? kProtocolIcmp : kProtocolIcmp6)) return false;
  return !p.is_echo_reply() && p.icmp().type != (v4 ? kIcmpEchoRequest : kIcmp6EchoRequest);
}

// The relay's address on that side, the one on the receiver's link if there is one.
const PortAddress* SpeakerTo(const Address& receiver, Side side, const Snapshot& snapshot) {
  const PortAddress* speaker = nullptr;
  for (const PortAddress& own : snapshot.own) {
    if (own.side != side || own.prefix.address.family != receiver.family) continue;
    if (own.prefix.Contains(receiver)) return &own;
    if (speaker == nullptr) speaker = &own;
  }
  return speaker;
}

// Whose packet it was: nobody is answered whose address may be forged or stands for more than one host.
bool FindReceiver(Direction direction, const Packet& p, const Snapshot& snapshot, Address* receiver) {
  *receiver = p.SourceAddress();
  if (direction == Direction::kInbound) return !p.bypassed;
  if (IsNoHost(p.DestinationAddress(), snapshot) || snapshot.FindOwn(*receiver) != nullptr) return false;
  if (p.reason == DropReason::kMartianSource) return IsLinkLocal(*receiver);
  const SubscriberSpace* space = snapshot.subscribers.Find(*receiver);
  if (space == nullptr) return false;
  *receiver = Masked(*receiver, space->per);
  return true;
}

bool WantsReset(const Packet& p) {
  return p.reason == DropReason::kTcpNoFlow && (p.tcp().flags & (kTcpSyn | kTcpRst)) == 0;
}

// What RFC 8200 4.5 wants to be told about an IPv6 fragment out of bounds: one that leaves a gap, or ends too
// late. It may be a later one, but none of an error, nor of what an extension header hides.
bool IsBadFragment(const Packet& p) {
  const bool empty = p.length == p.fragment_offset();
  const uint8_t next = p.fragment6().next_header;
  return !empty && next != kProtocolIcmp6 && !IsIp6Extension(next);
}
uint32_t PointerTo(const Packet& p) {
  const bool gap = p.more_fragments() && (p.length - p.fragment_offset()) % 8 != 0;
  return gap ? static_cast<uint32_t>(offsetof(Ipv6Header, payload_length))
             : static_cast<uint32_t>(p.fragment_header - kEthernetBytes +
                                     offsetof(FragmentHeader, offset_flags));
}

// Ethernet and IP headers of the answer, for `bytes` behind them.
uint8_t* WriteHeaders(const Packet& p, const uint8_t* packet, const Address& source, uint8_t protocol,
                      uint16_t bytes, uint8_t* frame) {
  const auto l2 = static_cast<size_t>(p.length - p.ip_length());
  std::memmove(frame, p.data, l2);
  auto* ethernet = reinterpret_cast<EthernetHeader*>(frame);
  std::swap_ranges(ethernet->destination, ethernet->destination + 6, ethernet->source);
  if (p.family == Family::kV4) {
    const Be32 to = reinterpret_cast<const Ipv4Header*>(packet)->source;
    auto* ip = reinterpret_cast<Ipv4Header*>(frame + l2);
    *ip = {};
    ip->version_ihl = 0x45;
    ip->total_length = Be16::From(static_cast<uint16_t>(sizeof *ip + bytes));
    ip->flags_offset = Be16::From(kIpv4DontFragment);
    ip->ttl = kTtl;
    ip->protocol = protocol;
    std::memcpy(&ip->source, source.bytes.data(), 4);
    ip->destination = to;
    ip->checksum.raw = static_cast<uint16_t>(~Sum(ip, sizeof *ip));
    return reinterpret_cast<uint8_t*>(ip + 1);
  }
  uint8_t to[16];
  std::memcpy(to, reinterpret_cast<const Ipv6Header*>(packet)->source, 16);
  auto* ip = reinterpret_cast<Ipv6Header*>(frame + l2);
  ip->version_class_label = Be32::From(0x60000000);
  ip->payload_length = Be16::From(bytes);
  ip->next_header = protocol;
  ip->hop_limit = kTtl;
  std::memcpy(ip->source, source.bytes.data(), 16);
  std::memcpy(ip->destination, to, 16);
  return reinterpret_cast<uint8_t*>(ip + 1);
}

uint64_t PseudoSum(Family family, const uint8_t* transport, uint8_t protocol, uint16_t bytes) {
  const size_t addresses = family == Family::kV4 ? 8 : 32;
  return Sum(transport - addresses, addresses, Be16::From(bytes).raw + uint64_t{Be16::From(protocol).raw});
}

uint16_t WriteIcmpError(const Packet& p, const Answer& answer, uint8_t* frame, uint16_t room) {
  const bool v4 = p.family == Family::kV4;
  const auto l2 = static_cast<size_t>(p.length - p.ip_length());
  const size_t headers = (v4 ? sizeof(Ipv4Header) : sizeof(Ipv6Header)) + sizeof(IcmpErrorHeader);
  const size_t quote = std::min<size_t>(p.ip_length(), (v4 ? kIpv4ErrorMax : kIpv6ErrorMax) - headers);
  if (room < l2 + headers + quote) return 0;
  uint8_t* quoted = frame + l2 + headers;
  std::memmove(quoted, p.data + l2, quote);  // before anything is written over it
  const auto bytes = static_cast<uint16_t>(sizeof(IcmpErrorHeader) + quote);
  const uint8_t protocol = v4 ? kProtocolIcmp : kProtocolIcmp6;
  uint8_t* transport = WriteHeaders(p, quoted, answer.source, protocol, bytes, frame);
  auto* icmp = reinterpret_cast<IcmpErrorHeader*>(transport);
  *icmp = {answer.type, answer.code, {}, Be32::From(answer.word)};
  icmp->checksum.raw =
      static_cast<uint16_t>(~Sum(icmp, bytes, v4 ? 0 : PseudoSum(p.family, transport, protocol, bytes)));
  return static_cast<uint16_t>(l2 + headers + quote);
}

// RFC 9293 3.10.7.1: such a segment has ACK set, and the RST takes its number.
uint16_t WriteReset(const Packet& p, uint8_t* frame, uint16_t room) {
  const bool v4 = p.family == Family::kV4;
  const auto l2 = static_cast<size_t>(p.length - p.ip_length());
  const size_t length = l2 + (v4 ? sizeof(Ipv4Header) : sizeof(Ipv6Header)) + sizeof(TcpHeader);
  if (room < length) return 0;
  const TcpHeader segment = p.tcp();
  constexpr uint16_t kBytes = sizeof(TcpHeader);
  uint8_t* transport = WriteHeaders(p, p.data + l2, p.DestinationAddress(), kProtocolTcp, kBytes, frame);
  auto* tcp = reinterpret_cast<TcpHeader*>(transport);
  *tcp = {};
  tcp->source_port = segment.destination_port;
  tcp->destination_port = segment.source_port;
  tcp->sequence = segment.acknowledgment;
  tcp->data_offset = sizeof(TcpHeader) / 4 << 4;
  tcp->flags = kTcpRst;
  tcp->checksum.raw =
      static_cast<uint16_t>(~Sum(tcp, kBytes, PseudoSum(p.family, transport, kProtocolTcp, kBytes)));
  return static_cast<uint16_t>(length);
}

}  // namespace

std::optional<Answer> AnswerTo(Direction direction, const Packet& p, const Snapshot& snapshot,
                               const PortFacts (&ports)[kSides]) {
  const Kind kind = KindOf(p.reason, p.family);
  const bool reset = WantsReset(p);
  if (kind.type == kNone.type && !reset) return std::nullopt;
  if ((p.ethernet().destination[0] & 1) != 0) return std::nullopt;
  const bool bounds = p.reason == DropReason::kFragmentBounds;
  if (bounds ? !IsBadFragment(p) : p.part == Part::kLater || IsIcmpOtherThanEcho(p)) return std::nullopt;
  const bool too_big = p.reason == DropReason::kTooBig, expired = p.reason == DropReason::kTtlExpired;
  if (direction == Direction::kInbound && !too_big && !expired) return std::nullopt;
  Answer answer{kind.type, kind.code, reset, 0, {}, {}};
  if (!FindReceiver(direction, p, snapshot, &answer.receiver)) return std::nullopt;
  const PortAddress* speaker = SpeakerTo(answer.receiver, ArrivalSide(direction), snapshot);
  if (speaker == nullptr) return std::nullopt;
  answer.source = speaker->prefix.address;
  if (too_big) answer.word = ports[static_cast<int>(DepartureSide(direction))].mtu;
  if (bounds) answer.word = PointerTo(p);
  return answer;
}

uint16_t WriteAnswer(const Packet& p, const Answer& answer, uint8_t* frame, uint16_t room) {
  return answer.reset ? WriteReset(p, frame, room) : WriteIcmpError(p, answer, frame, room);
}

}  // namespace cfr
