// SPDX-License-Identifier: BSD-3-Clause
// A dataplane without packets: the real socket, the real main ring and its commands, no workers. What
// workers would count or answer is put there by the test.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "common/attach.h"
#include "dataplane/control_link.h"

namespace cfr::test {

class DataplaneDouble {
 public:
  DataplaneDouble(const std::string& socket_path, int workers, std::vector<Prefix> egress_allowed);

  // A turn of the main lcore: attaches, obeys, publishes.
  void Poll(uint64_t now_ms);
  DataplanePage& page() { return server_->page(); }
  const World& world() const { return world_; }

  // The worker's end of its rings.
  std::optional<FlowQueryBody> TakeQuery(int worker);
  void Say(int worker, const Message& message);
  void Tell(int worker, const Opened& opened);

 private:
  struct WorkerEnd {
    RingConsumer commands;
    RingProducer events;
    OpenedProducer openings;
  };
  std::unique_ptr<AttachServer> server_;
  Leases leases_;
  World world_;
  ControlLink link_;
  std::vector<WorkerEnd> workers_;
};

}  // namespace cfr::test
