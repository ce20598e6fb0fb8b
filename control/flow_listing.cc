// SPDX-License-Identifier: BSD-3-Clause
#include "control/flow_listing.h"

#include <algorithm>

#include "absl/strings/str_cat.h"

namespace cfr {
namespace {

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
  Request request{filter, std::move(answered), TargetsOf(filter.pool), Json::array(), 0,
                  false,  now_ms + kPatienceMs};
  requests_.push_back(std::move(request));
}

// Of a pool only the units that carry flows: a draining one is not searched for among millions of others.
std::vector<FlowListing::Target> FlowListing::TargetsOf(const std::string& pool) {
  std::vector<Target> targets;
  for (int worker = node_.link().workers() - 1; worker >= 0; --worker) {
    if (pool.empty()) targets.push_back({worker, kAllUnits});
    for (const Assignment& a : node_.assignments())
      if (a.pool == pool && node_.link().page().worker[worker].unit_flows[a.index].Get() > 0)
        targets.push_back({worker, a.index});
  }
  return targets;
}

void FlowListing::Poll(uint64_t now_ms) {
  if (requests_.empty()) return;
  Request& request = requests_.front();
  if (!node_.link().attached())
    return Finish(Failure{ExitCode::kFailed, "the dataplane went away", "cfrctl health"});
  if (!request.asked && !request.targets.empty()) Ask(request);
  Message m;
  for (uint32_t n = 0; n < kRingSlots && request.asked; ++n) {
    if (!node_.link().TakeFlowEvent(request.targets.back().worker, &m)) break;
    Take(request, m);
  }
  const bool late = now_ms > request.deadline_ms, full = request.rows.size() >= request.filter.limit;
  if (full || request.targets.empty() || (late && !request.rows.empty()))
    return Finish(Json{{"flows", std::move(request.rows)}, {"truncated", !request.targets.empty()}});
  if (late)
    Finish(Failure{ExitCode::kDeadline,
                   absl::StrCat("worker ", request.targets.back().worker, " did not answer in time"),
                   "cfrctl health"});
}

void FlowListing::Ask(Request& request) {
  FlowQueryBody query{};
  query.cursor = request.cursor;
  query.query = ++query_;
  query.rows_max =
      std::min<uint32_t>(kRowsPerQuery, request.filter.limit - static_cast<uint32_t>(request.rows.size()));
  if (!request.filter.any_subscriber) query.subscriber = ToWire(request.filter.subscriber);
  query.protocol = request.filter.protocol;
  query.unit = request.targets.back().unit;
  request.asked = node_.link().AskFlows(request.targets.back().worker, query);
}

void FlowListing::Take(Request& request, const Message& m) {
  if (m.kind == MessageKind::kFlowRow && m.flow_row.query == static_cast<uint8_t>(query_))
    return TakeRow(request, m.flow_row);
  if (m.kind != MessageKind::kFlowEnd || m.flow_end.query != query_) return;
  request.cursor = m.flow_end.cursor;
  request.asked = false;
  if (request.cursor == 0) request.targets.pop_back();
}

void FlowListing::TakeRow(Request& request, const FlowRowBody& row) {
  const auto& assignments = node_.assignments();
  auto unit = std::find_if(assignments.begin(), assignments.end(),
                           [&](const Assignment& a) { return a.index == row.unit; });
  bool known = unit != assignments.end();
  if (row.state >= std::size(kFlowStateNames) || request.rows.size() >= request.filter.limit) return;
  request.rows.push_back(
      {{"worker", request.targets.back().worker},
       {"family", row.family == 4 ? "ipv4" : "ipv6"},
       {"protocol", ProtocolName(row.protocol)},
       {"state", kFlowStateNames[row.state]},
       {"subscriber", {{"address", Format(AddressOf(row, row.subscriber))}, {"port", row.subscriber_port}}},
       {"alias", {{"address", known ? Format(unit->address) : ""}, {"port", row.alias_port}}},
       {"remote", {{"address", Format(AddressOf(row, row.remote))}, {"port", row.remote_port}}},
       {"pool", known ? unit->pool : ""},
       {"idle_seconds", row.idle_ms / 1000.0},
       {"packets", {{"outbound", row.packets_out}, {"inbound", row.packets_in}}}});
}

void FlowListing::Finish(Answer answer) {
  Answered answered = std::move(requests_.front().answered);
  requests_.pop_front();
  answered(std::move(answer));
}

}  // namespace cfr
