// SPDX-License-Identifier: BSD-3-Clause
// The main lcore's Neighbours between two links: what the workers consumed goes in, what it does to the
// world is kept for the test to look at. The clock is the test's.
#pragma once

#include <deque>
#include <memory>
#include <vector>

#include "dataplane/neighbours.h"
#include "tests/support/configuration_run.h"
#include "tests/support/packet_builder.h"

namespace cfr::test {

class NeighbourBed : private NeighbourIo {
 public:
  static constexpr MacAddress kPortMac[kSides] = {{2, 0, 0, 0, 0, 1}, {2, 0, 0, 0, 0, 2}};

  NeighbourBed();
  void Configure(const ConfigurationRun& run) {
    neighbours.Configure(SnapshotOf(run));
    neighbours.Tick(now_ms);
  }

  // A frame a worker consumed; `hop`: it needs the station of this address. Returns the buffer.
  const void* Take(Side side, const Frame& frame, std::optional<Address> hop = std::nullopt);
  // As the main lcore does after each turn: next hops published, waiting packets given back.
  std::shared_ptr<const NextHops> Publish();
  // Time passes, ticked every 100 ms.
  void Wait(uint64_t ms);

  struct Sent {
    Side side;
    Frame frame;
  };
  std::vector<Sent> TakeSent() { return std::exchange(sent_, {}); }
  std::vector<const void*> TakeReturned() { return std::exchange(returned_, {}); }
  std::vector<const void*> TakeReleased() { return std::exchange(released_, {}); }
  uint64_t Dropped(Direction d, DropReason r) const { return page->Get(d, r); }
  // Packets in its hands, as the accounting identity says.
  int64_t Waiting(Direction d) const { return AccountingMismatch(*page, d); }

  uint64_t now_ms = 1'000'000;
  PortFacts ports[kSides];
  std::unique_ptr<CounterPage> page = std::make_unique<CounterPage>();

 private:
  void Send(Side side, std::span<const uint8_t> frame) override;
  void Return(Direction direction, void* buffer) override;
  void Release(void* buffer) override;

  std::vector<Sent> sent_;
  std::vector<const void*> returned_, released_;
  std::deque<Frame> buffers_;

 public:
  Neighbours neighbours{ports, *this, *page, 0x5a5a};
};

}  // namespace cfr::test
