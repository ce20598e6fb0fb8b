// SPDX-License-Identifier: BSD-3-Clause
// The main lcore of a dataplane without packets: a real socket, a real control link, the world it drafts.
// Destroyed and made anew, it is a dataplane that was started again.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "common/attach.h"
#include "dataplane/control_link.h"

namespace cfr::test {

class DataplaneEnd {
 public:
  // `allowed`: the egress prefixes fixed at start.
  DataplaneEnd(const std::string& socket_path, std::vector<Prefix> allowed, int workers = 1);

  // One turn; true if the world changed and was published.
  bool Poll(uint64_t now_ms, int budget = 1 << 20);

  DataplanePage& page() { return server_->page(); }
  const World& world() const { return world_; }
  const Leases& leases() const { return leases_; }
  Generation generation() const { return world_.snapshot == nullptr ? 0 : world_.snapshot->generation; }

 private:
  std::unique_ptr<AttachServer> server_;
  Leases leases_;
  World world_;
  ControlLink link_;
};

}  // namespace cfr::test
