// SPDX-License-Identifier: BSD-3-Clause
// The tables of the configuration file and those of their keys that are no plain setting (these are in
// settings.def), declared once: the reader's known and required keys and docs/configuration.md.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "common/limits.h"

namespace cfr {

inline constexpr uint32_t kMtuMin = 1280, kMtuMax = 9000;     // RFC 8200 section 5; jumbo frames
inline constexpr size_t kTextBytesMax = 128;                  // of any string
inline constexpr uint64_t kVlanIdMax = 4094;                  // IEEE 802.1Q 9.6: 0 is no VLAN, 4095 reserved
inline constexpr uint64_t kCitySubscribersPerUnitMin = 1000;  // or a city is too precise for the crowd
inline constexpr int kIpv6PoolLength = 64;  // one /64 per pool: who groups addresses by /64 sees one source

struct TableRow {
  const char* path;  // as written between the brackets
  const char* keys;  // KeyRow::table and SettingRow::section of its keys
  bool list;         // [[path]], any number of them
  bool required;
  const char* sentence;
};

inline constexpr TableRow kTableRows[] = {
    {"node", "node", false, true, "The node and the region codes it serves."},
    {"port.access", "port", false, true, "The port towards the subscribers."},
    {"port.core", "port", false, true, "The port towards the CFS."},
    {"dataplane", "dataplane", false, false, "What cfr-dataplane reads once, at its start."},
    {"timers", "timers", false, false, "How long an idle flow is kept."},
    {"limits", "limits", false, false, "What one subscriber may use, and one packet."},
    {"icmp", "icmp", false, false, "ICMP errors, relayed and made."},
    {"alias", "alias", false, false, "How source aliases are drawn."},
    {"crowd", "crowd", false, false,
     "How many subscribers have to share an alias unit, and how that is measured."},
    {"assignment", "assignment", false, false, "How long the dataplane may act alone."},
    {"admission", "admission", false, false, "What may pass at all."},
    {"scrub", "scrub", false, false, "What else is taken off a packet towards the core."},
    {"records", "records", false, false, "Which subscriber had which alias, sealed ([why](records.md))."},
    {"subscribers", "subscribers", true, false,
     "Whose traffic is admitted. A source outside every such prefix is dropped."},
    {"pool", "pool", true, false, "Prefixes whose addresses serve as alias units, all of one IP family."},
    {"bypass", "bypass", true, false, "A destination that is forwarded untranslated, marked and counted."},
};

struct KeyRow {
  const char* table;
  const char* key;
  const char* value;  // what to write
  bool required;
  const char* standard;  // what stands for a key that is not given, for people
  const char* sentence;
};

inline constexpr KeyRow kKeyRows[] = {
    {"node", "name", "name", true, "", "Name of this node in output and metrics."},
    {"node", "regions", "array of names", true, "", "Every region code used below."},
    {"port", "netdev", "string", false, "",
     "Kernel interface (af_packet); the kernel must have no address on it. It joins IPv4 fragments before "
     "the relay sees them: a datagram larger than `mtu` is dropped (`rx_oversize`). Real network cards do "
     "not."},
    {"port", "pci", "string", false, "", "Network card of DPDK's, like `0000:81:00.0`."},
    {"port", "memif", "string", false, "", "Path of a memif socket; the relay is its server."},
    {"port", "ring", "name", false, "", "A ring inside the process, for tests."},
    {"port", "null", "true", false, "", "A port that never receives and swallows what is sent."},
    {"port", "rx_pcap", "string", false, "",
     "File to read packets from once a configuration is in force; goes with `tx_pcap`."},
    {"port", "tx_pcap", "string", false, "", "File to write packets to; goes with `rx_pcap`."},
    {"port", "mtu", "integer, 1280 to 9000", false, "1500", "Largest IP packet of the link, in bytes."},
    {"port", "vlan", "integer, 1 to 4094, or [outer, inner]", false, "untagged",
     "The VLAN, or pair of them, that frames arrive and leave in. Its priority bits are not carried over."},
    {"port", "addresses", "array of addresses with length", false, "none",
     "The relay's own addresses, each with the length of its on-link prefix."},
    {"port", "gateway_v4", "IPv4 address", false, "none", "Next hop for what is not on-link."},
    {"port", "gateway_v6", "IPv6 address", false, "none", "Next hop for what is not on-link."},
    {"dataplane", "egress_allowed", "array of prefixes", false, "the pools of the file at start",
     "No source outside may ever leave on the core port, whatever the control process says."},
    {"admission", "nat64_prefixes", "array of prefixes", false, "none",
     "NAT64 prefixes of the network beside 64:ff9b::/96, of the lengths RFC 6052 knows."},
    {"scrub", "profile", "\"full\" or \"off\"", false, "\"full\"",
     "What the other keys of this table are when left out: as below, or nothing is taken off."},
    {"records", "directory", "path", false, "\"/var/lib/cfr/records\"",
     "Where the log of records is; made if need be."},
    {"records", "day_keys", "path", false, "none",
     "Directory of the public halves of the day keys (`cfrctl record keygen`)."},
    {"alias", "profile", "\"default\", \"strict\" or \"compat\"", false, "\"default\"",
     "What `epoch`, `affinity_idle` and `affinity_cap` are when left out: 1h, 30m, 4h; 10m, 10m, 2h, harder "
     "to follow; 24h, 1h, 4h, for sites that bear no change."},
    {"subscribers", "prefix", "prefix", true, "", "Their addresses."},
    {"subscribers", "per", "integer, the prefix's length to 32 or 128", false,
     "32 (IPv4), 56 or the prefix's (IPv6)", "Length of the prefix that is one subscriber."},
    {"subscribers", "region", "name", true, "", "Region whose pools they use, one of `node.regions`."},
    {"pool", "name", "name", true, "", "Name of the pool."},
    {"pool", "region", "name", true, "", "Region whose subscribers use it, one of `node.regions`."},
    {"pool", "prefixes", "array of prefixes", true, "", "Its addresses; an IPv6 pool lies inside one /64."},
    {"pool", "state", "\"staged\", \"active\" or \"draining\"", false, "\"active\"",
     "Staged: known, not used. Draining: live flows only."},
    {"pool", "alias_units", "integer, 1 to 16", false, "4", "Addresses in use at once, drawn at random."},
    {"pool", "port_mode", "\"per_remote\" or \"exclusive\"", false, "\"per_remote\"",
     "Exclusive: a port serves one flow at a time, whatever the remote (RFC 4787 REQ-3). A change drains the "
     "units and draws others."},
    {"pool", "small_crowd", "true or false", false, "false",
     "Accept that an alias hides few: without it, more than one unit for every 100 possible subscribers of "
     "the region is refused."},
    {"pool", "answer_neighbours", "true or false", false, "false",
     "Answer ARP and neighbour discovery for the pool; otherwise it must be routed to the relay."},
    {"pool", "parent", "name", false, "none",
     "Pool of the same family into which this one may be merged; that one's region then serves this one's. "
     "It equals or contains it, as \"DE\" contains \"DE-BE\"."},
    {"pool", "cross_border", "true or false", false, "false",
     "The parent's region need not contain this one's: flows may be seen elsewhere."},
    {"pool", "city", "string", false, "none",
     "Published with the region (`cfrctl geofeed export`). Refused with fewer than 1000 subscribers for each "
     "alias unit of the region."},
    {"bypass", "name", "name", true, "", "Name in output and metrics."},
    {"bypass", "prefix", "prefix", true, "", "The destinations."},
    {"bypass", "reason", "string", true, "", "Why subscribers may be seen there; shown at every apply."},
};

static_assert(kMtuMin == 1280 && kMtuMax == 9000 && kUnitsPerPoolMax == 16 && kCrowdMin == 100 &&
                  kVlanIdMax == 4094 && kCitySubscribersPerUnitMin == 1000,
              "their rows say so");

// First components of the table paths.
std::vector<std::string> RootKeys();
// Every key of a table, plain settings included, by TableRow::keys.
std::vector<std::string> KeysOf(std::string_view table);
std::vector<std::string> RequiredKeysOf(std::string_view table);
// The paths of the tables that know `key`.
std::vector<std::string> TablesWith(std::string_view key);

}  // namespace cfr
