// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/neighbours.h"

#include <algorithm>
#include <cstring>

#include "dataplane/checksum.h"

namespace cfr {
namespace {

constexpr uint64_t kAskAgainMs = 1000, kFreshMs = 30'000;
constexpr int kAsksMax = 3;
constexpr uint16_t kArpRequest = 1, kArpReply = 2;
constexpr Mac kBroadcast = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};

Mac MacOf(const uint8_t* bytes) {
  Mac mac;
  std::memcpy(mac.data(), bytes, 6);
  return mac;
}

Address Unspecified(Family family) {
  Address a;
  a.family = family;
  return a;
}

// ff02::1:ffXX:XXXX and its MAC (RFC 4291 2.7.1, RFC 2464 7).
Address SolicitedNode(const Address& target) {
  static constexpr uint8_t kPrefix[13] = {0xff, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0xff};
  Address a = target;
  std::memcpy(a.bytes.data(), kPrefix, sizeof kPrefix);
  return a;
}
Mac MulticastMac(const Address& a) {
  return {0x33, 0x33, a.bytes[12], a.bytes[13], a.bytes[14], a.bytes[15]};
}

// The link-layer address option of `kind`, nullptr if absent; false if an option is malformed.
bool FindOption(const uint8_t* options, int bytes, uint8_t kind, const uint8_t** mac) {
  *mac = nullptr;
  while (bytes > 0) {
    if (bytes < 8 || options[1] == 0 || options[1] * 8 > bytes) return false;
    if (options[0] == kind) *mac = options + 2;
    bytes -= options[1] * 8;
    options += options[1] * 8;
  }
  return true;
}

// Bytes before the options of each of the five messages (RFC 4861 4.1 to 4.5).
int FixedBytes(uint8_t type) {
  switch (type) {
    case kNdRouterSolicit:
      return 8;
    case kNdRouterAdvert:
      return 16;
    case kNdRedirect:
      return 40;
    default:
      return sizeof(NeighbourMessage);
  }
}

// RFC 4861 6.1, 7.1 and 8.1, the checks all messages share; `mac` is that of the link-layer address option of
// `kind`, nullptr if there is none.
bool IsValid(const Packet& p, uint8_t kind, const uint8_t** mac) {
  const Ipv6Header& ip = p.ip6();
  const uint8_t* message = p.data + p.l4_offset;
  int bytes = p.length - p.l4_offset, fixed = FixedBytes(message[0]);
  uint64_t pseudo = Sum(ip.source, 32, ip.payload_length.raw + Be16::From(kProtocolIcmp6).raw);
  return ip.hop_limit == 255 && message[1] == 0 && bytes >= fixed &&
         Sum(message, static_cast<size_t>(bytes), pseudo) == 0xffff &&
         FindOption(message + fixed, bytes - fixed, kind, mac);
}

}  // namespace

Neighbours::Neighbours(const PortFacts (&ports)[kSides], NeighbourIo& io, CounterPage& page, uint64_t salt)
    : ports_(ports), io_(io), page_(page), salt_(salt), answers_({salt, ~salt}) {}

Neighbours::~Neighbours() {
  for (auto& [key, entry] : entries_)
    for (const Held& held : entry.waiting) io_.Release(held.packet.buffer);
  for (const Held& held : ready_) io_.Release(held.packet.buffer);
}

void Neighbours::Configure(std::shared_ptr<const Snapshot> snapshot) {
  snapshot_ = std::move(snapshot);
  changed_ = true;
  for (auto& [key, entry] : entries_) entry.gateway = false;
  for (int s = 0; s < kSides; ++s)
    for (const auto& gateway : snapshot_->gateway[s]) {
      if (!gateway.has_value()) continue;
      Entry& entry = entries_[Key{static_cast<Side>(s), *gateway}];
      entry.gateway = true;
      if (!entry.known) entry.next_ask_ms = 0;
    }
}

void Neighbours::Take(Direction direction, Packet p, uint64_t now_ms) {
  page_.Count(direction, Counter::kHandoffIn);
  if (snapshot_ == nullptr) return Refuse(direction, p, DropReason::kNoSnapshot);
  if (p.ethernet().ethertype.host() == kEthertypeArp) return TakeArp(direction, p, now_ms);
  if (p.is_neighbour_discovery()) return TakeDiscovery(direction, p, now_ms);
  if (const PortAddress* own = snapshot_->FindOwn(p.DestinationAddress())) {
    if (own->side != ArrivalSide(direction)) return Refuse(direction, p, DropReason::kOwnAddress);
    AnswerEcho(direction, p);
    return Finish(direction, p);
  }
  Hold(direction, p, now_ms);
}

void Neighbours::ReturnReady() {
  for (const Held& held : ready_) {
    page_.Count(held.direction, Counter::kHandoffOut);
    io_.Return(held.direction, held.packet.buffer);
  }
  ready_.clear();
}

void Neighbours::TakeArp(Direction direction, const Packet& p, uint64_t now_ms) {
  if (p.length < kEthernetBytes + static_cast<int>(sizeof(ArpPacket)))
    return Refuse(direction, p, DropReason::kArpMalformed);
  const auto* arp = reinterpret_cast<const ArpPacket*>(p.data + kEthernetBytes);
  uint16_t operation = arp->operation.host();
  if (arp->hardware_type.host() != 1 || arp->protocol_type.host() != kEthertypeIpv4 ||
      arp->hardware_length != 6 || arp->protocol_length != 4 ||
      (operation != kArpRequest && operation != kArpReply) ||
      std::memcmp(arp->sender_mac, p.ethernet().source, 6) != 0) {
    return Refuse(direction, p, DropReason::kArpMalformed);
  }
  Side side = ArrivalSide(direction);
  Address sender = Address::FromV4(arp->sender_ip), target = Address::FromV4(arp->target_ip);
  if (IsStrayed(side, sender)) return Refuse(direction, p, DropReason::kSpoofCore);
  bool ours = operation == kArpRequest && AnswersFor(side, target);
  if (snapshot_->FindOwn(sender) != nullptr) return Refuse(direction, p, DropReason::kNeighbourIgnored);
  bool learnt = entries_.contains({side, sender}) || (ours && Expected(side, sender));
  if (!ours && !learnt) return Refuse(direction, p, DropReason::kNeighbourIgnored);
  if (learnt) Learn(side, sender, arp->sender_mac, ours && Expected(side, sender), now_ms);
  if (ours) SendArp(side, kArpReply, MacOf(arp->sender_mac), target, sender);
  Finish(direction, p);
}

void Neighbours::TakeDiscovery(Direction direction, const Packet& p, uint64_t now_ms) {
  const auto* m = reinterpret_cast<const NeighbourMessage*>(p.data + p.l4_offset);
  const uint8_t* mac;
  if (!IsValid(p, m->type == kNdNeighbourAdvert ? kTargetLinkOption : kSourceLinkOption, &mac))
    return Refuse(direction, p, DropReason::kNdInvalid);
  if (m->type == kNdNeighbourSolicit) return TakeSolicitation(direction, p, mac, now_ms);
  if (m->type == kNdNeighbourAdvert) return TakeAdvertisement(direction, p, mac, now_ms);
  Refuse(direction, p, DropReason::kNeighbourIgnored);
}

void Neighbours::TakeAdvertisement(Direction direction, const Packet& p, const uint8_t* mac,
                                   uint64_t now_ms) {
  const auto* m = reinterpret_cast<const NeighbourMessage*>(p.data + p.l4_offset);
  bool to_group = p.ip6().destination[0] == 0xff;
  if (m->target[0] == 0xff || (to_group && (m->flags.host() & kNaSolicited) != 0))
    return Refuse(direction, p, DropReason::kNdInvalid);
  Side side = ArrivalSide(direction);
  Address target = Address::FromV6(m->target);
  auto found = entries_.find({side, target});
  if (found == entries_.end()) return Refuse(direction, p, DropReason::kNeighbourIgnored);
  if (mac == nullptr) mac = p.ethernet().source;
  // Without the override flag an advertisement may not replace a known address (RFC 4861 7.2.5).
  bool replaces = found->second.known && found->second.mac != MacOf(mac);
  if (replaces && (m->flags.host() & kNaOverride) == 0)
    return Refuse(direction, p, DropReason::kNeighbourIgnored);
  Learn(side, target, mac, false, now_ms);
  Finish(direction, p);
}

void Neighbours::TakeSolicitation(Direction direction, const Packet& p, const uint8_t* mac, uint64_t now_ms) {
  const auto* m = reinterpret_cast<const NeighbourMessage*>(p.data + p.l4_offset);
  Address source = Address::FromV6(p.ip6().source);
  bool probe = source == Unspecified(Family::kV6);  // duplicate address detection, RFC 4862 5.4
  bool to_solicited_node = p.DestinationAddress() == SolicitedNode(p.DestinationAddress());
  if (m->target[0] == 0xff || (probe && (mac != nullptr || !to_solicited_node)))
    return Refuse(direction, p, DropReason::kNdInvalid);
  Side side = ArrivalSide(direction);
  Address target = Address::FromV6(m->target);
  if (IsStrayed(side, source)) return Refuse(direction, p, DropReason::kSpoofCore);
  if (!AnswersFor(side, target) || snapshot_->FindOwn(source))
    return Refuse(direction, p, DropReason::kNeighbourIgnored);
  static constexpr uint8_t kAllNodes[16] = {0xff, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1};
  if (probe) {
    Address all_nodes = Address::FromV6(kAllNodes);
    SendNeighbour(side, kNdNeighbourAdvert, MulticastMac(all_nodes), target, all_nodes, target,
                  kNaRouter | kNaOverride);
  } else {
    if (mac != nullptr) Learn(side, source, mac, Expected(side, source), now_ms);
    SendNeighbour(side, kNdNeighbourAdvert, MacOf(p.ethernet().source), target, source, target,
                  kNaRouter | kNaSolicited | kNaOverride);
  }
  Finish(direction, p);
}

// A packet that may pass but whose station is unknown.
void Neighbours::Hold(Direction direction, const Packet& p, uint64_t now_ms) {
  if (!p.hop.has_value() || hops_ == nullptr) return Refuse(direction, p, DropReason::kNeighbourUnresolved);
  Side side = DepartureSide(direction);
  std::optional<Address> hop = hops_->HopAddress(side, *p.hop);
  if (!hop.has_value()) return GiveUp(direction, p, now_ms);
  Key key{side, *hop};
  auto found = entries_.find(key);
  if (found != entries_.end() && found->second.known) return ready_.push_back({direction, p});
  bool fresh = found == entries_.end();
  if (fresh && entries_.size() >= kNeighboursMax)
    return Refuse(direction, p, DropReason::kNeighbourUnresolved);
  Entry& entry = fresh ? entries_[key] : found->second;
  if (entry.waiting.size() >= kNeighbourQueueMax)
    return Refuse(direction, p, DropReason::kNeighbourUnresolved);
  entry.waiting.push_back({direction, p});
  if (fresh) Ask(key, entry, now_ms);
}

void Neighbours::Tick(uint64_t now_ms) {
  for (auto it = entries_.begin(); it != entries_.end();) {
    auto& [key, entry] = *it;
    if (now_ms < entry.next_ask_ms) {
      ++it;
      continue;
    }
    if (entry.asked < kAsksMax) {
      Ask(key, entry, now_ms);
      ++it;
      continue;
    }
    for (const Held& held : entry.waiting) GiveUp(held.direction, held.packet, now_ms);
    entry.waiting.clear();
    changed_ |= entry.known;
    entry.known = false;
    if (!entry.gateway) {
      it = entries_.erase(it);
      continue;
    }
    Ask(key, entry, now_ms);
    ++it;
  }
}

void Neighbours::Ask(const Key& key, Entry& entry, uint64_t now_ms) {
  ++entry.asked;
  entry.next_ask_ms = now_ms + kAskAgainMs;
  const auto& [side, target] = key;
  const PortAddress* speaker = SpeakerFor(side, target);
  if (speaker == nullptr) return;
  const Address& own = speaker->prefix.address;
  if (target.family == Family::kV4) return SendArp(side, kArpRequest, kBroadcast, own, target);
  Address group = SolicitedNode(target);
  SendNeighbour(side, kNdNeighbourSolicit, MulticastMac(group), own, group, target, 0);
}

void Neighbours::Learn(Side side, const Address& a, const uint8_t* mac, bool create, uint64_t now_ms) {
  auto found = entries_.find({side, a});
  if (found == entries_.end()) {
    if (!create || entries_.size() >= kNeighboursMax) return;
    found = entries_.emplace(Key{side, a}, Entry{}).first;
  }
  Entry& entry = found->second;
  if ((mac[0] & 1) != 0) return;
  changed_ |= !entry.known || entry.mac != MacOf(mac);
  entry.mac = MacOf(mac);
  entry.known = true;
  entry.asked = 0;
  entry.next_ask_ms = now_ms + kFreshMs;
  ready_.insert(ready_.end(), entry.waiting.begin(), entry.waiting.end());
  entry.waiting.clear();
}

std::shared_ptr<const NextHops> Neighbours::Hops() {
  if (!changed_ || snapshot_ == nullptr) return hops_;
  std::vector<ResolvedNeighbour> known;
  for (const auto& [key, entry] : entries_)
    if (entry.known) known.push_back({key.first, key.second, entry.mac});
  hops_ = std::make_shared<const NextHops>(*snapshot_, known, salt_);
  changed_ = false;
  return hops_;
}

int Neighbours::known(Side side) const {
  return static_cast<int>(std::count_if(entries_.begin(), entries_.end(), [&](const auto& item) {
    return item.first.first == side && item.second.known;
  }));
}

bool Neighbours::AnswersFor(Side side, const Address& a) const {
  if (const PortAddress* own = snapshot_->FindOwn(a)) return own->side == side;
  const PoolPrefix* pool = snapshot_->pools.Find(a);
  return side == Side::kCore && pool != nullptr && pool->answer;
}

bool Neighbours::Expected(Side side, const Address& a) const {
  if (snapshot_->gateway[static_cast<int>(side)][static_cast<int>(a.family)] == a) return true;
  return side == Side::kAccess && snapshot_->subscribers.Find(a) != nullptr && SpeakerFor(side, a) != nullptr;
}

// A subscriber's address on the core side: an answer would carry it there.
bool Neighbours::IsStrayed(Side side, const Address& a) const {
  return side == Side::kCore && snapshot_->subscribers.Find(a) != nullptr;
}

// Our own address on the link of `a`.
const PortAddress* Neighbours::SpeakerFor(Side side, const Address& a) const {
  for (const PortAddress& own : snapshot_->own)
    if (own.side == side && own.prefix.Contains(a)) return &own;
  return nullptr;
}

void Neighbours::Made(Side side, std::span<const uint8_t> frame) {
  page_.Count(side == Side::kAccess ? Direction::kInbound : Direction::kOutbound, Counter::kMade);
  io_.Send(side, frame);
}

void Neighbours::Finish(Direction direction, const Packet& p) {
  page_.Count(direction, Counter::kConsumed);
  io_.Release(p.buffer);
}

void Neighbours::Refuse(Direction direction, const Packet& p, DropReason reason) {
  page_.Count(direction, reason);
  io_.Release(p.buffer);
}

}  // namespace cfr
