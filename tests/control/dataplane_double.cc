// SPDX-License-Identifier: BSD-3-Clause
#include "tests/control/dataplane_double.h"

#include <unistd.h>

#include <cstdlib>

#include "common/check.h"

namespace cfr::test {
namespace {

std::unique_ptr<AttachServer> Served(const std::string& path, int workers) {
  auto server = AttachServer::Listen(path, workers);
  CFR_CHECK(server.ok(), "the test's directory takes no socket");
  DataplanePage& page = (*server)->page();
  page.magic = kLinkMagic;
  page.version = kLinkVersion;
  page.workers = static_cast<uint16_t>(workers);
  page.boot = 1;
  page.pid = static_cast<uint32_t>(getpid());
  page.counter_rows = kCounterCount;
  page.drop_rows = kDropReasonCount;
  page.setting_rows = kSettingCount;
  for (const SettingRow& row : kSettingRows)
    page.start_settings[static_cast<int>(row.id)] = row.default_value;
  return std::move(*server);
}

}  // namespace

DataplaneDouble::DataplaneDouble(const std::string& socket_path, int workers,
                                 std::vector<Prefix> egress_allowed)
    : server_(Served(socket_path, workers)),
      link_(*server_, SnapshotBuilder(std::move(egress_allowed), std::vector<uint64_t>(kUnitsMax, 7)),
            leases_, world_) {}

void DataplaneDouble::Poll(uint64_t now_ms) {
  const RingPair* before = world_.link;
  if (!link_.Poll(1024, now_ms)) return;
  page().generation.Set(world_.snapshot == nullptr ? 0 : world_.snapshot->generation);
  if (world_.link == before) return;
  server_->TakeFormer();
  workers_.clear();
  if (world_.link == nullptr) return;
  for (int w = 0; w < page().workers; ++w)
    workers_.push_back({RingConsumer(&world_.link[1 + w].commands), RingProducer(&world_.link[1 + w].events),
                        OpenedProducer(&OpeningsIn(world_.link, page().workers)[w])});
}

std::optional<FlowQueryBody> DataplaneDouble::TakeQuery(int worker) {
  Message m;
  if (workers_[static_cast<size_t>(worker)].commands.Pop(&m) != RingResult::kOk) return std::nullopt;
  CFR_CHECK(m.kind == MessageKind::kFlowQuery, "workers are asked for flows only");
  return m.flow_query;
}

void DataplaneDouble::Say(int worker, const Message& message) {
  CFR_CHECK(workers_[static_cast<size_t>(worker)].events.Push(message) == RingResult::kOk,
            "the ring is full");
}

void DataplaneDouble::Tell(int worker, const Opened& opened) {
  CFR_CHECK(workers_[static_cast<size_t>(worker)].openings.Push(opened) == RingResult::kOk,
            "the ring is full");
}

}  // namespace cfr::test
