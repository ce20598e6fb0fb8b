// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/fragments.h"

#include <algorithm>
#include <bit>

namespace cfr {

DatagramKey KeyOf(const Packet& p, Direction direction) {
  if (p.family == Family::kV6)
    return {p.source<V6>(), p.destination<V6>(), p.fragment6().id.raw, 0, direction};
  return {{0, p.source<V4>().word}, {0, p.destination<V4>().word}, p.ip4().id.raw, p.protocol, direction};
}

uint64_t HashOf(const DatagramKey& key, const SipKey& secret) {
  const uint64_t rest =
      uint64_t{key.id} << 32 | uint64_t{key.protocol} << 8 | static_cast<uint64_t>(key.direction);
  return SipHash(secret)
      .Add(key.source.high)
      .Add(key.source.low)
      .Add(key.destination.high)
      .Add(key.destination.low)
      .Add(rest)
      .Finish();
}

uint64_t HashOf(const Address& sender, const SipKey& secret) {
  const V6 words = LoadAddress<V6>(sender.bytes.data());
  return SipHash(secret).Add(words.high).Add(words.low).Finish();
}

FragmentTable::FragmentTable(uint32_t datagrams, uint32_t held)
    : datagrams_(datagrams),
      held_(held),
      buckets_(std::bit_ceil(size_t{datagrams} * 2), kNone),
      senders_(kSenders) {
  for (Index i = 0; i < datagrams; ++i) datagrams_[i].next_in_bucket = i + 1 == datagrams ? kNone : i + 1;
  for (Index i = 0; i < held; ++i) held_[i].next = i + 1 == held ? kNone : i + 1;
  free_datagram_ = free_held_ = 0;
  // All that is held may be released by one burst that itself is held.
  for (Queue& queue : released_) queue.packets.reserve(held + kBurstMax);
}

FragmentTable::Datagram* FragmentTable::Find(const DatagramKey& key, uint64_t hash) {
  for (Index i = buckets_[hash & (buckets_.size() - 1)]; i != kNone; i = datagrams_[i].next_in_bucket)
    if (datagrams_[i].hash == static_cast<uint32_t>(hash) && datagrams_[i].key == key) return &datagrams_[i];
  return nullptr;
}

FragmentTable::Datagram& FragmentTable::Add(const DatagramKey& key, uint64_t hash, uint64_t now_ms) {
  if (free_datagram_ == kNone) {
    const Index oldest = settled_.oldest != kNone ? settled_.oldest : waiting_.oldest;
    Release(datagrams_[oldest], Verdict::kDrop, DropReason::kFragmentTableFull);
    Forget(datagrams_[oldest]);
  }
  const Index i = free_datagram_;
  Datagram& d = datagrams_[i];
  free_datagram_ = d.next_in_bucket;
  Index& bucket = buckets_[hash & (buckets_.size() - 1)];
  d = Datagram{};
  d.key = key;
  d.hash = static_cast<uint32_t>(hash);
  d.next_in_bucket = bucket;
  bucket = i;
  Enter(d, State::kWaiting, now_ms);
  ++used_;
  return d;
}

// What it held was released before.
void FragmentTable::Forget(Datagram& d) {
  const Index i = IndexOf(d);
  Leave(d);
  Index* link = &buckets_[d.hash & (buckets_.size() - 1)];
  while (*link != i) link = &datagrams_[*link].next_in_bucket;
  *link = d.next_in_bucket;
  d.state = State::kFree;
  d.next_in_bucket = free_datagram_;
  free_datagram_ = i;
  --used_;
}

void FragmentTable::Resolve(Datagram& d, const Resolution& r, uint64_t now_ms) {
  d.resolution = r;
  Leave(d);
  Enter(d, State::kKnown, now_ms);
  Release(d, Verdict::kUndecided, DropReason{});
}

void FragmentTable::Poison(Datagram& d, uint64_t now_ms) {
  Leave(d);
  Enter(d, State::kPoisoned, now_ms);
  Release(d, Verdict::kDrop, DropReason::kFragmentOverlap);
}

void FragmentTable::MakeRoomToHold(uint64_t now_ms) {
  if (free_held_ != kNone) return;
  if (pushed_out_ms_ != now_ms) pushed_out_ = 0;
  pushed_out_ms_ = now_ms;
  ++pushed_out_;
  Datagram& oldest = datagrams_[waiting_.oldest];
  Release(oldest, Verdict::kDrop, DropReason::kFragmentTableFull);
  Forget(oldest);
}

void FragmentTable::Hold(Datagram& d, const Packet& p, uint64_t sender) {
  const Index i = free_held_;
  Held& held = held_[i];
  free_held_ = held.next;
  held = {p.data, p.buffer, p.length, static_cast<uint16_t>(sender % kSenders), kNone};
  (d.held_count == 0 ? d.first_held : held_[d.last_held].next) = i;
  d.last_held = i;
  ++d.held_count;
  ++senders_[held.sender];
  ++held_count_;
}

// Its fragments go to the queue of their direction.
void FragmentTable::Release(Datagram& d, Verdict verdict, DropReason reason) {
  for (Index i = d.first_held; i != kNone;) {
    Held& held = held_[i];
    Packet p;
    p.data = held.data;
    p.length = held.length;
    p.buffer = held.buffer;
    p.verdict = verdict;
    p.reason = reason;
    p.Resume(d.resolution);
    released_[static_cast<int>(d.key.direction)].packets.push_back(p);
    --senders_[held.sender];
    --held_count_;
    const Index next = held.next;
    held.next = free_held_;
    free_held_ = i;
    i = next;
  }
  d.first_held = d.last_held = kNone;
  d.held_count = 0;
}

int FragmentTable::Expire(uint64_t now_ms, uint64_t hold_ms, uint64_t map_ms, int budget) {
  int done = 0;
  auto expire = [&](const Ages& ages, uint64_t after_ms) {
    for (; done < budget && ages.oldest != kNone; ++done) {
      Datagram& d = datagrams_[ages.oldest];
      if (now_ms - d.since_ms < after_ms) return;
      Release(d, Verdict::kDrop, DropReason::kFragmentTimeout);
      Forget(d);
    }
  };
  expire(waiting_, hold_ms);
  expire(settled_, map_ms);
  return done;
}

unsigned FragmentTable::TakeReleased(Direction direction, std::span<Packet> packets) {
  Queue& queue = released_[static_cast<int>(direction)];
  const size_t count = std::min(packets.size(), queue.packets.size() - queue.taken);
  std::copy_n(queue.packets.begin() + static_cast<std::ptrdiff_t>(queue.taken), count, packets.begin());
  queue.taken += count;
  if (queue.taken == queue.packets.size()) {
    queue.packets.clear();
    queue.taken = 0;
  }
  return static_cast<unsigned>(count);
}

void FragmentTable::Enter(Datagram& d, State state, uint64_t now_ms) {
  d.state = state;
  d.since_ms = now_ms;
  Ages& ages = AgesOf(state);
  d.older = ages.newest;
  d.newer = kNone;
  (ages.newest == kNone ? ages.oldest : datagrams_[ages.newest].newer) = IndexOf(d);
  ages.newest = IndexOf(d);
}

void FragmentTable::Leave(Datagram& d) {
  Ages& ages = AgesOf(d.state);
  (d.older == kNone ? ages.oldest : datagrams_[d.older].newer) = d.newer;
  (d.newer == kNone ? ages.newest : datagrams_[d.newer].older) = d.older;
}

}  // namespace cfr
