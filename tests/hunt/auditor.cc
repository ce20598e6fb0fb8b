// SPDX-License-Identifier: BSD-3-Clause
#include "tests/hunt/auditor.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "tests/hunt/canary_scan.h"
#include "tests/hunt/draft.h"
#include "tests/support/reassembly.h"
#include "tests/support/relay.h"

namespace cfr::hunt {
namespace {

constexpr size_t kEthernet = 14;
constexpr const char* kSameDatagram = "the fragments that left make the datagram that came";
constexpr const char* kSameAddresses = "all fragments of a datagram have the same addresses";
constexpr uint8_t kFin = 0x01, kSyn = 0x02, kRst = 0x04, kAck = 0x10;

// Congruent sums are equally right (RFC 1624).
uint16_t Congruent(uint16_t sum) {
  return sum == 0xffff ? 0 : sum;
}

// Over the addresses and the first `bytes` of the transport: a translation leaves it as it was.
uint16_t HeaderSum(const Reading& r, size_t bytes) {
  return Congruent(WordSum(r.l4, bytes, PseudoHeaderSum(r.ip, r.family, r.protocol, 0)));
}
bool Same(const uint8_t* a, const uint8_t* b, size_t bytes) {
  return std::memcmp(a, b, bytes) == 0;
}

// Stations, tags, priorities and the cap of the TTL may change between two fragments of a datagram.
test::Frame WithoutLink(Bytes frame) {
  const uint8_t* ip = ReadFrame(frame.data(), frame.size()).ip;
  test::Frame out(ip - kEthernet, frame.data() + frame.size());
  std::fill_n(out.begin(), kEthernet - 2, uint8_t{0});
  out[kEthernet + (*ip >> 4 == 4 ? 8 : 7)] = 0;
  return out;
}

bool IsCleanSyn(const Reading& r) {
  return r.protocol == 6 && r.l4_header != 0 && (r.l4[13] & (kSyn | kAck | kRst | kFin)) == kSyn;
}

// A segment or datagram as its subscriber's side names it, both directions.
WireTuple SubscribersTuple(const Reading& sender_is_subscriber) {
  const Reading& r = sender_is_subscriber;
  return {r.protocol, r.source(), r.destination(), r.source_port, r.destination_port};
}
WireTuple ReceiversTuple(const Reading& receiver_is_subscriber) {
  const Reading& r = receiver_is_subscriber;
  return {r.protocol, r.destination(), r.source(), r.destination_port, r.source_port};
}

uint64_t Shortest(std::initializer_list<Setting> timers, const Settings& settings) {
  uint64_t seconds = ~uint64_t{0};
  for (Setting timer : timers) seconds = std::min(seconds, settings[timer]);
  return seconds * 1000;
}

// Until when a flow cannot be over, whatever strangers send: the shortest idle time its state may have.
uint64_t LivesUntil(const Conversation& c, uint8_t protocol, const Settings& settings) {
  if (protocol == 17)
    return c.last_out_ms + Shortest({Setting::kTimerUdp, Setting::kTimerUdpOneway}, settings);
  if (protocol != 6) return c.last_out_ms + Shortest({Setting::kTimerIcmpQuery}, settings);
  if (c.unsure) return 0;
  if (c.stage == TcpStage::kEstablished && !c.reset)
    return std::max(c.last_out_ms, c.last_in_ms) + Shortest({Setting::kTimerTcpEstablished}, settings);
  return c.opened_ms +
         Shortest({Setting::kTimerTcpOpen, Setting::kTimerTcpClose, Setting::kTimerTcpReset}, settings);
}

// When it must be over: only the subscriber keeps UDP and echo alive.
uint64_t OverAt(const Conversation& c, uint8_t protocol, const Settings& settings) {
  if (protocol == 17)
    return c.last_out_ms + 1000 * std::max(settings[Setting::kTimerUdp], settings[Setting::kTimerUdpOneway]);
  if (protocol != 6) return c.last_out_ms + 1000 * settings[Setting::kTimerIcmpQuery];
  return std::max(c.last_out_ms, c.last_in_ms) + 1000 * settings[Setting::kTimerTcpEstablished];
}

uint64_t TupleHash(const Conversation& c, const Tuple& t) {
  uint64_t high, low;
  std::memcpy(&high, c.alias.bytes.data(), 8);
  std::memcpy(&low, c.alias.bytes.data() + 8, 8);
  uint64_t rest = uint64_t{c.alias_port} << 32 | static_cast<uint64_t>(t.protocol) << 16 |
                  static_cast<uint64_t>(t.remote << 1 | t.remote_port);
  uint64_t h = (high * 0x9e3779b97f4a7c15ull ^ low) * 0xbf58476d1ce4e5b9ull;
  h = (h ^ h >> 29 ^ rest) * 0x94d049bb133111ebull;
  return h ^ h >> 32;
}

}  // namespace

void Auditor::Relayed(Direction direction, Bytes arrived, const std::vector<Bytes>& departed, bool bypassed,
                      const WorldView& view, uint64_t now_ms) {
  Subject s{direction, arrived, departed[0], &view, now_ms, ReadFrame(arrived.data(), arrived.size()), {}};
  test::Frame joined;
  if (departed.size() > 1) {
    CheckPieces(s, departed);
    std::vector<test::Frame> pieces;
    for (Bytes piece : departed) pieces.emplace_back(piece.begin(), piece.end());
    joined = test::Join(std::move(pieces)).value_or(test::Frame{});
    s.departed = joined;
  }
  s.out = ReadFrame(s.departed.data(), s.departed.size());
  if (s.in.ip == nullptr || s.out.ip == nullptr) return Violate(s, "a relayed packet is readable");
  CheckLink(s);
  if (bypassed) return CheckBypass(s);
  CheckSecrets(s);
  CheckHeader(s);
  CheckId(s, departed);
  if (s.in.icmp_error()) {
    CheckError(s);
    return Error(s);
  }
  CheckTransport(s);
  if (s.in.later)
    CheckUnit(s.outbound() ? s.out.source() : s.in.destination(),
              s);  // and it went the way of its first one: CheckId
  else if (s.outbound())
    Outbound(s);
  else
    Inbound(s);
}

bool Auditor::MustLive(int number, Direction direction, Bytes arrived, const WorldView& view,
                       uint64_t now_ms) const {
  const Conversation& c = conversations_[number];
  if (!c.known || now_ms >= LivesUntil(c, Conversations::TupleOf(number).number(), view.settings))
    return false;
  if (direction == Direction::kOutbound) return true;
  // It may have waited in a queue while its conversation began anew under another alias.
  const Reading r = ReadFrame(arrived.data(), arrived.size());
  return r.ip != nullptr && r.destination() == c.alias && r.destination_port == c.alias_port;
}

// The relay knows a flow by the tuple its subscriber sends.
Conversation* Auditor::FindKnown(const WireTuple& t) {
  if (auto number = Conversations::Find(t)) {
    Conversation& c = conversations_[*number];
    return c.known ? &c : nullptr;
  }
  auto found = strays_.find(t);
  return found == strays_.end() ? nullptr : &found->second;
}

void Auditor::Outbound(const Subject& s) {
  Expect(s, !s.in.reply, "a subscriber's echo reply belongs to no flow");
  Expect(s, s.in.ports && s.out.ports, "a forwarded packet has ports");
  CheckUnit(s.out.source(), s);
  const WireTuple tuple = SubscribersTuple(s.in);
  auto number = Conversations::Find(tuple);
  Conversation& c = number ? conversations_[*number] : strays_[tuple];
  bool same = c.known && c.alias_port == s.out.source_port && c.alias == s.out.source();
  bool syn = IsCleanSyn(s.in);
  if (same) {
    const bool lives = s.now_ms < LivesUntil(c, s.in.protocol, s.view->settings);
    Expect(s, !(c.reset && syn && lives), "a SYN on a flow that was reset opens another");
    c.unsure |= syn && !lives;
    if (s.in.family == Family::kV6 && s.view->settings[Setting::kScrubFlowLabel] != 0) {
      uint32_t label = Read32(s.out.ip) & 0xfffff;
      Expect(s, c.label == 0 || c.label == label, "one flow label per flow");
      c.label = label;
    }
  } else {
    bool replaced = syn && (c.reset || c.stage == TcpStage::kClosing);
    if (c.known && !replaced && s.now_ms < LivesUntil(c, s.in.protocol, s.view->settings))
      Violate(s, "the alias of a live flow never changes");
    Open(c, number.value_or(-1), s);
  }
  Follow(c, s);
}

void Auditor::Open(Conversation& c, int number, const Subject& s) {
  Expect(s, s.in.protocol != 6 || IsCleanSyn(s.in) || c.unseen, "only a clean SYN opens a TCP flow");
  const Settings& settings = s.view->settings;
  Expect(
      s,
      s.out.source_port >= settings[Setting::kPortFirst] && s.out.source_port <= settings[Setting::kPortLast],
      "the alias port is in its range");
  // INV-9: an authorised source, a unit of its region, and nobody here as destination.
  const SubscribersConfig* subscriber = s.view->FindSubscriber(s.in.source());
  const WorldView::Unit* unit = s.view->FindUnit(s.out.source());
  Expect(s, subscriber != nullptr, "only a configured subscriber opens a flow");
  Expect(s, unit == nullptr || unit->drawable || waiting_allowed_, "a new flow takes an active alias unit");
  Expect(s, unit == nullptr || subscriber == nullptr || unit->region == subscriber->region,
         "a new flow leaves through its region");
  Expect(s,
         !s.view->IsOfPool(s.in.destination()) && !s.view->FindSubscriber(s.in.destination()) &&
             !s.view->IsOwn(s.in.destination()),
         "no flow to a pool, to a subscriber or to the relay itself");
  if (c.known && number >= 0) Retire(c, number, s);
  const uint32_t server_next = c.server_next;
  c = Conversation{};
  c.alias = s.out.source();
  c.alias_port = s.out.source_port;
  c.known = true;
  c.opened_ms = s.now_ms;
  c.server_next = server_next;
  if (number < 0) return;
  CheckTuple(c, number, s);
  CheckDraw(c, number, s);
}

// An inbound tuple belongs to one flow at a time and to nobody in quarantine.
void Auditor::CheckTuple(const Conversation& c, int number, const Subject& s) {
  const uint64_t hash = TupleHash(c, Conversations::TupleOf(number));
  TupleSlot& slot = by_tuple_[hash % kTupleSlots];
  if (slot.hash == hash) {
    uint64_t free_at = slot.free_at_ms;
    if (slot.shown) {
      const Conversation& other = conversations_[slot.number];
      // A TCP flow may have been closed earlier than its frames tell.
      free_at = s.in.protocol == 6 ? other.opened_ms : LivesUntil(other, s.in.protocol, s.view->settings);
      free_at += 1000 * s.view->settings[Setting::kQuarantine];
    }
    Expect(s, s.now_ms >= free_at, "an inbound tuple is given to nobody before its quarantine ends");
  }
  slot = {hash, true, number, 0};
}

// The conversation shows another tuple from now on.
void Auditor::Retire(const Conversation& c, int number, const Subject& s) {
  const uint64_t hash = TupleHash(c, Conversations::TupleOf(number));
  TupleSlot& slot = by_tuple_[hash % kTupleSlots];
  uint64_t over = std::min(s.now_ms, LivesUntil(c, s.in.protocol, s.view->settings));
  slot = {hash, false, number, over + 1000 * s.view->settings[Setting::kQuarantine]};
}

// Within an epoch a subscriber's new flows share one unit; a new key draws afresh.
void Auditor::CheckDraw(const Conversation& c, int number, const Subject& s) {
  const Tuple t = Conversations::TupleOf(number);
  int subscriber = t.family == Family::kV4 ? t.host : t.host / 2;
  UnitHistory& h = histories_[static_cast<int>(t.family)][subscriber];
  const UnitHistory fresh{c.alias, s.view->epoch_serial, s.view->units_serial, s.now_ms, 0, true};
  bool behind = h.known && (s.view->epoch_serial < h.epoch_serial || s.view->units_serial < h.units_serial);
  if (behind || spills_allowed_ || waiting_allowed_) return;
  if (!h.known || h.units_serial != s.view->units_serial) {
    h = fresh;
  } else if (h.epoch_serial != s.view->epoch_serial) {
    ++epoch_draws_.compared;
    epoch_draws_.same += h.unit == c.alias;
    h = fresh;
  } else if (h.unit != c.alias) {
    h.unit = c.alias;
    const uint64_t edges = (s.now_ms - h.first_ms) / (1000 * s.view->settings[Setting::kEpochLength]) + 1;
    Expect(s, ++h.changes <= edges, "a subscriber's new flows share an alias unit within an epoch");
  }
}

void Auditor::Inbound(const Subject& s) {
  Expect(s, s.in.ports && s.out.ports, "a forwarded packet has ports");
  Expect(s, !s.in.icmp() || s.in.reply, "of ICMP only echo replies enter a flow");
  CheckUnit(s.in.destination(), s);
  Conversation* c = FindKnown(ReceiversTuple(s.out));
  if (c == nullptr) return Violate(s, "an inbound packet reached somebody who never sent for it");
  if (c->alias != s.in.destination() || c->alias_port != s.in.destination_port)
    return Violate(s, "a reply reached another flow than the alias it was sent to");
  Expect(s, s.now_ms < OverAt(*c, s.in.protocol, s.view->settings), "a flow outlived its timer");
  Follow(*c, s);
}

void Auditor::Error(const Subject& s) {
  const Reading in = ReadQuoted(s.in), out = ReadQuoted(s.out);
  if (in.ip == nullptr || out.ip == nullptr) return Violate(s, "a relayed ICMP error quotes a packet");
  // It is about a packet that went the other way.
  const Reading& subscribers = s.outbound() ? in : out;
  const Reading& cores = s.outbound() ? out : in;
  Conversation* c = FindKnown(s.outbound() ? ReceiversTuple(subscribers) : SubscribersTuple(subscribers));
  CheckUnit(s.outbound() ? s.out.source() : s.in.destination(), s);
  if (waiting_allowed_ &&
      (c == nullptr || c->alias_port != (s.outbound() ? cores.destination_port : cores.source_port)))
    return;  // its flow was opened by a packet that waits
  if (c == nullptr) return Violate(s, "an ICMP error about a flow nobody opened");
  bool alias_right = (s.outbound() ? cores.destination() : cores.source()) == c->alias &&
                     (s.outbound() ? s.out.source() : s.in.destination()) == c->alias;
  Expect(s, alias_right, "an ICMP error speaks of the alias of its flow");
  Expect(s, (s.outbound() ? cores.destination_port : cores.source_port) == c->alias_port,
         "an ICMP error speaks of the alias port of its flow");
  if (!s.outbound())
    Expect(s, s.out.destination() == out.source(), "an ICMP error reaches the subscriber it quotes");
  Expect(s, s.now_ms < OverAt(*c, in.protocol, s.view->settings), "a flow outlived its timer");
}

// Mirrors RFC 5382 as far as the auditor needs it: how long the flow must at least be kept.
void Auditor::Follow(Conversation& c, const Subject& s) {
  (s.outbound() ? c.last_out_ms : c.last_in_ms) = s.now_ms;
  if (s.in.protocol != 6 || s.in.l4_header == 0 || c.unsure) return;
  const uint8_t flags = s.in.l4[13];
  const uint32_t sequence = Read32(s.in.l4 + 4), acknowledgment = Read32(s.in.l4 + 8);
  if ((flags & kRst) != 0) {
    if (c.stage == TcpStage::kOpen || sequence != (s.outbound() ? c.client_next : c.client_ack)) return;
    if (!s.outbound() && c.client_ack == 0) return;  // the subscriber has acknowledged nothing
    if (!c.reset && c.stage != TcpStage::kClosing) c.opened_ms = s.now_ms;
    c.reset = true;
    return;
  }
  const bool was_reset = std::exchange(c.reset, false);
  if (was_reset && c.stage != TcpStage::kClosing) c.opened_ms = s.now_ms;
  auto payload = static_cast<uint32_t>(s.in.l4_bytes() - s.in.l4_header);
  uint32_t next = sequence + payload + ((flags & kSyn) != 0) + ((flags & kFin) != 0);
  if (!s.outbound()) {
    c.server_next = next;
    if ((flags & kFin) != 0) c.server_fin = next, c.fin_pending = true;
    if (c.stage == TcpStage::kOpen && (flags & kSyn) != 0) c.stage = TcpStage::kAnswered;
    return;
  }
  bool opening = c.stage == TcpStage::kOpen && (flags & kSyn) != 0;
  if (opening || static_cast<int32_t>(next - c.client_next) >= 0) c.client_next = next;
  bool first = c.stage == TcpStage::kOpen || c.stage == TcpStage::kAnswered;
  if ((flags & kAck) != 0 && (first || static_cast<int32_t>(acknowledgment - c.client_ack) >= 0))
    c.client_ack = acknowledgment;
  const bool answers_fin = c.fin_pending && (flags & kAck) != 0 && acknowledgment == c.server_fin;
  if (answers_fin) c.fin_pending = false;
  if (c.stage == TcpStage::kOpen) return;
  if ((flags & kFin) != 0 || answers_fin) {
    if (c.stage != TcpStage::kClosing) c.opened_ms = s.now_ms;
    c.stage = TcpStage::kClosing;
  } else if (!was_reset && c.stage == TcpStage::kAnswered && (flags & (kAck | kSyn)) == kAck) {
    c.stage = TcpStage::kEstablished;
  }
}

// Waits for its station and may never leave, but its flow is open.
void Auditor::Held(Bytes arrived) {
  const Reading r = ReadFrame(arrived.data(), arrived.size());
  if (r.ip == nullptr || !IsCleanSyn(r)) return;
  const WireTuple tuple = SubscribersTuple(r);
  auto number = Conversations::Find(tuple);
  Conversation& c = number ? conversations_[*number] : strays_[tuple];
  c.unseen = true;
}

// The guard is asked last: what it drops has moved its flow, nobody can tell how.
void Auditor::Dropped(Bytes arrived, DropReason reason) {
  const Reading r = ReadFrame(arrived.data(), arrived.size());
  if (r.ip == nullptr) return;
  if (reason == DropReason::kEgressGuard && r.protocol == 6)
    if (Conversation* c = FindKnown(SubscribersTuple(r))) c->stage = TcpStage::kClosing, c->opened_ms = 0;
  EndByNewSyn(r);
}

// A SYN on a flow that is over ends it, also when it opens none: nothing is free, or a bypass has it now.
void Auditor::EndByNewSyn(const Reading& r) {
  if (!IsCleanSyn(r)) return;
  Conversation* c = FindKnown(SubscribersTuple(r));
  if (c != nullptr && (c->reset || c->stage == TcpStage::kClosing)) c->opened_ms = 0;
}

void Auditor::CheckUnit(const Address& source, const Subject& s) {
  if (s.view->serial == checked_serial_ && source == checked_unit_) return;
  if (!s.view->FindUnit(source)) return Violate(s, "the alias of a relayed packet is a unit in force");
  checked_serial_ = s.view->serial;
  checked_unit_ = source;
}

void Auditor::CheckSecrets(const Subject& s) {
  if (s.outbound() && HoldsSecret(s.departed, s.out.destination_bytes(), s.out.destination(), *s.view))
    findings_.Leak("a subscriber's address or MAC left on the core side", s.arrived, s.departed);
}

void Auditor::CheckLink(const Subject& s) {
  const Side side = DepartureSide(s.direction);
  const uint8_t* frame = s.departed.data();
  Expect(s, ReadTags(s.arrived) == s.view->vlan[static_cast<int>(Opposite(side))],
         "a frame of another attachment is dropped");
  Expect(s, ReadTags(s.departed) == s.view->vlan[static_cast<int>(side)],
         "a frame leaves with its port's tags");
  const size_t tags = 4 * s.view->vlan[static_cast<int>(side)].size();
  Expect(s, s.out.ip == frame + kEthernet + tags && s.out.end == frame + s.departed.size(),
         "a frame leaves as long as its IP packet, without further tags");
  Expect(s, Same(frame + 6, test::Relay::kPortMac[static_cast<int>(side)].data(), 6),
         "the source MAC is the port's");
  // The fake stations', or one that somebody on the link claimed.
  const uint8_t station[] = {2, 0, static_cast<uint8_t>(side), static_cast<uint8_t>(s.out.family), 0xfe};
  uint8_t claimed[6];
  if (side == Side::kCore)
    WriteCoreMac(claimed);
  else
    WriteAccessMac(0, claimed);
  Expect(s, Same(frame, station, 5) || Same(frame, claimed, 3), "the destination MAC is a next hop's");
}

// That together they are the packet is checked when they are joined.
void Auditor::CheckPieces(const Subject& s, const std::vector<Bytes>& pieces) {
  const uint32_t mtu = s.view->mtu[static_cast<int>(DepartureSide(s.direction))];
  const bool may_be_cut = s.in.ip != nullptr && s.in.family == Family::kV4 && (s.in.ip[6] & 0x40) == 0;
  Expect(s, may_be_cut, "only IPv4 without DF is cut");
  for (Bytes piece : pieces) {
    const Reading r = ReadFrame(piece.data(), piece.size());
    if (r.ip == nullptr) return Violate(s, "a piece is readable");
    Expect(s, static_cast<size_t>(r.end - r.ip) <= mtu, "a piece fits its link");
    Expect(s, WordSum(r.ip, 20) == 0xffff, "the IPv4 header checksum of a piece is right");
  }
}

// What can be fragmented leaves under an id of the relay's own, one for all fragments of a datagram.
void Auditor::CheckId(const Subject& s, const std::vector<Bytes>& departed) {
  const bool v4 = s.in.family == Family::kV4;
  const bool atomic = v4 && !s.in.fragment && (s.in.ip[6] & 0x40) != 0;
  if (s.outbound() && !s.in.later && (v4 ? !atomic : s.in.has_fragment_header)) {
    constexpr int kChanceMax = 3;  // equal ones in a row
    equal_ids_ = s.in.fragment_id == s.out.fragment_id ? equal_ids_ + 1 : 0;
    Expect(s, equal_ids_ <= kChanceMax, "a datagram leaves under an id of the relay's own");
  }
  if (s.in.fragment) {
    if (forgetting_allowed_) return;
    std::vector<test::Frame> frames;
    for (Bytes frame : departed) frames.push_back(WithoutLink(frame));
    const auto seen =
        datagrams_.Add(s.direction, WithoutLink(s.arrived), frames, false, s.view->settings, s.now_ms);
    // A TCP flow may be reset and opened again in the middle of a datagram, under another alias.
    const bool may_be_torn = s.in.protocol == 6;
    for (const std::string& sentence : seen.wrong)
      Expect(s, may_be_torn && (sentence == kSameAddresses || sentence == kSameDatagram), sentence.c_str());
  } else if (s.outbound() && (v4 ? !atomic : s.in.has_fragment_header)) {
    auto out = test::Dissect({departed[0].begin(), departed[0].end()});
    const bool fresh = out.has_value() && datagrams_.TakeId(*out, datagrams_.NextNumber(), s.now_ms);
    Expect(s, fresh, "no other datagram has had this id for 120 s");
  }
}

// Nothing but stations and TTL changes.
void Auditor::CheckBypass(const Subject& s) {
  Expect(s, s.view->IsBypassed(s.outbound() ? s.in.destination() : s.in.source()),
         "what leaves untranslated belongs to a bypass");
  if (s.outbound()) EndByNewSyn(s.in);
  const bool v4 = s.in.family == Family::kV4;
  const auto bytes = static_cast<size_t>(s.in.end - s.in.ip);
  const size_t ttl = v4 ? 8 : 7, sum = v4 ? 12 : 8;
  bool same = bytes == static_cast<size_t>(s.out.end - s.out.ip) && Same(s.in.ip, s.out.ip, ttl) &&
              (!v4 || s.in.ip[9] == s.out.ip[9]) && Same(s.in.ip + sum, s.out.ip + sum, bytes - sum);
  Expect(s, same, "a bypassed packet is otherwise untouched");
  Expect(s, s.out.ttl() + 1 == s.in.ttl() && s.out.ttl() > 0, "a bypassed packet loses one of its TTL");
  if (v4) Expect(s, WordSum(s.out.ip, 20) == 0xffff, "the IPv4 header checksum is right");
  if (s.outbound() && FindCanary(s.departed.data(), kEthernet))
    findings_.Leak("a subscriber's MAC left on the core side", s.arrived, s.departed);
}

void Auditor::CheckHeader(const Subject& s) {
  const Settings& settings = s.view->settings;
  const uint8_t *in = s.in.ip, *out = s.out.ip;
  const bool scrubbed = s.outbound();
  uint64_t ttl = s.in.ttl() - 1u;
  Expect(s, s.in.ttl() > 1, "a packet whose TTL is used up is dropped");
  if (scrubbed) ttl = std::min(ttl, settings[Setting::kTtlCap]);
  Expect(s, s.out.ttl() == ttl, "TTL or hop limit is one less, and capped towards the core");
  const bool dscp_cleared = scrubbed && settings[Setting::kScrubDscp] != 0;
  if (s.in.family == Family::kV4) {
    Expect(s, in[0] == 0x45 && out[0] == 0x45, "no IPv4 option passes");
    Expect(s, WordSum(in, 20) == 0xffff, "a wrong IPv4 header checksum is dropped");
    Expect(s, WordSum(out, 20) == 0xffff, "the IPv4 header checksum is right");
    Expect(s, out[1] == (dscp_cleared ? in[1] & 3 : in[1]), "ECN stays, DSCP is cleared towards the core");
    Expect(s, Same(in + 6, out + 6, 2) && (in[6] & 0x80) == 0, "the fragment field stays");
    const bool atomic = (in[6] & 0x40) != 0 && !s.in.fragment;
    if (!scrubbed || (atomic && settings[Setting::kScrubIpv4Id] == 0))
      Expect(s, Same(in + 4, out + 4, 2), "the IPv4 id stays");
    else if (atomic)
      Expect(s, Read16(out + 4) == 0, "an atomic datagram has id 0");
    return;
  }
  const uint32_t before = Read32(in), after = Read32(out);
  Expect(s, (after >> 20 & 0xff) == (dscp_cleared ? before >> 20 & 3 : before >> 20 & 0xff),
         "ECN stays, DSCP is cleared towards the core");
  if (scrubbed && settings[Setting::kScrubFlowLabel] != 0)
    Expect(s, (after & 0xfffff) != 0, "the flow label is not 0");
  else
    Expect(s, (after & 0xfffff) == (before & 0xfffff), "the flow label stays");
}

void Auditor::CheckTransport(const Subject& s) {
  const Reading &in = s.in, &out = s.out;
  if (in.protocol != out.protocol || in.l4_bytes() != out.l4_bytes() || in.l4 - in.ip != out.l4 - out.ip)
    return Violate(s, "protocol, length and headers stay");
  const bool remote_stays =
      s.outbound() ? Same(in.destination_bytes(), out.destination_bytes(), in.family == Family::kV4 ? 4 : 16)
                   : Same(in.source_bytes(), out.source_bytes(), in.family == Family::kV4 ? 4 : 16);
  Expect(s, remote_stays, "the remote's address stays");
  if (in.later) return Expect(s, Same(in.l4, out.l4, in.l4_bytes()), "the payload is byte-identical");
  const size_t header = in.l4_header;
  if (header == 0) return Violate(s, "a packet without its whole transport header is dropped");
  Expect(s, Same(in.l4 + header, out.l4 + header, in.l4_bytes() - header), "the payload is byte-identical");
  bool rest;
  if (in.icmp())
    rest = Same(in.l4, out.l4, 2) && Same(in.l4 + 6, out.l4 + 6, 2);
  else
    rest = s.outbound() ? in.destination_port == out.destination_port : in.source_port == out.source_port;
  if (in.protocol == 17) rest = rest && Same(in.l4 + 4, out.l4 + 4, 2);
  if (in.protocol == 6) rest = rest && Same(in.l4 + 4, out.l4 + 4, 12) && Same(in.l4 + 18, out.l4 + 18, 2);
  Expect(s, rest, "the transport header behind the ports is untouched");
  CheckForm(s);
  const uint16_t udp_before = Read16(in.l4 + 6), udp_after = Read16(out.l4 + 6);
  if (in.protocol == 17 && udp_before == 0) {
    Expect(s, in.family == Family::kV4, "UDP over IPv6 without a checksum is dropped");
    return Expect(s, udp_after == 0, "a UDP checksum of 0 stays 0");
  }
  if (in.protocol == 17) Expect(s, udp_after != 0, "a UDP checksum never becomes 0");
  Expect(s, HeaderSum(in, header) == HeaderSum(out, header),
         "the transport checksum is as right or as wrong as it came");
}

// What no stack sends.
void Auditor::CheckForm(const Subject& s) {
  const Reading& in = s.in;
  if (in.protocol != 6 && in.protocol != 17) return;
  Expect(s, in.source_port != 0 && in.destination_port != 0, "port 0 is nobody's");
  if (in.protocol == 17) {
    size_t stated = Read16(in.l4 + 4);
    Expect(s, stated >= 8 && (in.fragment || stated <= in.l4_bytes()), "an impossible UDP length is dropped");
    return;
  }
  const uint8_t flags = in.l4[13];
  const bool syn = (flags & kSyn) != 0;
  Expect(s, syn ? (flags & (kFin | kRst)) == 0 : (flags & (kAck | kRst)) != 0,
         "impossible TCP flags are dropped");
}

void Auditor::CheckError(const Subject& s) {
  for (const Reading* r : {&s.in, &s.out}) {
    uint64_t pseudo = PseudoHeaderSum(r->ip, r->family, r->protocol, r->l4_bytes());
    Expect(s, WordSum(r->l4, r->l4_bytes(), pseudo) == 0xffff, "the checksum of an ICMP error is right");
  }
  Expect(s, Same(s.in.l4, s.out.l4, 2), "type and code of an ICMP error stay");
  const Reading in = ReadQuoted(s.in), out = ReadQuoted(s.out);
  if (in.ip == nullptr || out.ip == nullptr) return;
  if (in.family == Family::kV4) {
    size_t header = size_t{in.ip[0] & 0xfu} * 4, cut = size_t{out.ip[0] & 0xfu} * 4;
    if (in.ip + header <= in.end && out.ip + cut <= out.end && WordSum(in.ip, header) == 0xffff)
      Expect(s, WordSum(out.ip, cut) == 0xffff, "a quoted IPv4 header checksum stays right");
  }
  const bool summed = (in.protocol == 17 || in.icmp()) && in.l4_bytes() >= 8 &&
                      Read16(in.l4 + ChecksumOffset(in.protocol)) != 0;
  if (summed && out.l4_bytes() >= 8)
    Expect(s, HeaderSum(in, 8) == HeaderSum(out, 8),
           "a quoted transport checksum is as right or as wrong as it came");
}

}  // namespace cfr::hunt
