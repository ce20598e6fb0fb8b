// SPDX-License-Identifier: BSD-3-Clause
// The main lcore: commands, neighbours, everything slow, and the only one that replaces the World.
#pragma once

#include <memory>
#include <vector>

#include "dataplane/control_link.h"
#include "dataplane/neighbours.h"
#include "dataplane/worker.h"

namespace cfr {

class MainLcore : private NeighbourIo {
 public:
  // `allowed`: what may ever become an alias. All references outlive this object.
  MainLcore(const Config& config, AttachServer& server, Floor& floor, const Shared& shared, Leases& leases,
            rte_mempool* pool, std::vector<Prefix> allowed, RandomSource& random);
  // One turn; true if it did anything.
  bool Round();

 private:
  void Send(Side side, std::span<const uint8_t> frame) override;
  void Return(Direction direction, void* buffer) override;
  void Release(void* buffer) override;

  bool TakeConsumed(uint64_t now_ms);
  void Publish();
  void SendMade();
  void Report(uint64_t now_ms);

  const Config& config_;
  AttachServer& server_;
  Floor& floor_;
  const Shared& shared_;
  rte_mempool* pool_;
  World draft_;
  std::unique_ptr<const World> published_;
  ControlLink link_;
  Neighbours neighbours_;
  std::vector<rte_mbuf*> made_;  // of this turn
  uint64_t next_report_ms_ = 0;
};

}  // namespace cfr
