// SPDX-License-Identifier: BSD-3-Clause
// The text of a packet row, split into steps but not yet given any meaning. The language: README.md.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace cfr::test {

// "C+1:5000-5063": a name or literal address, subscribers (or addresses) further on, and a port, a range
// of ports or the name of a port.
struct EndpointText {
  std::string name;
  int plus_first = 0, plus_last = 0;
  std::string port;
};

// "access: C:5000>S:443 tcp SA seq=7"
struct PacketText {
  std::string side;
  EndpointText from, to;
  std::string protocol;  // udp, tcp, echo, reply, icmp, proto, arp, ns, na
  std::string detail;    // flags of tcp, kind or TYPE/CODE of icmp, number of proto, operation of arp
  std::vector<std::pair<std::string, std::string>> fields;
  std::vector<PacketText> quoted;  // by an ICMP error; at most one
};

struct Step {
  int line = 0;
  std::string family;              // "4" or "6" if the names or literals say so: skipped in the other
  std::string verb;                // "packet", "released", or the first word of the line
  std::vector<std::string> words;  // after the verb, for all but packets
  PacketText packet;
  std::string expected;  // "core", "access", "nothing", "refused", "consumed", "answered", "held"
  PacketText out;        // for core, access and refused
  std::string drop;      // for nothing and refused
  std::vector<std::string> dropped_too;  // packets that had waited, dropped by this step
};

struct Row {
  std::string id, sentence, file;
  std::vector<std::string> proves;  // requirements of docs/compliance.md: "UDP-1"
  int line = 0;
  std::string configuration;
  std::vector<std::string> overrides;
  std::vector<std::string> families;  // "4", "6"
  std::vector<int> workers = {1, 2};
  std::vector<std::string> without;   // snapshot, key, lease
  std::map<std::string, int> tables;  // flows, subscribers, datagrams, held
  std::vector<Step> steps;
};

struct RowFile {
  std::vector<Row> rows;
  std::vector<std::string> errors;  // "FILE:LINE: what is wrong"
};
RowFile ParseRows(const std::string& file, std::string_view text);

}  // namespace cfr::test
