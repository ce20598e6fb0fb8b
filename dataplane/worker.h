// SPDX-License-Identifier: BSD-3-Clause
// A polled thread: takes packets from its queues and rings, runs them through its pipeline and does what
// the verdicts say. No lock, allocation, log or system call after start, except the sleep of an idle
// worker that does not own its core. Every loop of a round is bounded by limits.h.
#pragma once

#include <rte_rcu_qsbr.h>

#include <atomic>
#include <optional>

#include "dataplane/exchange.h"
#include "dataplane/flow_lister.h"
#include "dataplane/pipeline.h"
#include "dataplane/port.h"

namespace cfr {

// What all workers of the process share with the main lcore.
struct Floor {
  const Port* ports;  // kSides
  rte_mempool* pool;  // packet buffers
  Exchange* exchange;
  std::atomic<const World*> world;
  rte_rcu_qsbr* grace;  // a worker reports here that it holds no former World
  std::atomic<bool> stop{false};
  bool poll_mode;
};

class Worker : private BufferSource {
 public:
  Worker(int index, Floor& floor, const Shared& shared, const TableSizes& sizes, CounterPage& page);
  // The loop, until floor.stop.
  void Run();

 private:
  bool Allocate(Packet* p) override;
  void Release(const Packet& p) override;
  uint16_t RoomOf(const Packet& p) const override;

  int Round();
  int Poll(Side side, const World& world, uint64_t now_ms);
  int TakeHandoffs(const World& world, uint64_t now_ms);
  int TakeMade(const World& world);
  void Relay(Direction direction, Origin origin, rte_mbuf** buffers, unsigned count, const World& world,
             uint64_t now_ms);
  void Run(Direction direction, Origin origin, std::span<Packet> packets, const World& world,
           uint64_t now_ms);
  void TakeReleased(const World& world, uint64_t now_ms);
  void Finish(Direction direction, Packet& p);
  void Forward(Direction direction, Packet& p);
  void Answer(Direction direction, const Packet& p);
  void HandOff(Direction direction, Packet& p);
  void Consume(Direction direction, Packet& p);
  bool Queue(Side side, rte_mbuf* m);
  void Transmit(Side side, bool counted);
  void Follow(const World& world);
  void ObeyControl(uint64_t now_ms);

  // Frames waiting for one transmit call. All of one side, and, but for made ones, of one direction.
  struct Outgoing {
    rte_mbuf* buffers[kBurstMax + kPiecesMax];
    uint16_t count = 0;
    uint64_t bytes = 0;
  };

  const int index_, workers_;
  Floor& floor_;
  RandomSource random_;
  CounterPage& page_;
  Pipeline pipeline_;
  Outgoing outgoing_[kSides];
  uint32_t attachment_ = 0;  // the one the two below belong to
  std::optional<RingConsumer> commands_;
  std::optional<RingProducer> events_;
  FlowLister lister_;
};

}  // namespace cfr
