// SPDX-License-Identifier: BSD-3-Clause
// The desired state as a validated value: what the TOML file says. Both daemons read the same file:
// cfr-dataplane its start settings and ports, cfr-control everything. docs/configuration.md is made
// from settings.def and config_schema.h.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/address.h"
#include "common/limits.h"
#include "common/port_lists.h"
#include "common/settings.h"
#include "common/types.h"

namespace cfr {

struct PortConfig {
  enum class Kind { kNetdev, kPci, kPcap, kMemif, kRing, kNull };
  Kind kind = Kind::kNull;
  std::string device;             // interface name, PCI address, memif socket path or ring name
  std::string rx_pcap, tx_pcap;   // kPcap: files to read and to write
  uint32_t mtu = 1500;            // 1280..9000, IP packet bytes
  std::vector<uint16_t> vlan;     // ids of the attachment's tags, outer first; empty: untagged
  std::vector<Prefix> addresses;  // the relay's own addresses, each with its on-link length
  std::optional<Address> gateway[kFamilies];
  friend bool operator==(const PortConfig&, const PortConfig&) = default;
};

struct SubscribersConfig {
  Prefix prefix;
  uint8_t per = 32;  // prefix length of one subscriber; default 32 for IPv4, 56 for IPv6
  std::string region;
  friend bool operator==(const SubscribersConfig&, const SubscribersConfig&) = default;
};

struct PoolConfig {
  std::string name, region;
  std::vector<Prefix> prefixes;               // one family per pool; an IPv6 pool is one /64
  PrefixState state = PrefixState::kActive;   // staged, active or draining
  uint32_t alias_units = 4;                   // units in use at once, 1..kUnitsPerPoolMax
  PortMode port_mode = PortMode::kPerRemote;  // of the units drawn from now on; a change draws others
  bool small_crowd = false;                   // fewer than kCrowdMin subscribers may share a unit
  bool answer_neighbours = false;  // answer ARP/ND for the pool on the core side; else it is routed to us
  std::string parent = {};         // pool it may be merged into; empty: none
  bool cross_border = false;       // the parent's region need not contain this one's
  std::string city = {};           // published with the region; empty: the region alone
  Family family() const { return prefixes.front().address.family; }
  friend bool operator==(const PoolConfig&, const PoolConfig&) = default;
};

struct BypassConfig {
  std::string name;
  Prefix prefix;       // destinations that leave untranslated
  std::string reason;  // shown at apply and in `cfrctl counters`
  friend bool operator==(const BypassConfig&, const BypassConfig&) = default;
};

struct RecordsConfig {
  std::string directory = "/var/lib/cfr/records";
  std::string day_keys;  // directory of public halves; empty: none
  friend bool operator==(const RecordsConfig&, const RecordsConfig&) = default;
};

struct Config {
  std::string node_name;
  std::vector<std::string> regions;  // every region code used below; others are an error
  PortConfig port[kSides];
  std::vector<Prefix> egress_allowed;  // no pool may ever lie outside; empty in the file: the pools' own
  Settings settings;
  PortLists ports;
  std::vector<Prefix> nat64_prefixes;  // beside 64:ff9b::/96
  RecordsConfig records;
  std::vector<SubscribersConfig> subscribers;
  std::vector<PoolConfig> pools;
  std::vector<BypassConfig> bypasses;
  const PoolConfig* FindPool(std::string_view name) const;  // nullptr: none
  friend bool operator==(const Config&, const Config&) = default;
};

// One finding, with the place it is about. line and column count from 1; 0 if unknown.
struct ConfigError {
  int line = 0, column = 0;
  std::string message;  // what is wrong and what would be right
  std::string hint;     // what to type instead, may be empty
};

struct ConfigResult {
  std::optional<Config> config;     // set only when errors is empty
  std::vector<ConfigError> errors;  // the first syntax error, or every error of meaning
};

// Never throws, reads no file, needs no daemon. `text` up to kConfigBytesMax.
ConfigResult ParseConfig(std::string_view text);
// The same state as TOML text; ParseConfig(WriteConfig(c)) == c.
std::string WriteConfig(const Config& config);
// "FILE:LINE:COLUMN: error: MESSAGE" and, if any, a second line with the hint.
std::string Format(const ConfigError& error, std::string_view file);

}  // namespace cfr
