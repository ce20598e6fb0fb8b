// SPDX-License-Identifier: BSD-3-Clause
// A frame under construction in memory that is somebody else's. Writes what it is told, right or wrong;
// Close puts lengths and checksums that are right. Shares no layout or checksum code with the relay.
//
//   Draft d(bytes);
//   d.Ethernet(to, from).Put16(0x0800).Ip({.source = c, .destination = s}).Udp(5000, 443).Text(100).Close();
#pragma once

#include <cstdint>
#include <cstring>

#include "common/address.h"

namespace cfr::hunt {

inline constexpr size_t kFrameMax = 9600;

// One's complement sum of big-endian words (RFC 1071), folded, not inverted. `start`: sums to add.
uint16_t WordSum(const uint8_t* bytes, size_t count, uint64_t start = 0);
inline uint16_t Read16(const uint8_t* p) {
  return static_cast<uint16_t>(p[0] << 8 | p[1]);
}
inline uint32_t Read32(const uint8_t* p) {
  return uint32_t{Read16(p)} << 16 | Read16(p + 2);
}
inline void Write16(uint8_t* p, uint32_t v) {
  p[0] = static_cast<uint8_t>(v >> 8);
  p[1] = static_cast<uint8_t>(v);
}
inline void Write32(uint8_t* p, uint32_t v) {
  Write16(p, v >> 16);
  Write16(p + 2, v);
}

struct IpFields {
  Address source, destination;
  uint8_t protocol = 17;
  uint8_t ttl = 64, tos = 0;
  uint16_t id = 0, fragment = 0x4000;  // IPv4
  uint32_t label = 0;                  // IPv6
};

struct TcpFields {
  uint16_t source_port, destination_port;
  uint32_t sequence, acknowledgment;
  uint8_t flags;
  uint16_t window = 0x2000, urgent = 0;
};

class Draft {
 public:
  explicit Draft(uint8_t* bytes) : start_(bytes), at_(bytes) {}

  Draft& Ethernet(const uint8_t* to, const uint8_t* from);  // the MACs; tags and the ethertype follow
  // The IP header; options in words of four bytes.
  Draft& Ip(const IpFields& fields, const uint8_t* options = nullptr, size_t option_bytes = 0);
  // An IPv6 extension header; `body` is what follows the next-header byte.
  Draft& Extension(uint8_t kind, const uint8_t* body, size_t bytes);
  Draft& Udp(uint16_t source_port, uint16_t destination_port);
  Draft& Tcp(const TcpFields& fields, const uint8_t* options = nullptr, size_t option_bytes = 0);
  Draft& Icmp(uint8_t type, uint8_t code, uint32_t rest);
  Draft& Opaque() {  // what follows has no length or checksum of its own, or keeps what it has
    l4_ = at_;
    protocol_ = 0;
    return *this;
  }
  Draft& Bytes(const void* bytes, size_t count) {
    if (count != 0) std::memcpy(at_, bytes, count);
    at_ += count;
    return *this;
  }
  Draft& Text(size_t count);  // of the payload alphabet
  Draft& Put8(uint8_t v) {
    *at_++ = v;
    return *this;
  }
  Draft& Put16(uint16_t v) {
    Write16(at_, v);
    at_ += 2;
    return *this;
  }
  Draft& Put32(uint32_t v) {
    Write32(at_, v);
    at_ += 4;
    return *this;
  }
  // Lengths and checksums of the IP packet begun last, up to here.
  Draft& Close();
  Draft& Lengths();  // the lengths alone
  Draft& SumIp();    // the IPv4 header checksum alone
  Draft& SumTransport();

  uint8_t* start() const { return start_; }
  uint8_t* ip() const { return ip_; }
  uint8_t* l4() const { return l4_; }
  uint8_t* end() const { return at_; }
  uint16_t length() const { return static_cast<uint16_t>(at_ - start_); }
  void End(uint8_t* end) { at_ = end; }  // further on or back

 private:
  uint8_t *start_, *at_, *ip_ = nullptr, *l4_ = nullptr;
  uint8_t* next_header_ = nullptr;  // the byte that names what comes next
  Family family_ = Family::kV4;
  uint8_t protocol_ = 0;
};

// Where the checksum of a transport header stands; 0 if it has none.
constexpr size_t ChecksumOffset(uint8_t protocol) {
  return protocol == 6 ? 16 : protocol == 17 ? 6 : protocol == 1 || protocol == 58 ? 2 : 0;
}
// The sum over the pseudo-header, whose addresses stand in the IP header at `ip`.
uint64_t PseudoHeaderSum(const uint8_t* ip, Family family, uint8_t protocol, size_t l4_bytes);

}  // namespace cfr::hunt
