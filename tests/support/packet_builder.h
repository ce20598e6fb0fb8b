// SPDX-License-Identifier: BSD-3-Clause
// Makes test frames, right ones and deliberately wrong ones. Its checksum and layout code shares nothing
// with the relay, so that a mistake there cannot hide in the tests.
//
//   Frame f = PacketBuilder().From(C, 5000).To(S, 443).Udp().Payload(100).Ttl(64).Build();
//
// Everything not said is right and plain: IPv4 with DF and id 0x1234, TTL 64, correct lengths and sums.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "common/address.h"

namespace cfr::test {

using Frame = std::vector<uint8_t>;
using MacAddress = std::array<uint8_t, 6>;

// What the builder overrides after everything right is in place; unset fields stay right.
struct Wrong {
  std::optional<uint8_t> ip_version, ip_header_words, next_header;
  std::optional<int> ip_length_by, udp_length_by;         // added to the right value
  std::optional<uint16_t> ip_length, udp_length;          // instead of it
  std::optional<uint16_t> ip_checksum, l4_checksum;       // the value itself
  bool ip_checksum_off = false, l4_checksum_off = false;  // the right value plus 1
  std::optional<uint8_t> tcp_offset_words;
  std::optional<size_t> frame_bytes;  // cut or zero-filled to this length
};

class PacketBuilder {
 public:
  PacketBuilder& Stations(const MacAddress& source, const MacAddress& destination);
  PacketBuilder& Ethertype(uint16_t value);
  PacketBuilder& Tags(std::vector<uint8_t> bytes);  // VLAN tags, four bytes each
  PacketBuilder& From(const Address& a, uint16_t port = 0);
  PacketBuilder& To(const Address& a, uint16_t port = 0);
  PacketBuilder& Udp();
  PacketBuilder& Tcp(uint8_t flags, uint32_t sequence = 0, uint32_t acknowledgment = 0);
  PacketBuilder& TcpReserved(uint8_t bits);                 // behind the data offset; the lowest is AE
  PacketBuilder& TcpOptions(std::vector<uint8_t> options);  // padded to words with zeros
  PacketBuilder& EchoRequest(uint16_t identifier, uint16_t sequence = 1);
  PacketBuilder& EchoReply(uint16_t identifier, uint16_t sequence = 1);
  PacketBuilder& Icmp(uint8_t type, uint8_t code, uint32_t rest = 0);  // the four bytes after the checksum
  PacketBuilder& Protocol(uint8_t number);  // IP payload is the bytes of Payload alone
  PacketBuilder& Payload(size_t bytes);     // a pattern that repeats nowhere
  PacketBuilder& Payload(std::vector<uint8_t> bytes);
  PacketBuilder& Ttl(uint8_t value);
  PacketBuilder& TrafficClass(uint8_t value);  // DSCP and ECN together
  PacketBuilder& Ipv4Id(uint16_t value);
  PacketBuilder& Ipv4Fragment(uint16_t flags_and_offset);            // the whole 16-bit field
  PacketBuilder& FragmentId(uint32_t value);                         // of both families
  PacketBuilder& Fragment(size_t first, std::optional<size_t> end);  // [first, end) of the IP payload
  PacketBuilder& Ipv4Options(std::vector<uint8_t> options);
  PacketBuilder& Ipv6Extension(uint8_t kind, std::vector<uint8_t> body);  // body starts at its length byte
  PacketBuilder& FlowLabel(uint32_t value);
  PacketBuilder& Trailer(size_t bytes);  // non-zero bytes behind the IP packet
  Wrong& wrong() { return wrong_; }

  Frame Build() const;

 private:
  enum class Transport { kUdp, kTcp, kIcmp, kRaw };
  Frame BuildTransport() const;
  uint8_t LastNextHeader() const;
  bool IsLast(size_t transport_bytes) const;
  Frame CutOf(const Frame& transport) const;
  Frame BuildIpv4(const Frame& transport) const;
  Frame BuildIpv6(const Frame& transport) const;
  uint8_t TransportNumber() const;

  MacAddress source_mac_{2, 0, 0, 0, 0, 0x10}, destination_mac_{2, 0, 0, 0, 0, 1};
  std::optional<uint16_t> ethertype_;
  std::vector<uint8_t> tags_;
  Address from_, to_;
  uint16_t from_port_ = 0, to_port_ = 0;
  Transport transport_ = Transport::kUdp;
  uint8_t protocol_ = 0;  // of kRaw
  uint8_t flags_ = 0, tcp_reserved_ = 0;
  uint32_t sequence_ = 0, acknowledgment_ = 0;
  uint8_t icmp_type_ = 0, icmp_code_ = 0;
  uint32_t icmp_rest_ = 0;
  bool echo_ = false, echo_reply_ = false;
  std::vector<uint8_t> tcp_options_, ipv4_options_, payload_;
  struct Extension {
    uint8_t kind;
    std::vector<uint8_t> body;
  };
  std::vector<Extension> extensions_;
  uint8_t ttl_ = 64, traffic_class_ = 0;
  uint16_t ipv4_id_ = 0x1234, ipv4_fragment_ = 0x4000;
  uint32_t flow_label_ = 0, fragment_id_ = 0x1234;
  struct Cut {
    size_t first;
    std::optional<size_t> end;
  };
  std::optional<Cut> cut_;
  size_t trailer_ = 0;
  Wrong wrong_;
};

// RFC 1071, one byte pair at a time: the one's complement sum of big-endian words, not inverted.
uint16_t NaiveSum(const uint8_t* bytes, size_t count, uint32_t start = 0);
// The sum over the IPv6 or IPv4 pseudo-header.
uint16_t PseudoSum(const Address& source, const Address& destination, uint8_t protocol, size_t l4_bytes);

}  // namespace cfr::test
