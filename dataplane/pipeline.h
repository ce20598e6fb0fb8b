// SPDX-License-Identifier: BSD-3-Clause
// A packet's way through one worker, both directions alike (drawing: docs/architecture.md). Knows no
// NIC, no clock and no thread: ports, tests, fuzzers and benches call the same function.
//
//   parse -> owner -> find -> [admit -> open] -> next hop -> advance -> translate -> scrub -> guard
//
// Only the worker itself may call a Pipeline. What is shared between workers stands in Shared.
#pragma once

#include <cstdint>
#include <memory>
#include <span>

#include "common/counters.h"
#include "dataplane/alias_policy.h"
#include "dataplane/answer_limit.h"
#include "dataplane/exhaustion.h"
#include "dataplane/flow_table.h"
#include "dataplane/next_hops.h"
#include "dataplane/owner.h"
#include "dataplane/packet.h"
#include "dataplane/random_source.h"
#include "dataplane/snapshot.h"
#include "dataplane/subscriber_table.h"
#include "dataplane/tcp_state.h"

namespace cfr {

// Facts and secrets of the process, the same for every worker; set before the first packet.
struct Shared {
  Shared(const Owner& owner, SubscriberTable& subscribers, const Leases& leases, SipKey phase_key,
         SipKey label_key)
      : owner(owner), subscribers(subscribers), leases(leases), phase_key(phase_key), label_key(label_key),
        answers(std::make_unique<AnswerLimit>(phase_key)) {}
  const Owner& owner;
  SubscriberTable& subscribers;
  const Leases& leases;
  const SipKey phase_key;  // staggers the epoch edges
  const SipKey label_key;  // IPv6 flow labels
  const std::unique_ptr<AnswerLimit> answers;
  PortFacts port[kSides];
};

enum class Origin : uint8_t { kPort, kHandoff };

class Pipeline {
 public:
  // `flows_v4`, `flows_v6`: capacity of the two flow tables. `page`: this worker's counters.
  Pipeline(int worker, const Shared& shared, uint32_t flows_v4, uint32_t flows_v6, RandomSource& random,
           CounterPage& page);

  // Runs at most kBurstMax packets of one direction and gives each its verdict; drops are counted here,
  // what the verdict asks for is the caller's to do and count. `now_ms` is monotonic and never goes back.
  void Process(Direction direction, Origin origin, std::span<Packet> burst, const World& world,
               uint64_t now_ms);

  // Re-checks at most `budget` flows whose timer is due; returns how many.
  int Expire(uint64_t now_ms, int budget, const World& world);

  // Drops a packet for a reason outside the pipeline (full ring, full queue).
  void Drop(Direction direction, Packet& p, DropReason reason);

  const FlowTable<V4>& flows_v4() const { return v4_; }
  const FlowTable<V6>& flows_v6() const { return v6_; }

 private:
  template <class A>
  FlowTable<A>& Table() {
    if constexpr (A::kFamily == Family::kV4) return v4_;
    else return v6_;
  }

  void Steer(Direction direction, Origin origin, Packet& p);
  template <class A, Direction kDirection>
  void Relay(Packet& p, const World& world);
  void RelayIcmpError(Direction direction, Origin origin, Packet& p, const World& world);
  template <class A, Direction kDirection>
  void RelayIcmpError(Origin origin, Packet& p, const World& world);
  template <class A>
  FlowIndex FindLive(const FlowKey<A>& key, uint64_t hash, const Snapshot& snapshot);
  template <class A>
  FlowIndex Open(Packet& p, const FlowKey<A>& key, const World& world, const SubscriberSpace& space);
  template <class A>
  bool ChooseAlias(const Snapshot& snapshot, RegionId region, uint64_t seed, Flow<A>* flow, DropReason* reason);
  template <class A>
  bool ChoosePort(const Settings& settings, Flow<A>* flow);
  template <class A>
  bool Advance(FlowIndex i, Direction direction, const Packet& p, const Snapshot& snapshot);
  template <class A>
  void Close(FlowIndex i);
  template <class A>
  bool ExpireOne(const Snapshot& snapshot);
  template <class A>
  void RelayBypassed(Direction direction, Packet& p, const World& world);
  bool Fits(Direction direction, Packet& p);
  void TellSender(Direction direction, Packet& p, const World& world);
  void RationEcho(Direction direction, Packet& p, const Snapshot& snapshot);
  template <class A>
  bool SetStations(Direction direction, Packet& p, const A& destination, const World& world);

  const int worker_;
  const Shared& shared_;
  RandomSource& random_;
  CounterPage& page_;
  FlowTable<V4> v4_;
  FlowTable<V6> v6_;
  uint64_t now_ms_ = 0;  // of the burst in hand
  ExhaustionMemory exhausted_;
};

}  // namespace cfr
