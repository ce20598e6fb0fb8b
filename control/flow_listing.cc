// SPDX-License-Identifier: BSD-3-Clause
#include "control/flow_listing.h"

#include <algorithm>

#include "absl/strings/str_cat.h"

namespace cfr {
namespace {

constexpr uint64_t kPatienceMs = 3000;
constexpr uint32_t kRowsPerQuery = 512;

const char* ProtocolName(uint8_t protocol) {
  return protocol == 6 ? "tcp" : protocol == 17 ? "udp" : "icmp";
}

Address AddressOf(const FlowRowBody& row, const uint8_t* bytes) {
  return row.family == 4 ? Address::FromV4(bytes) : Address::FromV6(bytes);
}

}  // namespace

void FlowListing::Start(const FlowFilter& filter, uint64_t now_ms, Answered answered) {
  if (!node_.link().attached())
    return answered(Failure{ExitCode::kFailed, "no dataplane is attached", "start cfr-dataplane"});
  Request request;
  request.filter = filter;
  request.answered = std::move(answered);
  request.deadline_ms = now_ms + kPatienceMs;
  requests_.push_back(std::move(request));
}

void FlowListing::Poll(uint64_t now_ms) {
  if (requests_.empty()) return;
  Request& request = requests_.front();
  if (!node_.link().attached()) return Finish(Failure{ExitCode::kFailed, "the dataplane went away", ""});
  if (now_ms > request.deadline_ms) return Finish(Failure{ExitCode::kDeadline, "a worker did not answer in time", ""});
  if (!request.asked) Ask(request);
  Message m;
  for (int n = 0; n < 4096 && request.worker < node_.link().workers() && node_.link().TakeFlowEvent(request.worker, &m); ++n)
    Take(request, m);
  bool full = request.rows.size() >= request.filter.limit;
  if (!full && request.worker < node_.link().workers()) return;
  bool more = full && (request.cursor != 0 || request.worker < node_.link().workers());
  Finish(Json{{"flows", std::move(request.rows)}, {"truncated", more}});
}

void FlowListing::Ask(Request& request) {
  FlowQueryBody query{};
  query.cursor = request.cursor;
  query.query = ++query_;
  query.rows_max = std::min<uint32_t>(kRowsPerQuery, request.filter.limit - static_cast<uint32_t>(request.rows.size()));
  if (!request.filter.any_subscriber) query.subscriber = ToWire(request.filter.subscriber);
  query.protocol = request.filter.protocol;
  query.unit = kAllUnits;
  request.asked = node_.link().AskFlows(request.worker, query);
}

void FlowListing::Take(Request& request, const Message& m) {
  if (m.kind == MessageKind::kFlowRow && m.flow_row.query == static_cast<uint8_t>(query_)) return TakeRow(request, m.flow_row);
  if (m.kind != MessageKind::kFlowEnd || m.flow_end.query != query_) return;
  request.cursor = m.flow_end.cursor;
  request.asked = false;
  if (request.cursor == 0) ++request.worker;
}

void FlowListing::TakeRow(Request& request, const FlowRowBody& row) {
  const auto& assignments = node_.assignments();
  auto unit = std::find_if(assignments.begin(), assignments.end(), [&](const Assignment& a) { return a.index == row.unit; });
  bool known = unit != assignments.end();
  if (!request.filter.pool.empty() && (!known || unit->pool != request.filter.pool)) return;
  if (row.state >= std::size(kFlowStateNames)) return;
  request.rows.push_back({{"worker", request.worker}, {"family", row.family == 4 ? "ipv4" : "ipv6"},
                          {"protocol", ProtocolName(row.protocol)}, {"state", kFlowStateNames[row.state]},
                          {"subscriber", {{"address", Format(AddressOf(row, row.subscriber))}, {"port", row.subscriber_port}}},
                          {"alias", {{"address", known ? Format(unit->address) : ""}, {"port", row.alias_port}}},
                          {"remote", {{"address", Format(AddressOf(row, row.remote))}, {"port", row.remote_port}}},
                          {"pool", known ? unit->pool : ""}, {"idle_seconds", row.idle_ms / 1000.0},
                          {"packets", {{"outbound", row.packets_out}, {"inbound", row.packets_in}}}});
}

void FlowListing::Finish(Answer answer) {
  Answered answered = std::move(requests_.front().answered);
  requests_.pop_front();
  answered(std::move(answer));
}

}  // namespace cfr
