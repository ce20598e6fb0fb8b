// SPDX-License-Identifier: BSD-3-Clause
#include "common/port_reader.h"

#include <net/if.h>
#include <sys/un.h>

#include <algorithm>
#include <cctype>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/config_schema.h"

namespace cfr {
namespace {

using Value = toml::value;
using Kind = PortConfig::Kind;

// DDDD:BB:DD.F, hexadecimal but for the function 0..7.
bool IsPciAddress(const std::string& text) {
  constexpr std::string_view kShape = "xxxx:xx:xx.f";
  if (text.size() != kShape.size()) return false;
  for (size_t i = 0; i < kShape.size(); ++i) {
    bool good = kShape[i] == 'x'   ? std::isxdigit(static_cast<unsigned char>(text[i])) != 0
                : kShape[i] == 'f' ? text[i] >= '0' && text[i] <= '7'
                                   : text[i] == kShape[i];
    if (!good) return false;
  }
  return true;
}

bool IsInterfaceName(const std::string& text) {
  return text.size() < IFNAMSIZ && text.find_first_of("/: ") == std::string::npos && text != "." &&
         text != "..";
}

bool IsSocketPath(const std::string& text) {
  return text.front() == '/' && text.size() < sizeof(sockaddr_un::sun_path);
}

bool Always(const std::string&) {
  return true;
}

struct DeviceRow {
  const char* key;
  Kind kind;
  bool (*valid)(const std::string&);
  const char* form;
};

constexpr DeviceRow kDeviceRows[] = {
    {"netdev", Kind::kNetdev, IsInterfaceName, "an interface of at most 15 characters, see `ip link`"},
    {"pci", Kind::kPci, IsPciAddress, "like \"0000:81:00.0\", see `dpdk-devbind.py --status`"},
    {"memif", Kind::kMemif, IsSocketPath, "an absolute path of at most 107 bytes"},
    {"ring", Kind::kRing, Always, ""},
    {"rx_pcap", Kind::kPcap, Always, ""},
    {"tx_pcap", Kind::kPcap, Always, ""},
};

class PortReader {
 public:
  PortReader(TableReader* tables, std::string path, PortConfig* port, ConfigPlaces::Port* places)
      : values_(tables->values()), path_(std::move(path)), port_(*port), places_(*places) {}

  void Read(const Value& table) {
    places_.device = values_.At(table);
    Devices(table);
    if (const Value* v = TableReader::Find(table, "mtu"))
      port_.mtu =
          static_cast<uint32_t>(values_.Integer(*v, path_ + ".mtu", kMtuMin, kMtuMax).value_or(kMtuMin));
    if (const Value* v = TableReader::Find(table, "vlan")) Vlan(*v);
    if (const Value* v = TableReader::Find(table, "addresses")) Addresses(*v);
    Gateway(table, "gateway_v4", Family::kV4);
    Gateway(table, "gateway_v6", Family::kV6);
  }

 private:
  void Devices(const Value& table) {
    std::vector<std::string> kinds;
    const Value* last = nullptr;
    for (const DeviceRow& row : kDeviceRows) {
      const Value* v = TableReader::Find(table, row.key);
      if (v == nullptr) continue;
      if (row.kind != Kind::kPcap || kinds.empty() || !kinds.back().ends_with("_pcap"))
        kinds.push_back(row.key);
      last = v;
      Device(row, *v);
    }
    if (const Value* v = TableReader::Find(table, "null")) {
      kinds.push_back("null");
      last = v;
      port_.kind = Kind::kNull;
      auto yes = values_.Flag(*v, path_ + ".null");
      if (yes.has_value() && !*yes)
        values_.Error(values_.At(*v), absl::StrCat("'", path_, ".null' can only be true"), "delete the line");
    }
    constexpr const char* kChoice = "one of netdev, pci, memif, ring, null, or rx_pcap with tx_pcap";
    if (kinds.empty()) values_.Error(places_.device, absl::StrCat("[", path_, "] names no device"), kChoice);
    if (kinds.size() > 1)
      values_.Error(
          values_.KeyOf(*last),
          absl::StrCat("[", path_, "] names ", kinds.size(), " devices: ", absl::StrJoin(kinds, ", ")),
          kChoice);
    if (kinds.size() == 1 &&
        (TableReader::Find(table, "rx_pcap") == nullptr) != (TableReader::Find(table, "tx_pcap") == nullptr))
      values_.Error(values_.KeyOf(*last), absl::StrCat("[", path_, "] needs both rx_pcap and tx_pcap"));
  }

  // The device's text becomes an argument of DPDK's, where a comma would start another option.
  void Device(const DeviceRow& row, const Value& v) {
    std::string name = absl::StrCat(path_, ".", row.key);
    port_.kind = row.kind;
    places_.device = values_.At(v);
    auto text = row.kind == Kind::kRing ? values_.Name(v, name) : values_.Text(v, name);
    if (!text.has_value()) return;
    bool separator = text->find_first_of(", \\\"'") != std::string::npos;
    if (separator || !row.valid(*text))
      values_.Error(values_.At(v), absl::StrCat("'", name, "' is \"", *text, "\", which is no such device"),
                    separator ? "without commas, spaces, quotes or backslashes" : row.form);
    std::string_view key = row.key;
    (key == "rx_pcap" ? port_.rx_pcap : key == "tx_pcap" ? port_.tx_pcap : port_.device) = *text;
  }

  // One id, or the outer and the inner one.
  void Vlan(const Value& v) {
    const std::string name = path_ + ".vlan";
    if (!v.is_array()) return VlanId(v, name);
    const toml::array& ids = v.as_array();
    if (ids.size() != kVlanTagsMax)
      values_.Error(values_.At(v), absl::StrCat("'", name, "' has ", ids.size(), " ids"),
                    "one id, or two: [outer, inner]");
    for (size_t i = 0; i < std::min<size_t>(ids.size(), kVlanTagsMax); ++i) VlanId(ids[i], name);
  }
  void VlanId(const Value& v, const std::string& name) {
    if (auto id = values_.Integer(v, name, 1, kVlanIdMax)) port_.vlan.push_back(static_cast<uint16_t>(*id));
  }

  void Addresses(const Value& v) {
    std::string name = absl::StrCat(path_, ".addresses");
    const toml::array* items = values_.Array(v, name, "addresses with their length");
    places_.whole = items != nullptr;
    if (items == nullptr) return;
    for (const Value& item : *items) {
      auto own = values_.PrefixOf(item, name, ConfigValues::HostBits::kWanted);
      places_.whole &= own.has_value();
      if (!own.has_value()) continue;
      port_.addresses.push_back(*own);
      places_.addresses.push_back(values_.At(item));
    }
  }

  void Gateway(const Value& table, const char* key, Family family) {
    const Value* v = TableReader::Find(table, key);
    if (v == nullptr) return;
    port_.gateway[static_cast<int>(family)] = values_.AddressOf(*v, absl::StrCat(path_, ".", key), family);
    places_.gateway[static_cast<int>(family)] = values_.At(*v);
  }

  ConfigValues& values_;
  std::string path_;
  PortConfig& port_;
  ConfigPlaces::Port& places_;
};

}  // namespace

void ReadPorts(const Value& root, TableReader* tables, Config* config, ConfigPlaces* places) {
  const Value* ports = TableReader::Find(root, "port");
  if (ports != nullptr && tables->Optional(root, "port") == nullptr) return;
  if (ports != nullptr) tables->CheckKeys(*ports, "port", {"access", "core"});
  for (Side side : {Side::kAccess, Side::kCore}) {
    std::string path = absl::StrCat("port.", cfr::Name(side));
    const Value* table =
        tables->Required(ports == nullptr ? root : *ports, ports == nullptr ? path : cfr::Name(side), path);
    places->port[static_cast<int>(side)].whole = table != nullptr;
    if (table == nullptr) continue;
    tables->CheckKeys(*table, path, "port");
    PortReader(tables, path, &config->port[static_cast<int>(side)], &places->port[static_cast<int>(side)])
        .Read(*table);
  }
}

}  // namespace cfr
