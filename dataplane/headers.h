// SPDX-License-Identifier: BSD-3-Clause
// The wire formats the relay reads, byte for byte, and big-endian integers that never convert by
// accident: a port compared in host order against one in network order would not compile.
#pragma once

#include <bit>
#include <cstdint>

namespace cfr {

struct Be16 {
  uint16_t raw = 0;
  static constexpr Be16 From(uint16_t host) { return {__builtin_bswap16(host)}; }
  constexpr uint16_t host() const { return __builtin_bswap16(raw); }
  friend bool operator==(Be16, Be16) = default;
} __attribute__((packed));

struct Be32 {
  uint32_t raw = 0;
  static constexpr Be32 From(uint32_t host) { return {__builtin_bswap32(host)}; }
  constexpr uint32_t host() const { return __builtin_bswap32(raw); }
  friend bool operator==(Be32, Be32) = default;
} __attribute__((packed));
static_assert(std::endian::native == std::endian::little, "Be16 and Be32 swap bytes");

inline constexpr uint16_t kEthertypeIpv4 = 0x0800, kEthertypeArp = 0x0806, kEthertypeIpv6 = 0x86dd,
                          kEthertypeVlan = 0x8100, kEthertypeQinq = 0x88a8;
inline constexpr uint8_t kProtocolIcmp = 1, kProtocolTcp = 6, kProtocolUdp = 17, kProtocolIcmp6 = 58;
inline constexpr uint8_t kIpv6HopByHop = 0, kIpv6Routing = 43, kIpv6Fragment = 44, kIpv6Esp = 50,
                         kIpv6Ah = 51, kIpv6NoNext = 59, kIpv6Destination = 60, kIpv6Mobility = 135,
                         kIpv6Hip = 139, kIpv6Shim6 = 140;
inline constexpr uint8_t kIcmpEchoReply = 0, kIcmpEchoRequest = 8;
inline constexpr uint8_t kIcmp6EchoRequest = 128, kIcmp6EchoReply = 129;
inline constexpr uint8_t kIcmpUnreachable = 3, kIcmpSourceQuench = 4, kIcmpRedirect = 5,
                         kIcmpTimeExceeded = 11, kIcmpParameterProblem = 12;
inline constexpr uint8_t kIcmpFragmentationNeeded = 4;  // code of kIcmpUnreachable
inline constexpr uint8_t kIcmp6Unreachable = 1, kIcmp6TooBig = 2, kIcmp6TimeExceeded = 3,
                         kIcmp6ParameterProblem = 4;
inline constexpr uint8_t kNdRouterSolicit = 133, kNdRouterAdvert = 134, kNdNeighbourSolicit = 135,
                         kNdNeighbourAdvert = 136, kNdRedirect = 137;
inline constexpr uint8_t kSourceLinkOption = 1, kTargetLinkOption = 2;  // RFC 4861 4.6.1, in units of 8 bytes

struct EthernetHeader {
  uint8_t destination[6], source[6];
  Be16 ethertype;
} __attribute__((packed));
static_assert(sizeof(EthernetHeader) == 14);

struct ArpPacket {  // RFC 826 for Ethernet and IPv4
  Be16 hardware_type, protocol_type;
  uint8_t hardware_length, protocol_length;
  Be16 operation;
  uint8_t sender_mac[6], sender_ip[4], target_mac[6], target_ip[4];
} __attribute__((packed));
static_assert(sizeof(ArpPacket) == 28);

struct Ipv4Header {
  uint8_t version_ihl, tos;
  Be16 total_length, id, flags_offset;
  uint8_t ttl, protocol;
  Be16 checksum;
  Be32 source, destination;
} __attribute__((packed));
static_assert(sizeof(Ipv4Header) == 20);
inline constexpr uint16_t kIpv4Reserved = 0x8000, kIpv4DontFragment = 0x4000, kIpv4FragmentBits = 0x3fff,
                          kIpv4MoreFragments = 0x2000, kIpv4FragmentOrDont = 0x7fff;

struct Ipv6Header {
  Be32 version_class_label;
  Be16 payload_length;
  uint8_t next_header, hop_limit;
  uint8_t source[16], destination[16];
} __attribute__((packed));
static_assert(sizeof(Ipv6Header) == 40);

struct FragmentHeader {  // IPv6, RFC 8200 4.5
  uint8_t next_header, reserved;
  Be16 offset_flags;  // first byte of the datagram's that it carries, by 8; two reserved bits; more follow
  Be32 id;
} __attribute__((packed));
static_assert(sizeof(FragmentHeader) == 8);
inline constexpr uint16_t kIpv6FragmentReserved = 0x0006, kIpv6FragmentAtomic = 0;

struct TcpHeader {
  Be16 source_port, destination_port;
  Be32 sequence, acknowledgment;
  uint8_t data_offset, flags;
  Be16 window, checksum, urgent;
} __attribute__((packed));
static_assert(sizeof(TcpHeader) == 20);
inline constexpr uint8_t kTcpFin = 0x01, kTcpSyn = 0x02, kTcpRst = 0x04, kTcpPsh = 0x08, kTcpAck = 0x10,
                         kTcpUrg = 0x20;

struct UdpHeader {
  Be16 source_port, destination_port, length, checksum;
} __attribute__((packed));
static_assert(sizeof(UdpHeader) == 8);

struct IcmpHeader {  // echo and its reply, both families
  uint8_t type, code;
  Be16 checksum, identifier, sequence;
} __attribute__((packed));
static_assert(sizeof(IcmpHeader) == 8);

struct IcmpErrorHeader {  // RFC 792, RFC 4443 section 3; RFC 4884: the length octets
  uint8_t type, code;
  Be16 checksum;
  // IPv4: pointer 8 | length 8, in words | next-hop MTU 16
  // IPv6: MTU or pointer 32, or: length 8, in double words | unused 24
  Be32 word;
} __attribute__((packed));
static_assert(sizeof(IcmpErrorHeader) == 8);

struct NeighbourMessage {  // NS and NA, RFC 4861 4.3 and 4.4
  uint8_t type, code;
  Be16 checksum;
  Be32 flags;
  uint8_t target[16];
} __attribute__((packed));
static_assert(sizeof(NeighbourMessage) == 24);
inline constexpr uint32_t kNaSolicited = 0x40000000, kNaOverride = 0x20000000, kNaRouter = 0x80000000;

inline constexpr int kEthernetBytes = sizeof(EthernetHeader);

}  // namespace cfr
