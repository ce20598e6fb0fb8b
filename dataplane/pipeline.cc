// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/pipeline.h"

#include <cstring>

#include "dataplane/admit.h"
#include "dataplane/checksum_rules.h"
#include "dataplane/egress_guard.h"
#include "dataplane/parse.h"
#include "dataplane/scrub.h"
#include "dataplane/tcp_options.h"
#include "dataplane/translate.h"
#include "dataplane/vlan.h"

namespace cfr {
namespace {

FlowHash::Key DrawHashKey(RandomSource& random) {
  FlowHash::Key key;
  for (uint64_t& word : key) word = random.Next64();
  return key;
}

SipKey DrawSipKey(RandomSource& random) {
  const uint64_t low = random.Next64();
  return {low, random.Next64()};
}

}  // namespace

Shared::Shared(const Owner& owner, SubscriberTable& subscribers, const Leases& leases,
               uint64_t affinity_pairs, RandomSource& random)
    : owner(owner),
      subscribers(subscribers),
      leases(leases),
      fragment_key(DrawSipKey(random)),
      id_key(DrawHashKey(random)),
      alias_policy(DrawSipKey(random), affinity_pairs, DrawHashKey(random)),
      answers(DrawSipKey(random)) {}

Pipeline::Pipeline(int worker, const Shared& shared, const TableSizes& sizes, BufferSource& buffers,
                   RandomSource& random, CounterPage& page)
    : worker_(worker),
      shared_(shared),
      buffers_(buffers),
      random_(random),
      page_(page),
      v4_(sizes.flows_v4, DrawHashKey(random)),
      v6_(sizes.flows_v6, DrawHashKey(random)),
      fragments_(sizes.datagrams, sizes.fragments_held),
      ids_(worker, shared.owner.workers(), shared.id_key),
      alias_port_(worker, shared.owner, shared.exclusive_ports, random),
      openings_(worker) {
  pieces_.reserve(kPiecesMax);
}

void Pipeline::Drop(Direction direction, Packet& p, DropReason reason) {
  p.verdict = Verdict::kDrop;
  p.reason = reason;
  page_.Count(direction, reason);
}

// The whole way. Three passes over the burst, so that the loads of all its packets are in flight before
// the first of them is needed.
void Pipeline::Process(Direction direction, Origin origin, std::span<Packet> burst, const World& world,
                       uint64_t now_ms) {
  now_ms_ = now_ms;
  pieces_.clear();
  const PortFacts& port = shared_.port[static_cast<int>(ArrivalSide(direction))];
  const Settings& settings = world.settings();
  const bool tagged = origin == Origin::kPort && port.vlan_count > 0;
  uint64_t bytes = 0;
  for (Packet& p : burst) {
    bytes += p.length;
    if (tagged) TakeTags(p, port);
    if (!p.decided()) Parse(p, port, settings);
    const bool gathered = !p.decided() && p.in_pieces() && Gather(direction, p, world);
    if (!p.decided()) Steer(direction, gathered ? Origin::kHold : origin, p);
  }
  for (Packet& p : burst) {
    if (p.decided()) continue;
    if (p.family == Family::kV4)
      v4_.PrefetchFlow(p.hash);
    else
      v6_.PrefetchFlow(p.hash);
  }
  for (Packet& p : burst) {
    if (p.decided()) {
      if (p.verdict == Verdict::kIcmpError) {
        RelayIcmpError(direction, origin, p, world);
      } else if (p.verdict == Verdict::kDrop) {
        page_.Count(direction, p.reason);
        TellSender(direction, p, world);
      }
      continue;
    }
    if (world.snapshot == nullptr) {
      Drop(direction, p, DropReason::kNoSnapshot);
    } else if (!PassesChecksumRules(p, direction, *world.snapshot)) {
      Drop(direction, p, p.reason);
    } else if (direction == Direction::kOutbound) {
      p.family == Family::kV4 ? Relay<V4, Direction::kOutbound>(p, world)
                              : Relay<V6, Direction::kOutbound>(p, world);
    } else {
      p.family == Family::kV4 ? Relay<V4, Direction::kInbound>(p, world)
                              : Relay<V6, Direction::kInbound>(p, world);
    }
    if (p.verdict == Verdict::kDrop) [[unlikely]]
      TellSender(direction, p, world);
  }
  page_.Count(direction, origin == Origin::kPort ? Counter::kReceived : Counter::kHandoffIn, burst.size());
  if (origin == Origin::kPort) page_.Count(direction, Counter::kReceivedBytes, bytes);
}

// Owner, hash and the first load. A packet from a handoff ring stays here whatever its hash.
void Pipeline::Steer(Direction direction, Origin origin, Packet& p) {
  auto steer = [&](const auto& key, auto& table) {
    int owner = origin == Origin::kHandoff ? worker_ : shared_.owner.WorkerOf(key);
    if (owner != worker_) {
      p.verdict = Verdict::kHandOff;
      p.worker = static_cast<uint8_t>(owner);
      return;
    }
    p.hash = table.Hash(key);
    table.Prefetch(p.hash);
  };
  if (p.family == Family::kV4)
    steer(p.Key<V4>(direction), v4_);
  else
    steer(p.Key<V6>(direction), v6_);
}

template <class A, Direction kDirection>
void Pipeline::Relay(Packet& p, const World& world) {
  constexpr bool kOut = kDirection == Direction::kOutbound;
  const Snapshot& snapshot = *world.snapshot;
  FlowTable<A>& flows = Table<A>();
  const FlowKey<A> key = p.Key<A>(kDirection);
  FlowIndex i = FindLive<A>(key, p.hash, snapshot);
  // A subscriber's echo reply looks like its request when the identifier is 0; it belongs to no flow.
  if (kOut && p.is_echo_reply()) i = kNoFlow;
  if (i == kNoFlow) {
    SubscriberSpace space{};
    if constexpr (kOut)
      AdmitOutbound(p, snapshot, &space);
    else
      AdmitInbound(p, snapshot);
    if (p.verdict == Verdict::kDrop) return Drop(kDirection, p, p.reason);
    if (p.verdict == Verdict::kConsume) return RationEcho(kDirection, p, snapshot);
    if (p.bypassed) return RelayBypassed<A>(kDirection, p, world);
    if (!Fits(kDirection, p)) return;
    if constexpr (kOut) i = Open<A>(p, key, world, space);
    if (i == kNoFlow) return;
  } else if (!Fits(kDirection, p)) {
    return;
  }
  if (!Carries(snapshot.units[flows[i].unit], kDirection, p))
    return Drop(kDirection, p, DropReason::kAliasWithdrawn);
  const Mac* station = FindStation<A>(kDirection, p, kOut ? key.remote : flows[i].subscriber, world);
  if (station == nullptr) return;
  // A clean SYN on a flow that was over starts again without it (RFC 6191).
  if (!Advance<A>(i, kDirection, p, snapshot)) return Relay<A, kDirection>(p, world);
  SetStations(kDirection, p, *station);
  Flow<A>& flow = flows[i];
  const uint32_t id = kOut && p.has_id() ? NewId(p, flow, snapshot.settings) : 0;
  Translate<A, kDirection>(p, flow);
  if constexpr (kOut) {
    ++flow.packets_out;
    Scrub(p, snapshot.settings, flow.flow_label, id);
    if (flow.protocol == kProtocolTcp && p.part != Part::kLater)
      ScrubTcpOptions(p, flow.timestamp_offset, snapshot.settings);
    if (!EgressGuard::PassesTranslated(p, snapshot, flow.unit))
      return Drop(kDirection, p, DropReason::kEgressGuard);
  } else {
    ++flow.packets_in;
    if (flow.protocol == kProtocolTcp && p.part != Part::kLater)
      RestoreTcpTimestamp(p, flow.timestamp_offset);
    DecrementTtl(p);
  }
  Forward(kDirection, p);
}

template <class A>
void Pipeline::RelayBypassed(Direction direction, Packet& p, const World& world) {
  if (!Fits(direction, p)) return;
  const Mac* station = FindStation(direction, p, p.destination<A>(), world);
  if (station == nullptr) return;
  SetStations(direction, p, *station);
  DecrementTtl(p);
  if (direction == Direction::kOutbound && !EgressGuard::PassesBypassed(p, *world.snapshot))
    return Drop(direction, p, DropReason::kEgressGuard);
  Forward(direction, p);
  if (p.verdict == Verdict::kForward) page_.Count(direction, Counter::kBypassed, 1u + p.pieces);
}

// The last step of a packet that may leave.
void Pipeline::Forward(Direction direction, Packet& p) {
  p.verdict = Verdict::kForward;
  const uint16_t mtu = shared_.port[static_cast<int>(DepartureSide(direction))].mtu;
  if (p.ip_length() > mtu) [[unlikely]]
    Cut(direction, p, mtu);
}
template void Pipeline::RelayBypassed<V4>(Direction, Packet&, const World&);
template void Pipeline::RelayBypassed<V6>(Direction, Packet&, const World&);

// TTL and MTU, before any state is made (RFC 1812 5.3.1; RFC 1191).
bool Pipeline::Fits(Direction direction, Packet& p) {
  const uint16_t mtu = shared_.port[static_cast<int>(DepartureSide(direction))].mtu;
  const auto may_be_cut = [&] {
    return p.family == Family::kV4 && (p.ip4().flags_offset.host() & kIpv4DontFragment) == 0;
  };
  if (p.ttl() <= 1)
    Drop(direction, p, DropReason::kTtlExpired);
  else if (p.ip_length() > mtu && !may_be_cut())
    Drop(direction, p, DropReason::kTooBig);
  else
    return true;
  return false;
}

// The next hop's; without a known one the main lcore keeps the packet as it came and gives it back when there
// is one.
template <class A>
const Mac* Pipeline::FindStation(Direction direction, Packet& p, const A& destination, const World& world) {
  const Mac* station = world.hops->Find(DepartureSide(direction), destination);
  if (station == nullptr) {
    p.verdict = Verdict::kConsume;
    p.hop = ToAddress(destination);
  }
  return station;
}
template const Mac* Pipeline::FindStation(Direction, Packet&, const V4&, const World&);
template const Mac* Pipeline::FindStation(Direction, Packet&, const V6&, const World&);

// The Ethernet addresses of the departure side; only once nothing can be answered any more.
void Pipeline::SetStations(Direction direction, Packet& p, const Mac& station) {
  EthernetHeader& ethernet = p.ethernet();
  std::memcpy(ethernet.destination, station.data(), 6);
  std::memcpy(ethernet.source, shared_.port[static_cast<int>(DepartureSide(direction))].mac, 6);
}

}  // namespace cfr
