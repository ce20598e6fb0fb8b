// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/flow_lister.h"

#include <algorithm>

namespace cfr {
namespace {

constexpr uint32_t kRowsMax = 1024;

// 0 starts and ends a listing; else family in the upper half, next record + 1 in the lower.
uint64_t Cursor(Family family, uint32_t next) {
  return static_cast<uint64_t>(family) << 32 | (uint64_t{next} + 1);
}

template <class A>
Message RowOf(const Flow<A>& f, uint32_t query, uint64_t now_ms) {
  Message m = MakeMessage(MessageKind::kFlowRow);
  FlowRowBody& row = m.flow_row;
  Address subscriber = ToAddress(f.subscriber), remote = ToAddress(f.remote);
  std::copy(subscriber.bytes.begin(), subscriber.bytes.end(), row.subscriber);
  std::copy(remote.bytes.begin(), remote.bytes.end(), row.remote);
  row.subscriber_port = Be16{f.subscriber_port}.host();
  row.remote_port = Be16{f.remote_port}.host();
  row.alias_port = Be16{f.alias_port}.host();
  row.unit = f.unit;
  row.family = A::kFamily == Family::kV4 ? 4 : 6;
  row.protocol = f.protocol;
  row.state = static_cast<uint8_t>(f.state);
  row.query = static_cast<uint8_t>(query);
  row.idle_ms = static_cast<uint32_t>(now_ms) - f.last_seen_ms;
  row.packets_out = f.packets_out;
  row.packets_in = f.packets_in;
  return m;
}

}  // namespace

void FlowLister::Begin(const FlowQueryBody& query) {
  active_.reset();
  Active a{query, {}, query.subscriber.family == 0, Family::kV4, 0};
  if (!a.any_subscriber && !ReadPrefix(query.subscriber, false, &a.subscriber)) return;
  if (query.rows_max < 1 || query.rows_max > kRowsMax || query.cursor >> 33 != 0) return;
  a.family = static_cast<Family>(query.cursor >> 32);
  a.next = query.cursor == 0 ? 0 : static_cast<uint32_t>(query.cursor) - 1;
  active_ = a;
}

template <class A>
bool FlowLister::Wanted(const Flow<A>& f) const {
  const FlowQueryBody& q = active_->query;
  return f.state != FlowState::kFree && f.state != FlowState::kQuarantine &&
         (q.protocol == 0 || q.protocol == f.protocol) && (q.unit == kAllUnits || q.unit == f.unit) &&
         (active_->any_subscriber || active_->subscriber.Contains(ToAddress(f.subscriber)));
}

// True when the table is finished.
template <class A>
bool FlowLister::Scan(const FlowTable<A>& flows, RingProducer& events, int* budget, uint64_t now_ms) {
  Active& a = *active_;
  for (; a.next < flows.touched(); ++a.next) {
    if (--*budget < 0 || a.rows == a.query.rows_max) return false;
    if (!Wanted(flows[a.next])) continue;
    if (events.Push(RowOf(flows[a.next], a.query.query, now_ms)) != RingResult::kOk) return false;
    ++a.rows;
  }
  return true;
}

void FlowLister::Step(const Pipeline& pipeline, RingProducer& events, int budget, uint64_t now_ms) {
  if (!active_.has_value()) return;
  Active& a = *active_;
  bool finished = false;
  if (a.family == Family::kV4 && Scan(pipeline.flows_v4(), events, &budget, now_ms)) {
    a.family = Family::kV6;
    a.next = 0;
  }
  if (a.family == Family::kV6) finished = Scan(pipeline.flows_v6(), events, &budget, now_ms);
  if (!finished && a.rows < a.query.rows_max) return;
  Message end = MakeMessage(MessageKind::kFlowEnd);
  end.flow_end = {finished ? 0 : Cursor(a.family, a.next), a.query.query, a.rows};
  if (events.Push(end) == RingResult::kOk) active_.reset();
}

}  // namespace cfr
