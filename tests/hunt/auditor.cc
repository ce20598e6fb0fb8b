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
      // Where ports are few, the next flow may well get the alias and port of the one that is over.
      Expect(s, c.label == 0 || c.label == label || !lives, "one flow label per flow");
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
  Expect(s, unit == nullptr || unit->drawable || waiting_allowed_ || c.unseen,
         "a new flow takes an active alias unit");
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
  c.unsure = s.in.protocol == 6 && !IsCleanSyn(s.in);
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

// Within an epoch a subscriber's new flows share one unit, and a remote in use keeps an epoch for a while; a
// new key draws afresh.
void Auditor::CheckDraw(const Conversation& c, int number, const Subject& s) {
  const Tuple t = Conversations::TupleOf(number);
  int subscriber = t.family == Family::kV4 ? t.host : t.host / 2;
  UnitHistory& h = histories_[static_cast<int>(t.family)][subscriber];
  const UnitHistory fresh{c.alias, s.view->epoch_serial, s.view->units_serial, s.now_ms, {c.alias}, true};
  bool behind = h.known && (s.view->epoch_serial < h.epoch_serial || s.view->units_serial < h.units_serial);
  if (behind || spills_allowed_ || waiting_allowed_) return;
  if (!h.known || h.units_serial != s.view->units_serial) {
    h = fresh;
  } else if (h.epoch_serial != s.view->epoch_serial) {
    ++epoch_draws_.compared;
    epoch_draws_.same += h.unit == c.alias;
    h = fresh;
  } else if (std::find(h.units.begin(), h.units.end(), c.alias) == h.units.end()) {
    h.units.push_back(c.alias);
    const Settings& settings = s.view->settings;
    const uint64_t kept_ms = 1000 * (settings[Setting::kAffinityCap] + 60);  // counted in minutes
    const uint64_t epochs = (s.now_ms - h.first_ms + kept_ms) / (1000 * settings[Setting::kEpochLength]) + 2;
    Expect(s, h.units.size() <= epochs, "a subscriber's new flows share an alias unit within an epoch");
  }
}

void Auditor::Inbound(const Subject& s) {
  Expect(s, s.in.ports && s.out.ports, "a forwarded packet has ports");
  Expect(s, !s.in.icmp() || s.in.reply, "of ICMP only echo replies enter a flow");
  CheckUnit(s.in.destination(), s);
  Conversation* c = FindKnown(ReceiversTuple(s.out));
  if (MayWait(c, s.in.destination_port)) return;
  if (c == nullptr) return Violate(s, "an inbound packet reached somebody who never sent for it");
  if (c->alias != s.in.destination() || c->alias_port != s.in.destination_port)
    return Violate(s, "a reply reached another flow than the alias it was sent to");
  const bool over = s.now_ms >= OverAt(*c, s.in.protocol, s.view->settings);
  Expect(s, !over || (waiting_allowed_ && c->unseen), "a flow outlived its timer");
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
  if (MayWait(c, s.outbound() ? cores.destination_port : cores.source_port)) return;
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
  if (r.ip == nullptr || !r.ports || (r.protocol == 6 && !IsCleanSyn(r))) return;
  const WireTuple tuple = SubscribersTuple(r);
  auto number = Conversations::Find(tuple);
  Conversation& c = number ? conversations_[*number] : strays_[tuple];
  c.unseen = true;
}

// The guard is asked last: what it drops has kept its flow alive, and moved it, nobody can tell how.
void Auditor::Dropped(Bytes arrived, DropReason reason, uint64_t now_ms) {
  const Reading r = ReadFrame(arrived.data(), arrived.size());
  if (r.ip == nullptr) return;
  Conversation* c = reason == DropReason::kEgressGuard && r.ports ? FindKnown(SubscribersTuple(r)) : nullptr;
  if (c != nullptr) {
    c->last_out_ms = now_ms;
    if (r.protocol == 6) c->stage = TcpStage::kClosing, c->opened_ms = 0;
  }
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

}  // namespace cfr::hunt
