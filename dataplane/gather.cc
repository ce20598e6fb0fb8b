// SPDX-License-Identifier: BSD-3-Clause
// The steps of fragments (drawing: fragments.h): they meet at the home of their datagram, wait there for
// the first one, and leave under one new id. And the step of a datagram that must become fragments.
#include <algorithm>

#include "dataplane/admit.h"
#include "dataplane/pipeline.h"
#include "dataplane/split.h"

namespace cfr {
namespace {

// Whose early fragments are counted together: a subscriber, or a remote host or IPv6 network.
Address SenderOf(const Packet& p, Direction direction, const Snapshot& snapshot) {
  constexpr int kNetworkLength = 64;
  const Address source = p.SourceAddress();
  const SubscriberSpace* space =
      direction == Direction::kOutbound ? snapshot.subscribers.Find(source) : nullptr;
  return Masked(source, space != nullptr ? space->per : std::min(source.bits(), kNetworkLength));
}

}  // namespace

int Pipeline::HomeOf(uint64_t hash) const {
  return static_cast<int>((hash >> 32) * static_cast<uint64_t>(shared_.owner.workers()) >> 32);
}

// False: there is nothing to do, its datagram is known. Otherwise it is at home here and resolved, or it
// has a verdict.
bool Pipeline::Gather(Direction direction, Packet& p, const World& world) {
  if (p.resolved != 0 || world.snapshot == nullptr) return false;
  const DatagramKey key = KeyOf(p, direction);
  const uint64_t hash = HashOf(key, shared_.fragment_key);
  if (const int home = HomeOf(hash); home != worker_) {
    p.verdict = Verdict::kHandOff;
    p.worker = static_cast<uint8_t>(home);
    return true;
  }
  const Settings& settings = world.snapshot->settings;
  FragmentTable::Datagram* d = fragments_.Find(key, hash);
  if (d != nullptr && d->is_over(now_ms_, settings[Setting::kTimerFragHold] * 1000)) {
    fragments_.Forget(*d);
    d = nullptr;
  }
  const bool waits = p.part == Part::kLater && (d == nullptr || d->state == FragmentTable::State::kWaiting);
  // Asked first: in a flood this is the way of nearly all.
  if (waits && !fragments_.HasRoomToHold(now_ms_)) return cfr::Drop(p, DropReason::kFragmentTableFull), true;
  if (d == nullptr) AdmitFragment(direction, p, *world.snapshot);
  if (p.decided()) return true;
  uint64_t sender = 0;
  if (waits) {
    const Address address = SenderOf(p, direction, *world.snapshot);
    sender = HashOf(address, shared_.fragment_key);
    const bool many = (d == nullptr ? 0u : d->held_count) >= settings[Setting::kFragmentsPerDatagram];
    if (many || !fragments_.MayHold(sender, settings[Setting::kFragmentsPerSender]))
      return cfr::Drop(p, DropReason::kFragmentTableFull), true;
    fragments_.MakeRoomToHold(now_ms_);
    d = fragments_.Find(key, hash);
  }
  if (d == nullptr) d = &fragments_.Add(key, hash, now_ms_);
  if (!FitsDatagram(p, *d)) return true;
  if (waits) {
    fragments_.Hold(*d, p, sender);
    page_.Count(direction, Counter::kConsumed);
    p.verdict = Verdict::kHold;
    return true;
  }
  if (p.part == Part::kFirst)
    fragments_.Resolve(*d, {p.protocol, p.source_port, p.destination_port}, now_ms_);
  p.Resume(d->resolution);
  p.protocol = p.resolved;
  return true;
}

bool Pipeline::FitsDatagram(Packet& p, FragmentTable::Datagram& d) {
  using Fit = FragmentRanges::Fit;
  const auto end = static_cast<uint16_t>(p.fragment_start() + p.length - p.fragment_offset());
  const bool poisoned = d.state == FragmentTable::State::kPoisoned;
  switch (poisoned ? Fit::kOverlap : d.ranges.Add(p.fragment_start(), end, p.more_fragments())) {
    case Fit::kNew:
      if (d.ranges.complete()) d.complete_ms = now_ms_;
      return true;
    case Fit::kDuplicate:
      cfr::Drop(p, DropReason::kFragmentDuplicate);
      break;
    case Fit::kTooMany:
      cfr::Drop(p, DropReason::kFragmentTableFull);
      break;
    case Fit::kOverlap:
      if (!poisoned) fragments_.Poison(d, now_ms_);
      cfr::Drop(p, DropReason::kFragmentOverlap);
  }
  return false;
}

// The id an outbound packet leaves under; asked before it is translated.
template <class A>
uint32_t Pipeline::NewId(const Packet& p, const Flow<A>& flow, const Settings& settings) {
  if (p.part == Part::kWhole) return ids_.Next(flow.alias, flow.remote, flow.protocol);
  const DatagramKey key = KeyOf(p, Direction::kOutbound);
  const uint64_t hash = HashOf(key, shared_.fragment_key);
  FragmentTable::Datagram* d = fragments_.Find(key, hash);
  if (d == nullptr) {  // at home at another worker
    d = &fragments_.Add(key, hash, now_ms_);
    fragments_.Resolve(*d, p.resolution(), now_ms_);
  }
  // Away from home only a first fragment tells that the id came again, which it does after frag_hold; one
  // that comes sooner waited for its next hop while others of its datagram did not.
  const bool next = p.part == Part::kFirst && now_ms_ - d->id_ms >= settings[Setting::kTimerFragHold] * 1000;
  if (next || !d->has_id) {
    d->new_id = ids_.Next(flow.alias, flow.remote, flow.protocol);
    d->has_id = true;
    d->id_ms = now_ms_;
  }
  return d->new_id;
}
template uint32_t Pipeline::NewId(const Packet&, const Flow<V4>&, const Settings&);
template uint32_t Pipeline::NewId(const Packet&, const Flow<V6>&, const Settings&);

// A finished IPv4 packet that is too big for its link and may be cut.
void Pipeline::Cut(Direction direction, Packet& p, uint16_t mtu) {
  const size_t count = static_cast<size_t>(PiecesOf(p, mtu)) - 1, first = pieces_.size();
  while (pieces_.size() < first + count) {
    Packet piece;
    if (pieces_.size() == kPiecesMax || !buffers_.Allocate(&piece)) break;
    pieces_.push_back(piece);
  }
  if (pieces_.size() < first + count) {
    for (size_t i = first; i < pieces_.size(); ++i) buffers_.Release(pieces_[i]);
    pieces_.resize(first);
    return Drop(direction, p, DropReason::kNoBuffer);
  }
  Split(p, mtu, std::span(pieces_).subspan(first));
  p.pieces = static_cast<uint8_t>(count);
  page_.Count(direction, Counter::kPieces, count);
}

unsigned Pipeline::TakeReleased(Direction direction, std::span<Packet> packets) {
  return fragments_.TakeReleased(direction, packets);
}

}  // namespace cfr
