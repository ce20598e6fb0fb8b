// SPDX-License-Identifier: BSD-3-Clause
// Reads a frame back into its fields, for comparison and for the text of a failure. Like the builder it
// shares nothing with the relay.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "common/address.h"
#include "tests/support/packet_builder.h"

namespace cfr::test {

struct Dissection {
  MacAddress destination_mac{}, source_mac{};
  std::vector<uint8_t> tags;  // VLAN tags, four bytes each
  uint16_t ethertype = 0;
  Address source, destination;
  uint8_t ttl = 0, traffic_class = 0, protocol = 0;
  uint16_t ipv4_id = 0, ipv4_fragment = 0;
  uint32_t flow_label = 0;
  // A fragment: what it carries of its datagram, and where in the frame that begins.
  bool fragment = false, more_fragments = false;
  uint32_t fragment_id = 0;  // of both families
  size_t fragment_first = 0, fragment_end = 0, fragment_offset = 0;
  std::vector<uint8_t> extensions;  // of IPv6, up to the transport header; the fragment id is zeroed
  size_t ip_bytes = 0;              // the length the IP header states
  bool ip_checksum_right = true;
  // TCP, UDP and ICMP; for echo the identifier is the port of the side that asked
  uint16_t source_port = 0, destination_port = 0;
  uint8_t tcp_flags = 0, icmp_type = 0, icmp_code = 0;
  uint32_t icmp_word = 0;  // what follows the checksum of an ICMP message
  uint32_t tcp_sequence = 0, tcp_acknowledgment = 0;
  uint16_t l4_checksum = 0;
  uint16_t l4_error = 0;                     // how far the checksum is from right, modulo 65535; 0 when right
  size_t l4_offset = 0, payload_offset = 0;  // from the start of the frame, tags included
  std::vector<uint8_t>
      header_rest;  // what follows ports or identifier in the transport header, sum and options left out
  std::vector<uint8_t> tcp_options;
  std::vector<uint8_t> payload;

  bool later_fragment() const { return fragment_first > 0; }
  bool echo_request() const { return icmp() && icmp_type == (source.family == Family::kV4 ? 8 : 128); }
  bool echo_reply() const { return icmp() && icmp_type == (source.family == Family::kV4 ? 0 : 129); }
  bool icmp_error() const { return icmp() && !later_fragment() && !echo_request() && !echo_reply(); }
  bool icmp() const { return protocol == (source.family == Family::kV4 ? 1 : 58); }
};

// nullopt if the frame is no whole IPv4 or IPv6 packet with a plain transport header. A later fragment has
// no ports and is all payload; of no fragment the checksum can be judged.
std::optional<Dissection> Dissect(const Frame& frame);

// What an ICMP error quotes, as far as its bytes go: l4_error only of whole packets, offsets from the
// quote's first byte, no payload. nullopt if not even ports are there.
std::optional<Dissection> DissectQuoted(const Dissection& error);

// One line: "203.0.113.7:40001 > 198.51.100.5:443 udp len=100 ttl=47 ...", or the bytes if not readable.
std::string Describe(const Frame& frame);
std::string FormatMac(const uint8_t* mac);

}  // namespace cfr::test
