// SPDX-License-Identifier: BSD-3-Clause
// Settings that are a list of ports, declared once: reader, writer, messages and docs/configuration.md go
// by these rows.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

namespace cfr {

enum class PortList : uint8_t { kUdpWellknown, kAvoided, kUdp6ZeroChecksum };

struct PortListRow {
  PortList id;
  const char* section;
  const char* key;
  std::array<uint16_t, 4> standard;  // when left out; 0: no port
  uint16_t min, max;                 // of a port, inclusive
  const char* sentence;
};

inline constexpr PortListRow kPortListRows[] = {
    {PortList::kUdpWellknown,
     "timers",
     "udp_wellknown_ports",
     {},
     1,
     1023,
     "Remote UDP ports whose flows are kept `udp_wellknown` only (RFC 4787 REQ-5a)."},
    {PortList::kAvoided,
     "alias",
     "avoided_ports",
     {1900, 5353, 11211},
     1,
     65535,
     "Never an alias port of UDP: networks commonly block these (RFC 9308 section 8.1)."},
    {PortList::kUdp6ZeroChecksum,
     "admission",
     "udp6_zero_checksum_ports",
     {},
     1,
     65535,
     "Remote ports for which UDP over IPv6 may go without a checksum (RFC 6936)."},
};
inline constexpr int kPortListCount = sizeof kPortListRows / sizeof kPortListRows[0];
constexpr const PortListRow& Row(PortList list) {
  return kPortListRows[static_cast<int>(list)];
}

class PortLists {
 public:
  PortLists() {
    for (const PortListRow& row : kPortListRows)
      for (uint16_t port : row.standard)
        if (port != 0) (*this)[row.id].push_back(port);
  }
  std::vector<uint16_t>& operator[](PortList list) { return lists_[static_cast<size_t>(list)]; }
  const std::vector<uint16_t>& operator[](PortList list) const { return lists_[static_cast<size_t>(list)]; }
  friend bool operator==(const PortLists&, const PortLists&) = default;

 private:
  std::array<std::vector<uint16_t>, kPortListCount> lists_;
};

}  // namespace cfr
