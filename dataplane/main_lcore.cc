// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/main_lcore.h"

#include <algorithm>
#include <cstring>

#include "common/clock.h"
#include "dataplane/parse.h"

namespace cfr {
namespace {

constexpr int kCommandsPerTurn = 1024;
constexpr unsigned kConsumedPerTurn = 32;
constexpr uint64_t kReportMs = 100;
constexpr uint64_t kSweepTurns = 36'000;  // of an hour: minutes of the affinity wrap after 68

std::vector<uint64_t> Salts(RandomSource& random) {
  std::vector<uint64_t> salts(kUnitsMax);
  for (uint64_t& salt : salts) salt = random.Next64();
  return salts;
}

}  // namespace

MainLcore::MainLcore(const Config& config, AttachServer& server, Floor& floor, const Shared& shared,
                     Leases& leases, rte_mempool* pool, std::vector<Prefix> allowed, RandomSource& random)
    : config_(config),
      server_(server),
      floor_(floor),
      shared_(shared),
      pool_(pool),
      published_(std::make_unique<const World>()),
      link_(server, SnapshotBuilder(std::move(allowed), Salts(random)), leases, draft_),
      neighbours_(shared.port, *this, server.page().main, random.Next64()) {
  floor_.world.store(published_.get(), std::memory_order_release);
}

bool MainLcore::Round() {
  const uint64_t now_ms = MonotonicMs();
  auto former = draft_.snapshot;
  bool changed = link_.Poll(kCommandsPerTurn, now_ms);
  if (draft_.snapshot != former) neighbours_.Configure(draft_.snapshot);
  bool busy = TakeConsumed(now_ms);
  auto hops = neighbours_.Hops();
  if (hops != draft_.hops) {
    draft_.hops = std::move(hops);
    changed = true;
  }
  if (changed) Publish();
  neighbours_.ReturnReady();
  neighbours_.Tick(now_ms);
  SendMade();
  if (now_ms >= next_report_ms_) Report(now_ms);
  server_.page().main_rounds.Add(1);
  return busy || changed;
}

// Swaps the World and waits until no worker can hold the former one; then it is destroyed, keys erased
// with it, and a former attachment is unmapped.
void MainLcore::Publish() {
  auto next = std::make_unique<const World>(draft_);
  floor_.world.store(next.get(), std::memory_order_release);
  rte_rcu_qsbr_synchronize(floor_.grace, RTE_QSBR_THRID_INVALID);
  published_ = std::move(next);
  if (draft_.link == nullptr) server_.EraseOpenings();
  server_.TakeFormer();
  server_.page().generation.Set(draft_.snapshot == nullptr ? 0 : draft_.snapshot->generation);
}

bool MainLcore::TakeConsumed(uint64_t now_ms) {
  rte_mbuf* buffers[kConsumedPerTurn];
  unsigned count = floor_.exchange->TakeConsumed(buffers, kConsumedPerTurn);
  for (unsigned i = 0; i < count; ++i) {
    const BufferNote& note = NoteOf(buffers[i]);
    Packet p;
    p.data = rte_pktmbuf_mtod(buffers[i], uint8_t*);
    p.length = buffers[i]->data_len;
    p.buffer = buffers[i];
    Parse(p, shared_.port[static_cast<int>(ArrivalSide(note.direction))], draft_.settings());
    if (note.hop_wanted) p.hop = note.hop;
    neighbours_.Take(note.direction, p, now_ms);
  }
  return count > 0;
}

void MainLcore::Send(Side side, std::span<const uint8_t> frame) {
  rte_mbuf* m = rte_pktmbuf_alloc(pool_);
  if (m == nullptr) return;
  char* data = rte_pktmbuf_append(m, static_cast<uint16_t>(frame.size()));
  if (data == nullptr) return rte_pktmbuf_free(m);
  std::memcpy(data, frame.data(), frame.size());
  NoteOf(m).side = side;
  made_.push_back(m);
}

// After the World they belong to is published: the guard does not know an address before.
void MainLcore::SendMade() {
  for (rte_mbuf* m : made_)
    if (!floor_.exchange->Make(m)) rte_pktmbuf_free(m);
  made_.clear();
}

void MainLcore::Return(Direction direction, void* buffer) {
  auto* m = static_cast<rte_mbuf*>(buffer);
  NoteOf(m).direction = direction;
  if (!floor_.exchange->HandOff(NoteOf(m).worker, m)) rte_pktmbuf_free(m);
}

void MainLcore::Release(void* buffer) {
  rte_pktmbuf_free(static_cast<rte_mbuf*>(buffer));
}

void MainLcore::Report(uint64_t now_ms) {
  next_report_ms_ = now_ms + kReportMs;
  shared_.alias_policy.Sweep(now_ms, AliasRules(draft_.settings()), kSweepTurns);
  DataplanePage& page = server_.page();
  for (int s = 0; s < kSides; ++s) {
    floor_.ports[s].Report(config_.port[s], &page.port[s]);
    page.neighbours[s].Set(static_cast<uint64_t>(neighbours_.known(static_cast<Side>(s))));
  }
}

}  // namespace cfr
