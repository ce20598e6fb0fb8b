// SPDX-License-Identifier: BSD-3-Clause
// A packet's way through one worker, both directions alike (drawing: docs/architecture.md). Knows no
// NIC, no clock and no thread: ports, tests, fuzzers and benches call the same function.
//
//   parse -> [gather] -> owner -> find -> [admit -> open] -> next hop -> advance -> translate -> scrub
//   -> guard -> [cut]
//
// Only the worker itself may call a Pipeline. What is shared between workers stands in Shared.
#pragma once

#include <cstdint>
#include <span>

#include "common/counters.h"
#include "dataplane/alias_policy.h"
#include "dataplane/alias_port.h"
#include "dataplane/answer_limit.h"
#include "dataplane/buffer_source.h"
#include "dataplane/datagram_ids.h"
#include "dataplane/flow_table.h"
#include "dataplane/fragments.h"
#include "dataplane/next_hops.h"
#include "dataplane/openings.h"
#include "dataplane/owner.h"
#include "dataplane/packet.h"
#include "dataplane/random_source.h"
#include "dataplane/snapshot.h"
#include "dataplane/subscriber_table.h"
#include "dataplane/tcp_state.h"

namespace cfr {

// Facts and secrets of the process, the same for every worker; set before the first packet.
struct Shared {
  // Draws its keys.
  Shared(const Owner& owner, SubscriberTable& subscribers, const Leases& leases, uint64_t affinity_pairs,
         RandomSource& random);
  const Owner& owner;
  SubscriberTable& subscribers;
  const Leases& leases;
  const SipKey fragment_key;               // homes of datagrams in fragments
  const FlowHash::Key id_key;              // identifications of datagrams
  mutable AliasPolicy alias_policy;        // whose affinity is of atomics
  mutable AnswerLimit answers;             // of atomics, taken from by every worker
  mutable ExclusivePorts exclusive_ports;  // of atomics, too
  PortFacts port[kSides];
};

// Where a burst comes from: a port, another worker or the main lcore, TakeReleased.
enum class Origin : uint8_t { kPort, kHandoff, kHold };

// Capacities of one worker.
struct TableSizes {
  uint32_t flows_v4, flows_v6;
  uint32_t datagrams, fragments_held;
};

class Pipeline {
 public:
  // `page`: this worker's counters. All references outlive the pipeline.
  Pipeline(int worker, const Shared& shared, const TableSizes& sizes, BufferSource& buffers,
           RandomSource& random, CounterPage& page);

  // Runs at most kBurstMax packets of one direction and gives each its verdict; drops are counted here,
  // what the verdict asks for is the caller's to do and count. `now_ms` is monotonic and never goes back.
  void Process(Direction direction, Origin origin, std::span<Packet> burst, const World& world,
               uint64_t now_ms);

  // After Process: the packets that `pieces` of its burst announce, one behind the other.
  std::span<Packet> pieces() { return pieces_; }
  // After Process and Expire, until it gives none: packets of `direction` whose hold is over, for Process
  // with Origin::kHold.
  unsigned TakeReleased(Direction direction, std::span<Packet> packets);

  // Re-checks at most `budget` flows and datagrams whose timer is due; returns how many.
  int Expire(uint64_t now_ms, int budget, const World& world);

  // Where openings are told from now on: a fresh ring, or nullptr when nobody listens.
  void TellOpenings(OpenedRing* ring) { openings_.Listen(ring); }

  // Drops a packet for a reason outside the pipeline (full ring, full queue).
  void Drop(Direction direction, Packet& p, DropReason reason);

  const FlowTable<V4>& flows_v4() const { return v4_; }
  const FlowTable<V6>& flows_v6() const { return v6_; }
  const FragmentTable& fragments() const { return fragments_; }

 private:
  template <class A>
  FlowTable<A>& Table() {
    if constexpr (A::kFamily == Family::kV4)
      return v4_;
    else
      return v6_;
  }

  bool Gather(Direction direction, Packet& p, const World& world);
  bool FitsDatagram(Packet& p, FragmentTable::Datagram& d);
  int HomeOf(uint64_t hash) const;
  template <class A>
  uint32_t NewId(const Packet& p, const Flow<A>& flow, const Settings& settings);
  void Forward(Direction direction, Packet& p);
  void Cut(Direction direction, Packet& p, uint16_t mtu);
  void Steer(Direction direction, Origin origin, Packet& p);
  template <class A, Direction kDirection>
  void Relay(Packet& p, const World& world);
  void RelayIcmpError(Direction direction, Origin origin, Packet& p, const World& world);
  template <class A, Direction kDirection>
  void RelayIcmpError(Origin origin, Packet& p, const World& world);
  template <class A>
  FlowIndex FindLive(const FlowKey<A>& key, uint64_t hash, const Snapshot& snapshot);
  bool MayOpen();
  template <class A>
  FlowIndex Open(Packet& p, const FlowKey<A>& key, const World& world, const SubscriberSpace& space);
  template <class A>
  bool ChooseAlias(const Snapshot& snapshot, AliasDraw* draw, Flow<A>* flow, DropReason* reason);
  template <class A>
  bool Advance(FlowIndex i, Direction direction, const Packet& p, const Snapshot& snapshot);
  template <class A>
  bool AdvanceConnection(FlowIndex i, Direction direction, const Segment& segment, const Snapshot& snapshot);
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
  const Mac* FindStation(Direction direction, Packet& p, const A& destination, const World& world);
  void SetStations(Direction direction, Packet& p, const Mac& station);

  const int worker_;
  const Shared& shared_;
  BufferSource& buffers_;
  RandomSource& random_;
  CounterPage& page_;
  FlowTable<V4> v4_;
  FlowTable<V6> v6_;
  FragmentTable fragments_;
  DatagramIds ids_;
  std::vector<Packet> pieces_;  // of the burst in hand
  uint64_t now_ms_ = 0;         // of the burst in hand
  AliasPort alias_port_;
  Openings openings_;
};

}  // namespace cfr
