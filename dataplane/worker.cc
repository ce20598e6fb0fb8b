// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/worker.h"

#include <sys/prctl.h>

#include "common/clock.h"
#include "dataplane/egress_guard.h"
#include "dataplane/linear.h"
#include "dataplane/padding.h"
#include "dataplane/vlan.h"

namespace cfr {
namespace {

constexpr unsigned kReceiveBurst = 32;
constexpr int kListedPerRound = 256;  // flow records scanned for a listing
constexpr int kIdleRounds = 64;
constexpr long kIdleSleepNs = 20'000;
static_assert(kReceiveBurst <= kBurstMax);
static_assert(kVlanRoomBytes <= RTE_PKTMBUF_HEADROOM);

Direction DirectionTo(Side side) {
  return side == Side::kCore ? Direction::kOutbound : Direction::kInbound;
}
Direction DirectionFrom(Side side) {
  return DirectionTo(Opposite(side));
}

}  // namespace

Worker::Worker(int index, Floor& floor, const Shared& shared, const TableSizes& sizes, CounterPage& page)
    : index_(index),
      workers_(shared.owner.workers()),
      floor_(floor),
      page_(page),
      pipeline_(index, shared, sizes, *this, random_, page) {}

bool Worker::Allocate(Packet* p) {
  rte_mbuf* m = rte_pktmbuf_alloc(floor_.pool);
  if (m == nullptr) return false;
  p->buffer = m;
  p->data = rte_pktmbuf_mtod(m, uint8_t*);
  return true;
}

void Worker::Release(const Packet& p) {
  rte_pktmbuf_free(static_cast<rte_mbuf*>(p.buffer));
}

uint16_t Worker::RoomOf(const Packet& p) const {
  const auto* m = static_cast<const rte_mbuf*>(p.buffer);
  return static_cast<uint16_t>(static_cast<const uint8_t*>(m->buf_addr) + m->buf_len - p.data);
}

void Worker::Run() {
  auto thread = static_cast<unsigned>(index_);
  rte_rcu_qsbr_thread_register(floor_.grace, thread);
  rte_rcu_qsbr_thread_online(floor_.grace, thread);
  if (!floor_.poll_mode) prctl(PR_SET_TIMERSLACK, 1000);
  int idle = 0;
  while (!floor_.stop.load(std::memory_order_relaxed)) {
    bool busy = Round() > 0;
    page_.rounds.Add(1);
    page_.busy_rounds.Add(busy ? 1 : 0);
    rte_rcu_qsbr_quiescent(floor_.grace, thread);
    idle = busy ? 0 : idle + 1;
    if (idle < kIdleRounds || floor_.poll_mode) continue;
    timespec nap = {0, kIdleSleepNs};
    nanosleep(&nap, nullptr);
  }
  rte_rcu_qsbr_thread_offline(floor_.grace, thread);
  rte_rcu_qsbr_thread_unregister(floor_.grace, thread);
}

int Worker::Round() {
  const World& world = *floor_.world.load(std::memory_order_acquire);
  const uint64_t now_ms = MonotonicMs();
  if (world.attachment != attachment_) Follow(world);
  int packets = Poll(Side::kAccess, world, now_ms);
  packets += Poll(Side::kCore, world, now_ms);
  packets += TakeHandoffs(world, now_ms);
  if (index_ == 0) packets += TakeMade(world);
  ObeyControl(now_ms);
  pipeline_.Expire(now_ms, kExpiriesPerRound, world);
  TakeReleased(world, now_ms);
  return packets;
}

int Worker::Poll(Side side, const World& world, uint64_t now_ms) {
  rte_mbuf* buffers[kReceiveBurst];
  const Port& port = floor_.ports[static_cast<int>(side)];
  if (port.reads_file() && world.snapshot == nullptr) return 0;  // it would be lost to no_snapshot
  unsigned count = port.Receive(index_, buffers, kReceiveBurst);
  if (count > 0) Relay(DirectionFrom(side), Origin::kPort, buffers, count, world, now_ms);
  return static_cast<int>(count);
}

int Worker::TakeHandoffs(const World& world, uint64_t now_ms) {
  rte_mbuf* taken[kReceiveBurst];
  rte_mbuf* sorted[kDirections][kReceiveBurst];
  unsigned counts[kDirections] = {};
  unsigned count = floor_.exchange->TakeHandoffs(index_, taken, kReceiveBurst);
  for (unsigned i = 0; i < count; ++i) {
    auto d = static_cast<int>(NoteOf(taken[i]).direction);
    sorted[d][counts[d]++] = taken[i];
  }
  for (int d = 0; d < kDirections; ++d)
    if (counts[d] > 0)
      Relay(static_cast<Direction>(d), Origin::kHandoff, sorted[d], counts[d], world, now_ms);
  return static_cast<int>(count);
}

// Frames of the main lcore. On the core side they pass the guard like everything else.
int Worker::TakeMade(const World& world) {
  rte_mbuf* buffers[kReceiveBurst];
  unsigned count = floor_.exchange->TakeMade(buffers, kReceiveBurst);
  for (unsigned i = 0; i < count; ++i) {
    Side side = NoteOf(buffers[i]).side;
    const auto* frame = rte_pktmbuf_mtod(buffers[i], const uint8_t*);
    if (side == Side::kCore && (world.snapshot == nullptr ||
                                !EgressGuard::PassesOwn(frame, buffers[i]->data_len, *world.snapshot))) {
      page_.Count(Direction::kOutbound, Counter::kHandoffIn);
      page_.Count(Direction::kOutbound, DropReason::kEgressGuard);
      rte_pktmbuf_free(buffers[i]);
      continue;
    }
    if (!Queue(side, buffers[i])) rte_pktmbuf_free(buffers[i]);
  }
  for (Side side : {Side::kAccess, Side::kCore}) Transmit(side, false);
  return static_cast<int>(count);
}

void Worker::Relay(Direction direction, Origin origin, rte_mbuf** buffers, unsigned count, const World& world,
                   uint64_t now_ms) {
  Packet packets[kReceiveBurst];
  for (unsigned i = 0; i < count; ++i) {
    rte_mbuf* m = buffers[i];
    MakeLinear(m);
    packets[i].data = rte_pktmbuf_mtod(m, uint8_t*);
    packets[i].length = m->data_len;
    packets[i].l4_checksum_bad = (m->ol_flags & RTE_MBUF_F_RX_L4_CKSUM_MASK) == RTE_MBUF_F_RX_L4_CKSUM_BAD;
    packets[i].buffer = m;
    if (origin == Origin::kHandoff) packets[i].Resume(NoteOf(m).resolution);
  }
  Run(direction, origin, {packets, count}, world, now_ms);
  TakeReleased(world, now_ms);
}

void Worker::Run(Direction direction, Origin origin, std::span<Packet> packets, const World& world,
                 uint64_t now_ms) {
  pipeline_.Process(direction, origin, packets, world, now_ms);
  auto piece = pipeline_.pieces().begin();
  for (Packet& p : packets) {
    Finish(direction, p);
    for (int n = p.pieces; n > 0; --n) Finish(direction, *piece++);
  }
  Transmit(DepartureSide(direction), true);
  Transmit(ArrivalSide(direction), false);
}

// Early fragments whose first one came, or did not in time.
void Worker::TakeReleased(const World& world, uint64_t now_ms) {
  Packet packets[kReceiveBurst];
  for (Direction d : {Direction::kOutbound, Direction::kInbound})
    while (unsigned count = pipeline_.TakeReleased(d, packets))
      Run(d, Origin::kHold, {packets, count}, world, now_ms);
}

void Worker::Finish(Direction direction, Packet& p) {
  auto* m = static_cast<rte_mbuf*>(p.buffer);
  rte_pktmbuf_adj(m, static_cast<uint16_t>(p.data - rte_pktmbuf_mtod(m, uint8_t*)));  // tags taken off
  switch (p.verdict) {
    case Verdict::kForward:
      return Forward(direction, p);
    case Verdict::kAnswer:
      return Answer(direction, p);
    case Verdict::kHandOff:
      return HandOff(direction, p);
    case Verdict::kConsume:
      return Consume(direction, p);
    case Verdict::kHold:
      return;
    case Verdict::kUndecided:
    case Verdict::kIcmpError:
    case Verdict::kDrop:
      return rte_pktmbuf_free(m);
  }
}

void Worker::Forward(Direction direction, Packet& p) {
  auto* m = static_cast<rte_mbuf*>(p.buffer);
  m->pkt_len = m->data_len = p.length;
  if (Queue(DepartureSide(direction), m)) return;
  pipeline_.Drop(direction, p, DropReason::kNoBuffer);
  rte_pktmbuf_free(m);
}

// Puts the side's own tags on. False: the buffer has no room for them and stays with the caller.
bool Worker::Queue(Side side, rte_mbuf* m) {
  const PortFacts& port = floor_.ports[static_cast<int>(side)].facts();
  if (port.vlan_count > 0) {
    auto* frame = rte_pktmbuf_mtod(m, uint8_t*);
    if (rte_pktmbuf_prepend(m, static_cast<uint16_t>(port.vlan_count * kVlanTagBytes)) == nullptr)
      return false;
    PutTags(frame, port);
  }
  Outgoing& out = outgoing_[static_cast<int>(side)];
  out.buffers[out.count++] = m;
  out.bytes += m->data_len;
  return true;
}

void Worker::Answer(Direction direction, const Packet& p) {
  auto* m = static_cast<rte_mbuf*>(p.buffer);
  m->pkt_len = m->data_len = p.length;
  if (!Queue(ArrivalSide(direction), m)) rte_pktmbuf_free(m);
}

void Worker::HandOff(Direction direction, Packet& p) {
  auto* m = static_cast<rte_mbuf*>(p.buffer);
  NoteOf(m).direction = direction;
  NoteOf(m).resolution = p.resolution();
  if (floor_.exchange->HandOff(p.worker, m)) {
    page_.Count(direction, Counter::kHandoffOut);
    page_.handoff_to[p.worker].Add(1);
    return;
  }
  pipeline_.Drop(direction, p, DropReason::kHandoffFull);
  rte_pktmbuf_free(m);
}

void Worker::Consume(Direction direction, Packet& p) {
  auto* m = static_cast<rte_mbuf*>(p.buffer);
  NoteOf(m) = {direction,         static_cast<uint8_t>(index_), ArrivalSide(direction),
               p.hop.has_value(), p.hop.value_or(Address{}),    p.resolution()};
  if (floor_.exchange->Consume(m)) return page_.Count(direction, Counter::kConsumed);
  pipeline_.Drop(direction, p, DropReason::kHandoffFull);
  rte_pktmbuf_free(m);
}

// The only call that puts a frame on a port. What is queued for the core side has passed the guard: in
// Pipeline::Relay, RelayIcmpError, RelayBypassed or TellSender, or in TakeMade.
void Worker::Transmit(Side side, bool counted) {
  Outgoing& out = outgoing_[static_cast<int>(side)];
  if (out.count == 0) return;
  for (uint16_t i = 0; i < out.count; ++i) out.bytes += Pad(out.buffers[i]);
  const uint16_t sent = floor_.ports[static_cast<int>(side)].Transmit(index_, out.buffers, out.count);
  for (uint16_t i = sent; i < out.count; ++i) {
    out.bytes -= out.buffers[i]->data_len;
    rte_pktmbuf_free(out.buffers[i]);
  }
  if (counted) {
    const Direction direction = DirectionTo(side);
    page_.Count(direction, Counter::kSent, sent);
    page_.Count(direction, Counter::kSentBytes, out.bytes);
    if (sent < out.count)
      page_.Count(direction, DropReason::kTxFull, static_cast<uint64_t>(out.count - sent));
  }
  out.count = 0;
  out.bytes = 0;
}

// Before anything of the round touches the rings: those of a former attachment go with its World.
void Worker::Follow(const World& world) {
  attachment_ = world.attachment;
  commands_.reset();
  events_.reset();
  lister_ = FlowLister{};
  pipeline_.TellOpenings(world.link == nullptr ? nullptr : &OpeningsIn(world.link, workers_)[index_]);
  if (world.link == nullptr) return;
  commands_.emplace(&world.link[1 + index_].commands);
  events_.emplace(&world.link[1 + index_].events);
}

void Worker::ObeyControl(uint64_t now_ms) {
  if (!commands_.has_value()) return;
  Message message;
  for (int n = 0; n < kCommandsPerRound && commands_->Pop(&message) == RingResult::kOk; ++n)
    if (message.kind == MessageKind::kFlowQuery) lister_.Begin(message.flow_query);
  lister_.Step(pipeline_, *events_, kListedPerRound, now_ms);
}

}  // namespace cfr
