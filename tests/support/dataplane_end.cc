// SPDX-License-Identifier: BSD-3-Clause
#include "tests/support/dataplane_end.h"

#include "common/check.h"

namespace cfr::test {
namespace {

std::unique_ptr<AttachServer> Listen(const std::string& socket_path, int workers) {
  auto server = AttachServer::Listen(socket_path, workers);
  CFR_CHECK(server.ok(), "a test's directory takes a socket");
  return std::move(*server);
}

}  // namespace

DataplaneEnd::DataplaneEnd(const std::string& socket_path, std::vector<Prefix> allowed, int workers)
    : server_(Listen(socket_path, workers)),
      link_(*server_, SnapshotBuilder(std::move(allowed), std::vector<uint64_t>(kUnitsMax)), leases_,
            world_) {}

bool DataplaneEnd::Poll(uint64_t now_ms, int budget) {
  const bool changed = link_.Poll(budget, now_ms);
  if (!changed) return false;
  server_->TakeFormer();  // no worker holds it
  page().generation.Set(generation());
  return true;
}

}  // namespace cfr::test
