// SPDX-License-Identifier: BSD-3-Clause
#include "control/render.h"

#include <algorithm>
#include <map>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/counters.h"

namespace cfr {
namespace {

std::string Text(const Json& j) { return j.is_string() ? j.get<std::string>() : j.dump(); }

std::string Endpoint(const Json& j) {
  std::string address = Text(j["address"]);
  bool v6 = address.find(':') != std::string::npos;
  return absl::StrCat(v6 ? "[" : "", address, v6 ? "]" : "", ":", Text(j["port"]));
}

const DropReasonRow* ReasonNamed(const std::string& name) {
  for (const DropReasonRow& row : kDropReasonRows)
    if (name == row.name) return &row;
  return nullptr;
}

}  // namespace

std::string Table(const std::vector<std::vector<std::string>>& rows) {
  std::vector<size_t> widths;
  for (const auto& row : rows) {
    widths.resize(std::max(widths.size(), row.size()));
    for (size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
  }
  std::string out;
  for (const auto& row : rows) {
    std::string line;
    for (size_t i = 0; i < row.size(); ++i)
      line += i + 1 < row.size() ? row[i] + std::string(widths[i] - row[i].size() + 2, ' ') : row[i];
    out += line + "\n";
  }
  return out;
}

std::string RenderPools(const Json& result) {
  std::vector<std::vector<std::string>> rows = {{"pool", "region", "state", "units", "flows", "prefixes"}};
  for (const Json& p : result["pools"]) {
    std::vector<std::string> prefixes, states;
    for (const Json& prefix : p["prefixes"]) prefixes.push_back(Text(prefix));
    for (const auto& [state, count] : p["unit_states"].items()) states.push_back(absl::StrCat(Text(count), " ", state));
    rows.push_back({Text(p["name"]), Text(p["region"]), p.value("deleted", false) ? "deleted" : Text(p["state"]),
                    states.empty() ? "-" : absl::StrJoin(states, ", "), Text(p["flows"]), absl::StrJoin(prefixes, " ")});
  }
  return Table(rows);
}

std::string RenderPool(const Json& pool) {
  std::string out = RenderPools({{"pools", Json::array({pool})}});
  std::vector<std::vector<std::string>> rows = {{"unit", "address", "state"}};
  for (const Json& unit : pool["units"]) rows.push_back({Text(unit["index"]), Text(unit["address"]), Text(unit["state"])});
  return out + "\n" + Table(rows);
}

std::string RenderFlows(const Json& result) {
  std::vector<std::vector<std::string>> rows = {
      {"subscriber", "alias", "remote", "proto", "state", "idle", "out", "in", "worker"}};
  for (const Json& f : result["flows"])
    rows.push_back({Endpoint(f["subscriber"]), Endpoint(f["alias"]), Endpoint(f["remote"]), Text(f["protocol"]),
                    Text(f["state"]), absl::StrCat(static_cast<int>(f["idle_seconds"].get<double>()), "s"),
                    Text(f["packets"]["outbound"]), Text(f["packets"]["inbound"]), Text(f["worker"])});
  return Table(rows) + (result.value("truncated", false) ? "more flows exist; see --limit\n" : "");
}

std::string RenderFlowStats(const Json& result) {
  std::vector<std::vector<std::string>> rows = {{"family", "flows", "quarantined", "capacity"}};
  for (const char* family : {"ipv4", "ipv6"})
    rows.push_back({family, Text(result[family]["flows"]), Text(result[family]["quarantined"]), Text(result[family]["capacity"])});
  const Json& opened = result["opened"];
  return Table(rows) + absl::StrCat("opened: tcp ", Text(opened["tcp"]), ", udp ", Text(opened["udp"]), ", icmp ",
                                    Text(opened["icmp"]), "; closed: ", Text(result["closed"]), "\n");
}

std::string RenderWorkers(const Json& result) {
  std::vector<std::vector<std::string>> rows = {
      {"worker", "flows v4", "flows v6", "quarantined", "received", "handed in", "handed to", "mismatch"}};
  for (const Json& w : result["workers"]) {
    std::vector<std::string> handoffs;
    for (const auto& [to, count] : w["handoff_to"].items())
      if (count != 0) handoffs.push_back(absl::StrCat(to, ":", Text(count)));
    int64_t mismatch = w["accounting_mismatch"]["outbound"].get<int64_t>() + w["accounting_mismatch"]["inbound"].get<int64_t>();
    rows.push_back({Text(w["worker"]), Text(w["flows"]["ipv4"]), Text(w["flows"]["ipv6"]),
                    absl::StrCat(w["quarantined"]["ipv4"].get<uint64_t>() + w["quarantined"]["ipv6"].get<uint64_t>()),
                    Text(w["received"]), Text(w["handoff_in"]), handoffs.empty() ? "-" : absl::StrJoin(handoffs, " "),
                    absl::StrCat(mismatch)});
  }
  return Table(rows);
}

std::string RenderPorts(const Json& result) {
  std::vector<std::vector<std::string>> rows = {
      {"side", "device", "driver", "mac", "mtu", "link", "received", "sent", "missed", "errors", "neighbours"}};
  for (const Json& p : result["ports"])
    rows.push_back({Text(p["side"]), Text(p["device"]), Text(p["driver"]), Text(p["mac"]), Text(p["mtu"]),
                    p["link_up"].get<bool>() ? "up" : "down", Text(p["received"]), Text(p["sent"]), Text(p["missed"]),
                    Text(p["errors"]), Text(p["neighbours"])});
  return Table(rows);
}

std::string RenderCounters(const Json& result, bool explain) {
  std::string out;
  for (const char* direction : {"outbound", "inbound"}) {
    std::vector<std::vector<std::string>> rows = {{direction, "", ""}};
    for (const auto& [name, value] : result[direction]["counters"].items()) rows.push_back({"  " + name, Text(value), ""});
    for (const auto& [name, value] : result[direction]["drops"].items()) {
      const DropReasonRow* row = explain ? ReasonNamed(name) : nullptr;
      rows.push_back({"  drop " + name, Text(value), row == nullptr ? "" : absl::StrCat(row->sentence, " [", row->clause, "]")});
    }
    out += Table(rows);
  }
  return out;
}

std::string RenderExplanations() {
  std::vector<std::vector<std::string>> rows = {{"reason", "clause", "meaning"}};
  for (const DropReasonRow& row : kDropReasonRows) rows.push_back({row.name, row.clause, row.sentence});
  return Table(rows);
}

std::string RenderChecks(const Json& result) {
  std::vector<std::vector<std::string>> rows;
  for (const Json& c : result["checks"]) {
    rows.push_back({c["ok"].get<bool>() ? "ok" : "BAD", Text(c["check"]), Text(c["text"])});
    if (std::string fix = c.value("fix", ""); !fix.empty()) rows.push_back({"", "", "run: " + fix});
  }
  return Table(rows);
}

std::string RenderPlan(const Json& result) {
  std::string out;
  for (const Json& c : result["changes"]) {
    absl::StrAppend(&out, Text(c["sign"]), " ", Text(c["object"]), " ", Text(c["name"]), ": ", Text(c["text"]));
    if (uint64_t flows = c.value("live_flows", uint64_t{0}); flows > 0)
      absl::StrAppend(&out, " (", flows, " live flows keep their alias)");
    absl::StrAppend(&out, c["needs_restart"].get<bool>() ? " (when cfr-dataplane is restarted)\n" : "\n");
  }
  return out.empty() ? "nothing to change\n" : out;
}

std::string RenderChange(const Json& result) {
  std::string out = result.value("changed", false) ? "changed" : "nothing to change";
  if (result.contains("generation")) absl::StrAppend(&out, ", generation ", Text(result["generation"]));
  if (result.contains("key_version")) absl::StrAppend(&out, ", key version ", Text(result["key_version"]));
  if (result.contains("live_flows")) absl::StrAppend(&out, ", live flows ", Text(result["live_flows"]));
  for (const Json& item : result.value("needs_restart", Json::array()))
    absl::StrAppend(&out, "\ntakes effect when cfr-dataplane is restarted: ", Text(item));
  return out + "\n";
}

}  // namespace cfr
