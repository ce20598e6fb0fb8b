// SPDX-License-Identifier: BSD-3-Clause
#include "control/render.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/counters.h"

namespace cfr {
namespace {

using Rows = std::vector<std::vector<std::string>>;

// No cell is empty: scripts count columns.
std::string Text(const Json& j) {
  if (j.is_null() || j == "") return "-";
  return j.is_string() ? j.get<std::string>() : j.dump();
}

std::string Endpoint(const Json& j) {
  std::string address = Text(j.at("address"));
  bool v6 = address.find(':') != std::string::npos;
  return absl::StrCat(v6 ? "[" : "", address, v6 ? "]" : "", ":", Text(j.at("port")));
}

// Numbers and missing ones, but not those alone.
bool IsOfNumbers(const Rows& rows, size_t column) {
  bool digits = false;
  for (size_t r = 1; r < rows.size(); ++r) {
    if (rows[r].size() <= column || rows[r][column] == "-") continue;
    const std::string& cell = rows[r][column];
    if (cell.empty() ||
        cell.find_first_not_of("0123456789", cell.front() == '-' ? 1 : 0) != std::string::npos)
      return false;
    digits = true;
  }
  return digits;
}

std::string Padded(const std::string& cell, size_t width, bool right) {
  std::string blanks(width - cell.size(), ' ');
  return right ? blanks + cell : cell + blanks;
}

}  // namespace

std::string Table(const Rows& rows) {
  std::vector<size_t> widths;
  for (const auto& row : rows) {
    widths.resize(std::max(widths.size(), row.size()));
    for (size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
  }
  std::vector<bool> numbers;
  for (size_t i = 0; i < widths.size(); ++i) numbers.push_back(IsOfNumbers(rows, i));
  std::string out;
  for (const auto& row : rows) {
    std::string line;
    for (size_t i = 0; i < row.size(); ++i)
      absl::StrAppend(&line, i == 0 ? "" : "  ", Padded(row[i], widths[i], numbers[i]));
    absl::StripTrailingAsciiWhitespace(&line);
    absl::StrAppend(&out, line, "\n");
  }
  return out;
}

std::string RenderExport(const Json& result) {
  return result.at("config");
}

std::string RenderPools(const Json& result) {
  Rows rows = {{"pool", "region", "state", "units", "flows", "prefixes"}};
  for (const Json& p : result.at("pools")) {
    std::vector<std::string> prefixes, states;
    for (const Json& prefix : p.at("prefixes")) prefixes.push_back(Text(prefix));
    for (const auto& [state, count] : p.at("unit_states").items())
      states.push_back(absl::StrCat(Text(count), " ", state));
    std::string state = p.at("deleted").get<bool>() ? "deleted" : Text(p.at("state"));
    if (!p.at("merged_into").is_null()) state = "merged into " + Text(p.at("merged_into"));
    rows.push_back({Text(p.at("name")), Text(p.at("region")), state,
                    states.empty() ? "none" : absl::StrJoin(states, ", "), Text(p.at("flows")),
                    absl::StrJoin(prefixes, " ")});
  }
  return Table(rows);
}

std::string RenderPool(const Json& pool) {
  Rows rows = {{"unit", "address", "state"}};
  for (const Json& unit : pool.at("units"))
    rows.push_back({Text(unit.at("index")), Text(unit.at("address")), Text(unit.at("state"))});
  Rows prefixes = {{"prefix", "state", "for s"}};
  for (const Json& p : pool.at("prefix_states"))
    prefixes.push_back({Text(p.at("prefix")), Text(p.at("state")), Text(p.at("age_seconds"))});
  return absl::StrCat(RenderPools({{"pools", Json::array({pool})}}), "\n", Table(prefixes), "\n",
                      Table(rows));
}

std::string RenderEpoch(const Json& result) {
  return Table({{"epoch", "key version", "keys since start"},
                {absl::StrCat(Text(result.at("length_seconds")), " s"), Text(result.at("key_version")),
                 Text(result.at("advances"))}});
}

std::string RenderPrivacy(const Json& result) {
  auto row = [](const std::string& of, const Json& r) {
    const std::string noise = r.at("noise").is_null() ? "" : absl::StrCat(" +- ", r.at("noise").dump());
    return std::vector<std::string>{of,
                                    Text(r.at("id")),
                                    Text(r.at("figure")),
                                    Text(r.at("value")) + noise,
                                    Text(r.at("unit")),
                                    Text(r.at("bound")),
                                    Text(r.at("verdict"))};
  };
  Rows pools = {{"pool", "family", "window s", "flows", "active", "units", "below k_min", "profile"}};
  Rows figures = {{"of", "id", "figure", "value", "unit", "bound", "verdict"}};
  for (const Json& p : result.at("pools")) {
    const Json& window = p.at("window");
    pools.push_back({Text(p.at("name")), Text(p.at("family")),
                     Text(window.at("seconds")) + (window.at("finished").get<bool>() ? "" : " so far"),
                     Text(p.at("flows")), Text(p.at("active_subscribers")), Text(p.at("units")),
                     Text(p.at("units_below_k_min")), Text(p.at("verdict"))});
    for (const Json& r : p.at("figures")) figures.push_back(row(Text(p.at("name")), r));
  }
  for (const Json& r : result.at("relay")) figures.push_back(row(Text(r.at("region")), r));
  return absl::StrCat("profile ", Text(result.at("profile")), ": ", Text(result.at("verdict")), "\n\n",
                      Table(pools), "\n", Table(figures));
}

std::string RenderFlows(const Json& result) {
  Rows rows = {{"subscriber", "alias", "remote", "proto", "state", "idle s", "out", "in", "worker"}};
  for (const Json& f : result.at("flows"))
    rows.push_back({Endpoint(f.at("subscriber")), Endpoint(f.at("alias")), Endpoint(f.at("remote")),
                    Text(f.at("protocol")), Text(f.at("state")),
                    absl::StrCat(static_cast<int64_t>(f.at("idle_seconds").get<double>())),
                    Text(f.at("packets").at("outbound")), Text(f.at("packets").at("inbound")),
                    Text(f.at("worker"))});
  return Table(rows) + (result.at("truncated").get<bool>()
                            ? "more flows exist: --limit, --subscriber, --pool, --proto\n"
                            : "");
}

std::string RenderFlowStats(const Json& result) {
  Rows rows = {{"family", "flows", "quarantined", "capacity"}};
  for (const char* family : {"ipv4", "ipv6"}) {
    const Json& f = result.at(family);
    rows.push_back({family, Text(f.at("flows")), Text(f.at("quarantined")), Text(f.at("capacity"))});
  }
  const Json& opened = result.at("opened");
  return absl::StrCat(Table(rows), "\n",
                      Table({{"opened tcp", "opened udp", "opened icmp", "closed"},
                             {Text(opened.at("tcp")), Text(opened.at("udp")), Text(opened.at("icmp")),
                              Text(result.at("closed"))}}));
}

std::string RenderWorkers(const Json& result) {
  Rows rows = {
      {"worker", "flows v4", "flows v6", "quarantined", "received", "handed in", "mismatch", "handed to"}};
  for (const Json& w : result.at("workers")) {
    std::vector<std::string> handoffs;
    for (const auto& [to, count] : w.at("handoff_to").items())
      if (count != 0) handoffs.push_back(absl::StrCat(to, ":", Text(count)));
    auto both = [](const Json& j, const char* a, const char* b) {
      return absl::StrCat(j.at(a).get<int64_t>() + j.at(b).get<int64_t>());
    };
    rows.push_back({Text(w.at("worker")), Text(w.at("flows").at("ipv4")), Text(w.at("flows").at("ipv6")),
                    both(w.at("quarantined"), "ipv4", "ipv6"), Text(w.at("received")),
                    Text(w.at("handoff_in")), both(w.at("accounting_mismatch"), "outbound", "inbound"),
                    handoffs.empty() ? "-" : absl::StrJoin(handoffs, " ")});
  }
  return Table(rows);
}

std::string RenderPorts(const Json& result) {
  Rows rows = {{"side", "device", "driver", "mac", "mtu", "link", "received", "sent", "missed", "errors",
                "neighbours"}};
  for (const Json& p : result.at("ports"))
    rows.push_back({Text(p.at("side")), Text(p.at("device")), Text(p.at("driver")), Text(p.at("mac")),
                    Text(p.at("mtu")), p.at("link_up").get<bool>() ? "up" : "down", Text(p.at("received")),
                    Text(p.at("sent")), Text(p.at("missed")), Text(p.at("errors")),
                    Text(p.at("neighbours"))});
  return Table(rows);
}

std::string RenderCounters(const Json& result) {
  const Json meanings = result.value("meanings", Json::object());
  std::vector<std::string> tables;
  for (const char* direction : {"outbound", "inbound"}) {
    Rows rows = {{direction, "count"}};
    auto add = [&](const char* kind, const std::string& prefix) {
      for (const auto& [name, value] : result.at(direction).at(kind).items()) {
        rows.push_back({prefix + name, Text(value)});
        if (!meanings.empty()) rows.back().push_back(Text(meanings.at(kind).at(name).at("sentence")));
      }
    };
    add("counters", "");
    add("drops", "drop ");
    tables.push_back(Table(rows));
  }
  return absl::StrJoin(tables, "\n");
}

Json Meanings() {
  Json counters = Json::object(), drops = Json::object();
  for (const CounterRow& row : kCounterRows) counters[row.name] = {{"sentence", row.sentence}};
  for (const DropReasonRow& row : kDropReasonRows)
    drops[row.name] = {{"sentence", row.sentence}, {"clause", row.clause}};
  return {{"counters", counters}, {"drops", drops}};
}

std::string RenderMeanings(const Json& result) {
  Rows rows = {{"counter", "meaning"}}, drops = {{"drop reason", "clause", "meaning"}};
  for (const auto& [name, row] : result.at("meanings").at("counters").items())
    rows.push_back({name, Text(row.at("sentence"))});
  for (const auto& [name, row] : result.at("meanings").at("drops").items())
    drops.push_back({name, Text(row.at("clause")), Text(row.at("sentence"))});
  return absl::StrCat(Table(rows), "\n", Table(drops));
}

std::string RenderChecks(const Json& result) {
  Rows rows = {{"", "check", "finding"}};
  for (const Json& c : result.at("checks")) {
    rows.push_back({c.at("ok").get<bool>() ? "ok" : "BAD", Text(c.at("check")), Text(c.at("text"))});
    if (std::string fix = c.value("fix", ""); !fix.empty()) rows.push_back({"", "", "run: " + fix});
  }
  return Table(rows);
}

std::string RenderPlan(const Json& result) {
  std::string out;
  for (const Json& c : result.at("changes")) {
    absl::StrAppend(&out, Text(c.at("sign")), " ", Text(c.at("object")), " ", Text(c.at("name")), ": ",
                    Text(c.at("text")));
    if (uint64_t flows = c.value("live_flows", uint64_t{0}); flows > 0)
      absl::StrAppend(&out, " (", flows, " live flows keep their alias)");
    absl::StrAppend(&out, c.at("needs_restart").get<bool>() ? " (when cfr-dataplane is restarted)\n" : "\n");
  }
  return out.empty() ? "nothing to change\n" : out;
}

std::string RenderChange(const Json& result) {
  std::string out = result.at("changed").get<bool>() ? "changed" : "nothing to change";
  if (result.contains("generation")) absl::StrAppend(&out, ", generation ", Text(result.at("generation")));
  if (result.contains("key_version")) absl::StrAppend(&out, ", key version ", Text(result.at("key_version")));
  if (result.contains("live_flows")) absl::StrAppend(&out, ", live flows ", Text(result.at("live_flows")));
  for (const Json& item : result.value("needs_restart", Json::array()))
    absl::StrAppend(&out, "\ntakes effect when cfr-dataplane is restarted: ", Text(item));
  return out + "\n";
}

std::string RenderVersions(const Json& result) {
  const Json &control = result.at("control"), &dataplane = result.at("dataplane");
  const char* unknown = control.is_null() ? "unknown" : "not attached";
  return Table({{"program", "version"},
                {"cfrctl", Text(result.at("cfrctl"))},
                {"cfr-control", control.is_null() ? "does not answer" : Text(control)},
                {"cfr-dataplane", dataplane.is_null() ? unknown : Text(dataplane)}});
}

}  // namespace cfr
