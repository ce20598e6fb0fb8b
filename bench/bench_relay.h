// SPDX-License-Identifier: BSD-3-Clause
// One pipeline with a population of open UDP or established TCP flows, and traces of packets for it: the flow
// of every packet is drawn uniformly from the whole population, so that nothing but the caches' real size
// helps.
//
//   flow i: host i / 63 of the subscribers, port 2000 + i % 63, one of 1024 remotes, port 443 (RFC 4814)
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <random>
#include <vector>

#include "dataplane/pipeline.h"

namespace cfr::bench {

inline constexpr int kBurst = 32;

// What the packets of a burst are. Data carries the timestamps option as nearly every stack lays it out.
enum class Segment { kUdp, kTcpSyn, kTcpSynAck, kTcpData };
inline constexpr int kSegments = 4;

// What of a packet differs from flow to flow, ready to be copied into the header template.
template <class A>
struct TraceEntry {
  A source, destination;
  uint16_t source_port, destination_port;  // network order
};

// The memory of a burst: buffers as far apart as packet buffers of a pool are, headers made in place.
class Burst {
 public:
  Burst();
  template <class A>
  void Fill(const TraceEntry<A>* entries, Direction direction, Segment segment = Segment::kUdp);
  std::span<Packet> packets() { return packets_; }

 private:
  template <class A, class L4>
  void FillAs(const TraceEntry<A>* entries, Direction direction, Segment segment);

  static constexpr size_t kStride = 2432;
  std::vector<uint8_t> memory_;
  std::array<Packet, kBurst> packets_;
};

class BenchRelay : private BufferSource {
 public:
  // Opens `flows` flows of each family in `families`, with room for `spare` more. `data`: kUdp or kTcpData.
  BenchRelay(uint32_t flows, std::vector<Family> families, uint32_t spare = 0, Segment data = Segment::kUdp);
  ~BenchRelay();

  // Opens the population; no flow of it may be live. The constructor has done so once.
  template <class A>
  void OpenAll();
  // Time passes; timers are served every second of it, as a worker does.
  void Wait(uint64_t ms);

  void Process(Direction direction, Burst& burst) {
    pipeline_->Process(direction, Origin::kPort, burst.packets(), world_, now_ms_);
  }
  void Pass(uint64_t ms) { now_ms_ += ms; }
  void TellOpenings(OpenedRing* ring) { pipeline_->TellOpenings(ring); }
  // Fragments whose hold is over; nothing more happens to them.
  void ForgetReleased(Direction direction) {
    Packet packets[kBurst];
    while (pipeline_->TakeReleased(direction, packets) > 0) {
    }
  }
  // `packets` packets of live flows, a whole number of bursts.
  template <class A>
  std::vector<TraceEntry<A>> Trace(Direction direction, size_t packets);
  // First packets of flows that do not exist; no two calls give the same.
  template <class A>
  std::vector<TraceEntry<A>> NewFlows(size_t packets);
  uint32_t flows() const { return flows_; }
  template <class A>
  const FlowTable<A>& Table() const;
  uint64_t now_ms() const { return now_ms_; }
  const CounterPage& page() const { return *page_; }
  const World& world() const { return world_; }
  const Pipeline& pipeline() const { return *pipeline_; }
  uint64_t SubscriberFlows() const { return subscribers_.TotalFlows(); }

 private:
  bool Allocate(Packet*) override { return false; }  // no packet of the bench is too big
  void Release(const Packet&) override {}
  uint16_t RoomOf(const Packet& p) const override { return p.length; }

  template <class A>
  TraceEntry<A> Outbound(uint32_t flow) const;
  template <class A>
  void Handshake();
  const uint32_t flows_;
  const Segment data_;
  uint32_t next_flow_;
  uint64_t now_ms_ = 1'000'000'000;
  RandomSource random_;
  Owner owner_;
  SubscriberTable subscribers_;
  Leases leases_;
  Shared shared_;
  World world_;
  std::unique_ptr<CounterPage> page_;
  std::unique_ptr<Pipeline> pipeline_;
  std::mt19937_64 draw_{1};
  std::vector<uint32_t> order_;  // in which the population opens
};

}  // namespace cfr::bench
