// SPDX-License-Identifier: BSD-3-Clause
#include <string>
#include <type_traits>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/config.h"

namespace cfr {
namespace {

// Text of a Config holds no control characters, so these two are all that need an escape.
std::string Quoted(const std::string& text) {
  std::string out = "\"";
  for (char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + '"';
}

// Long arrays are broken into lines: the reader bounds their length.
template <class T>
std::string Array(const std::vector<T>& items) {
  constexpr size_t kLineItems = 4;
  std::string out = "[";
  for (size_t i = 0; i < items.size(); ++i) {
    if (i > 0) absl::StrAppend(&out, i % kLineItems == 0 ? ",\n  " : ", ");
    if constexpr (std::is_same_v<T, std::string>)
      absl::StrAppend(&out, Quoted(items[i]));
    else if constexpr (std::is_integral_v<T>)
      absl::StrAppend(&out, items[i]);
    else
      absl::StrAppend(&out, Quoted(Format(items[i])));
  }
  return out + "]";
}

void WritePort(const PortConfig& port, Side side, std::string* out) {
  absl::StrAppend(out, "\n[port.", Name(side), "]\n");
  switch (port.kind) {
    case PortConfig::Kind::kNetdev:
      absl::StrAppend(out, "netdev = ", Quoted(port.device), "\n");
      break;
    case PortConfig::Kind::kPci:
      absl::StrAppend(out, "pci = ", Quoted(port.device), "\n");
      break;
    case PortConfig::Kind::kMemif:
      absl::StrAppend(out, "memif = ", Quoted(port.device), "\n");
      break;
    case PortConfig::Kind::kRing:
      absl::StrAppend(out, "ring = ", Quoted(port.device), "\n");
      break;
    case PortConfig::Kind::kNull:
      absl::StrAppend(out, "null = true\n");
      break;
    case PortConfig::Kind::kPcap:
      absl::StrAppend(out, "rx_pcap = ", Quoted(port.rx_pcap), "\ntx_pcap = ", Quoted(port.tx_pcap), "\n");
  }
  absl::StrAppend(out, "mtu = ", port.mtu, "\naddresses = ", Array(port.addresses), "\n");
  if (port.vlan.size() == 1) absl::StrAppend(out, "vlan = ", port.vlan[0], "\n");
  if (port.vlan.size() > 1) absl::StrAppend(out, "vlan = [", absl::StrJoin(port.vlan, ", "), "]\n");
  for (int f = 0; f < kFamilies; ++f)
    if (port.gateway[f].has_value())
      absl::StrAppend(out, f == 0 ? "gateway_v4 = " : "gateway_v6 = ", Quoted(Format(*port.gateway[f])),
                      "\n");
}

std::string Text(const SettingRow& row, uint64_t value) {
  if (row.type == SettingType::kFlag) return value != 0 ? "true" : "false";
  if (row.type == SettingType::kSeconds) return absl::StrCat("\"", value, "s\"");
  if (row.type == SettingType::kChoice) return Quoted(std::string(WordAt(row.words, value)));
  return absl::StrCat(value);
}

void WriteSettings(const Config& config, std::string* out) {
  std::string section;
  for (const SettingRow& row : kSettingRows) {
    if (section != row.section) {
      section = row.section;
      absl::StrAppend(out, "\n[", section, "]\n");
      if (section == "dataplane" && !config.egress_allowed.empty())
        absl::StrAppend(out, "egress_allowed = ", Array(config.egress_allowed), "\n");
      if (section == "admission" && !config.nat64_prefixes.empty())
        absl::StrAppend(out, "nat64_prefixes = ", Array(config.nat64_prefixes), "\n");
      if (section == "records") {
        absl::StrAppend(out, "directory = ", Quoted(config.records.directory), "\n");
        if (!config.records.day_keys.empty())
          absl::StrAppend(out, "day_keys = ", Quoted(config.records.day_keys), "\n");
      }
      for (const PortListRow& list : kPortListRows)
        if (section == list.section)
          absl::StrAppend(out, list.key, " = ", Array(config.ports[list.id]), "\n");
    }
    absl::StrAppend(out, row.key, " = ", Text(row, config.settings[row.id]), "\n");
  }
}

}  // namespace

std::string WriteConfig(const Config& config) {
  std::string out =
      absl::StrCat("[node]\nname = ", Quoted(config.node_name), "\nregions = ", Array(config.regions), "\n");
  for (Side side : {Side::kAccess, Side::kCore}) WritePort(config.port[static_cast<int>(side)], side, &out);
  WriteSettings(config, &out);
  for (const SubscribersConfig& s : config.subscribers)
    absl::StrAppend(&out, "\n[[subscribers]]\nprefix = ", Quoted(Format(s.prefix)),
                    "\nper = ", static_cast<int>(s.per), "\nregion = ", Quoted(s.region), "\n");
  for (const PoolConfig& p : config.pools) {
    absl::StrAppend(&out, "\n[[pool]]\nname = ", Quoted(p.name), "\nregion = ", Quoted(p.region),
                    "\nprefixes = ", Array(p.prefixes), "\nstate = ", Quoted(Name(p.state)),
                    "\nalias_units = ", p.alias_units, "\nport_mode = ", Quoted(Name(p.port_mode)),
                    "\nsmall_crowd = ", p.small_crowd ? "true" : "false",
                    "\nanswer_neighbours = ", p.answer_neighbours ? "true" : "false", "\n");
    if (!p.parent.empty()) absl::StrAppend(&out, "parent = ", Quoted(p.parent), "\n");
    if (p.cross_border) absl::StrAppend(&out, "cross_border = true\n");
    if (!p.city.empty()) absl::StrAppend(&out, "city = ", Quoted(p.city), "\n");
  }
  for (const BypassConfig& b : config.bypasses)
    absl::StrAppend(&out, "\n[[bypass]]\nname = ", Quoted(b.name), "\nprefix = ", Quoted(Format(b.prefix)),
                    "\nreason = ", Quoted(b.reason), "\n");
  return out;
}

}  // namespace cfr
