// SPDX-License-Identifier: BSD-3-Clause
#include "control/limit_events.h"

#include <iterator>

namespace cfr {
namespace {

constexpr uint64_t kLookMs = 1000;

constexpr DropReason kKinds[] = {
    DropReason::kFlowQuota,     DropReason::kFlowRate,       DropReason::kSubscriberTableFull,
    DropReason::kFlowTableFull, DropReason::kPortsExhausted, DropReason::kPoolEmpty,
    DropReason::kLeaseExpired,  DropReason::kRecordBlocked,  DropReason::kFragmentTableFull,
    DropReason::kHandoffFull,   DropReason::kNoBuffer};

uint64_t CountOf(const DataplanePage& page, int workers, DropReason reason) {
  uint64_t count = 0;
  for (int w = 0; w < workers; ++w)
    for (Direction d : {Direction::kOutbound, Direction::kInbound}) count += page.worker[w].Get(d, reason);
  return count;
}

}  // namespace

std::vector<LimitEvents::Event> LimitEvents::Look(const DataplanePage& page, int workers, uint64_t now_ms) {
  if (now_ms < next_ms_) return {};
  next_ms_ = now_ms + kLookMs;
  std::vector<Event> events;
  // What a dataplane dropped before this process came is old news; a dataplane that starts begins with 0.
  const bool first = !boot_.has_value(), fresh = boot_ != page.boot;
  if (fresh) kinds_.assign(std::size(kKinds), Kind{});
  boot_ = page.boot;
  for (size_t i = 0; i < std::size(kKinds); ++i) {
    const uint64_t count = CountOf(page, workers, kKinds[i]);
    Kind& kind = kinds_[i];
    if (first) kind.told = count;
    const bool quiet = kind.told_ms != 0 && now_ms - kind.told_ms < kQuietMs;
    if (count == kind.told || quiet) continue;
    events.push_back({kKinds[i], count - kind.told});
    kind = {count, now_ms};
  }
  return events;
}

}  // namespace cfr
