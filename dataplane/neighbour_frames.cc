// SPDX-License-Identifier: BSD-3-Clause
// The frames the main lcore makes: ARP, neighbour solicitation and advertisement, echo replies, and what a
// subscriber is told when a next hop does not answer.
#include <array>
#include <cstring>

#include "dataplane/answer.h"
#include "dataplane/checksum.h"
#include "dataplane/neighbours.h"

namespace cfr {
namespace {

constexpr uint8_t kReplyTtl = 64;

void SetEthernet(uint8_t* frame, const Mac& to, const uint8_t* from, uint16_t ethertype) {
  auto* ethernet = reinterpret_cast<EthernetHeader*>(frame);
  std::memcpy(ethernet->destination, to.data(), 6);
  std::memcpy(ethernet->source, from, 6);
  ethernet->ethertype = Be16::From(ethertype);
}

}  // namespace

void Neighbours::SendArp(Side side, uint16_t operation, const Mac& to, const Address& sender,
                         const Address& target) {
  const uint8_t* mac = ports_[static_cast<int>(side)].mac;
  std::array<uint8_t, kEthernetBytes + sizeof(ArpPacket)> frame{};
  SetEthernet(frame.data(), to, mac, kEthertypeArp);
  auto* arp = reinterpret_cast<ArpPacket*>(frame.data() + kEthernetBytes);
  arp->hardware_type = Be16::From(1);
  arp->protocol_type = Be16::From(kEthertypeIpv4);
  arp->hardware_length = 6;
  arp->protocol_length = 4;
  arp->operation = Be16::From(operation);
  std::memcpy(arp->sender_mac, mac, 6);
  std::memcpy(arp->sender_ip, sender.bytes.data(), 4);
  if (operation == 2) std::memcpy(arp->target_mac, to.data(), 6);
  std::memcpy(arp->target_ip, target.bytes.data(), 4);
  Made(side, frame);
}

void Neighbours::SendNeighbour(Side side, uint8_t type, const Mac& to, const Address& source,
                               const Address& destination, const Address& target, uint32_t flags) {
  constexpr uint16_t kPayload = sizeof(NeighbourMessage) + 8;
  const uint8_t* mac = ports_[static_cast<int>(side)].mac;
  std::array<uint8_t, kEthernetBytes + sizeof(Ipv6Header) + kPayload> frame{};
  SetEthernet(frame.data(), to, mac, kEthertypeIpv6);
  auto* ip = reinterpret_cast<Ipv6Header*>(frame.data() + kEthernetBytes);
  ip->version_class_label = Be32::From(0x60000000);
  ip->payload_length = Be16::From(kPayload);
  ip->next_header = kProtocolIcmp6;
  ip->hop_limit = 255;
  std::memcpy(ip->source, source.bytes.data(), 16);
  std::memcpy(ip->destination, destination.bytes.data(), 16);
  auto* message = reinterpret_cast<NeighbourMessage*>(ip + 1);
  message->type = type;
  message->flags = Be32::From(flags);
  std::memcpy(message->target, target.bytes.data(), 16);
  auto* option = reinterpret_cast<uint8_t*>(message + 1);
  option[0] = type == kNdNeighbourSolicit ? kSourceLinkOption : kTargetLinkOption;
  option[1] = 1;
  std::memcpy(option + 2, mac, 6);
  uint64_t pseudo = Sum(ip->source, 32, Be16::From(kPayload).raw + Be16::From(kProtocolIcmp6).raw);
  message->checksum.raw = static_cast<uint16_t>(~Sum(message, kPayload, pseudo));
  Made(side, frame);
}

void Neighbours::GiveUp(Direction direction, Packet p, uint64_t now_ms) {
  p.reason = DropReason::kNeighbourUnresolved;
  if (auto answer = AnswerTo(direction, p, *snapshot_, ports_); answer.has_value()) {
    if (answers_.Take(0, answer->receiver, snapshot_->settings, now_ms)) {
      std::array<uint8_t, kAnswerMax> frame;
      const Side side = ArrivalSide(direction);
      Made(side, {frame.data(), WriteAnswer(p, *answer, frame.data(), frame.size())});
    } else {
      page_.Count(Opposite(direction), Counter::kIcmpSuppressed);
    }
  }
  Refuse(direction, p, p.reason);
}

// The request turned round in a copy: addresses swapped, type changed, checksums updated.
void Neighbours::AnswerEcho(Direction direction, const Packet& p) {
  Side side = ArrivalSide(direction);
  std::vector<uint8_t> frame(p.data, p.data + p.length);
  Mac to;
  std::memcpy(to.data(), p.ethernet().source, 6);
  SetEthernet(frame.data(), to, ports_[static_cast<int>(side)].mac, p.ethernet().ethertype.host());
  auto* icmp = reinterpret_cast<IcmpHeader*>(frame.data() + p.l4_offset);
  uint16_t before, after;
  std::memcpy(&before, icmp, 2);
  if (p.family == Family::kV4) {
    auto* ip = reinterpret_cast<Ipv4Header*>(frame.data() + kEthernetBytes);
    std::swap(ip->source, ip->destination);
    ip->ttl = kReplyTtl;
    ip->checksum.raw = 0;
    ip->checksum.raw = static_cast<uint16_t>(~Sum(ip, sizeof *ip));
    icmp->type = kIcmpEchoReply;
  } else {
    auto* ip = reinterpret_cast<Ipv6Header*>(frame.data() + kEthernetBytes);
    for (int i = 0; i < 16; ++i) std::swap(ip->source[i], ip->destination[i]);
    ip->hop_limit = kReplyTtl;
    icmp->type = kIcmp6EchoReply;
  }
  std::memcpy(&after, icmp, 2);
  icmp->checksum.raw = Updated(icmp->checksum.raw, Delta(before, after));
  Made(side, frame);
}

}  // namespace cfr
