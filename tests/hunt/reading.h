// SPDX-License-Identifier: BSD-3-Clause
// A frame, or a quoted packet, read back into what the auditor compares. Believes no length; shares nothing
// with the relay.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "common/address.h"

namespace cfr::hunt {

// Flags of TCP.
inline constexpr uint8_t kFin = 0x01, kSyn = 0x02, kRst = 0x04, kPsh = 0x08, kAck = 0x10, kUrg = 0x20,
                         kEce = 0x40, kCwr = 0x80;

struct Reading {
  const uint8_t* ip = nullptr;   // null: not a readable IP packet
  const uint8_t* l4 = nullptr;   // behind all IP headers
  const uint8_t* end = nullptr;  // of the IP packet, or of the bytes where those end sooner
  Family family = Family::kV4;
  uint8_t protocol = 0;   // that of l4
  bool fragment = false;  // more than one piece
  bool later = false;     // not the first one: l4 is payload
  bool reply = false;     // an echo reply
  bool ports = false;     // the two below are there; echo: the identifier stands for the asking side
  bool has_fragment_header = false;  // IPv6
  uint32_t fragment_id = 0;
  uint16_t source_port = 0, destination_port = 0;
  size_t l4_header = 0;  // bytes; 0: none of a known protocol, or not whole

  size_t l4_bytes() const { return static_cast<size_t>(end - l4); }
  const uint8_t* source_bytes() const { return ip + (family == Family::kV4 ? 12 : 8); }
  const uint8_t* destination_bytes() const { return ip + (family == Family::kV4 ? 16 : 24); }
  Address source() const { return At(source_bytes()); }
  Address destination() const { return At(destination_bytes()); }
  uint8_t ttl() const { return ip[family == Family::kV4 ? 8 : 7]; }
  bool icmp() const { return protocol == (family == Family::kV4 ? 1 : 58); }
  bool icmp_error() const;  // an error that quotes a packet

 private:
  Address At(const uint8_t* p) const {
    return family == Family::kV4 ? Address::FromV4(p) : Address::FromV6(p);
  }
};

// `whole`: the IP packet must be all there; otherwise it may be cut anywhere, as in a quote.
Reading ReadIp(const uint8_t* ip, size_t bytes, bool whole);
// The ids of its VLAN tags, without those that only tell a priority.
std::vector<uint16_t> ReadTags(std::span<const uint8_t> frame);
// Behind whatever VLAN tags there are.
Reading ReadFrame(const uint8_t* frame, size_t bytes);
// The packet an ICMP error quotes.
Reading ReadQuoted(const Reading& error);

}  // namespace cfr::hunt
