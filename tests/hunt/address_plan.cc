// SPDX-License-Identifier: BSD-3-Clause
#include "tests/hunt/address_plan.h"

#include <cstring>

#include "common/check.h"

namespace cfr::hunt {
namespace {

constexpr uint8_t kHostPrefix6[] = {0x20, 0x01, 0x0d, 0xb8, kCanaryFirst, kCanarySecond};
constexpr uint8_t kInterface6[] = {0x02, kCanaryFirst, kCanarySecond, 0xff, 0xfe, 0x00, 0x00};
constexpr int kOnLinkRemote = 6, kFarRemote = 7;
constexpr uint8_t kFirstRemote = 21;

// Last byte of an IPv4 subscriber.
uint8_t HostByte(int host) {
  return static_cast<uint8_t>(host < kHostsOfRegion ? 64 + host : 192 + host - kHostsOfRegion);
}

Address Parsed(const char* text) {
  auto address = ParseAddress(text);
  CFR_CHECK(address.has_value(), "an address of the plan is not readable");
  return *address;
}

}  // namespace

Address SubscriberAddress(Family family, int host) {
  if (family == Family::kV4) {
    const uint8_t bytes[] = {10, kCanaryFirst, kCanarySecond, HostByte(host)};
    return Address::FromV4(bytes);
  }
  // Two hosts of one subscriber, a /56, in different /64.
  int of_region = host % kHostsOfRegion;
  uint8_t bytes[16];
  std::memcpy(bytes, kHostPrefix6, 6);
  bytes[6] = static_cast<uint8_t>((host < kHostsOfRegion ? 0x40 : 0xc0) + of_region / 2);
  bytes[7] = static_cast<uint8_t>(of_region % 2);
  std::memcpy(bytes + 8, kInterface6, 7);
  bytes[15] = static_cast<uint8_t>(host);
  return Address::FromV6(bytes);
}

std::optional<int> SubscriberOf(const Address& a) {
  int host = a.bytes[15];
  if (a.family == Family::kV4) {
    int last = a.bytes[3];
    host = last >= 192 ? last - 192 + kHostsOfRegion : last - 64;
  }
  if (host < 0 || host >= kHosts || SubscriberAddress(a.family, host) != a) return std::nullopt;
  return host;
}

Address RemoteAddress(Family family, int remote) {
  auto last = static_cast<uint8_t>(kFirstRemote + remote);
  if (family == Family::kV4) {
    const uint8_t near[] = {192, 0, 2, 77}, far[] = {8, 8, 4, 4}, ordinary[] = {198, 51, 100, last};
    return Address::FromV4(remote == kOnLinkRemote ? near : remote == kFarRemote ? far : ordinary);
  }
  uint8_t bytes[16] = {0x20, 0x01, 0x0d, 0xb8, 0, 5};
  if (remote == kOnLinkRemote) bytes[5] = 0xc0, last = 0x77;
  if (remote == kFarRemote) bytes[0] = 0x24;
  bytes[15] = last;
  return Address::FromV6(bytes);
}

std::optional<int> RemoteOf(const Address& a) {
  int remote = a.bytes[a.family == Family::kV4 ? 3 : 15] - kFirstRemote;
  if (a.bytes[3] == 77 || a.bytes[15] == 0x77) remote = kOnLinkRemote;
  if (a.bytes[0] == 8) remote = kFarRemote;
  if (remote < 0 || remote >= kRemotes || RemoteAddress(a.family, remote) != a) return std::nullopt;
  return remote;
}

Address PoolAddress(Family family, uint32_t number) {
  if (family == Family::kV4) {
    const uint8_t bytes[] = {203, 0, 113, static_cast<uint8_t>(number)};
    return Address::FromV4(bytes);
  }
  uint8_t bytes[16] = {0x20, 0x01, 0x0d, 0xb8, 0xa0, 0, 0, static_cast<uint8_t>(number % 2 == 0 ? 0xa : 0xb)};
  bytes[15] = static_cast<uint8_t>(number >> 1);
  return Address::FromV6(bytes);
}

Address OtherAddress(Family family, uint32_t number) {
  static const Address kV4[kOthers] = {
      Parsed("0.0.0.0"),         Parsed("0.1.2.3"),         Parsed("127.0.0.1"),
      Parsed("169.254.1.1"),     Parsed("224.0.0.1"),       Parsed("239.255.255.250"),
      Parsed("240.0.0.1"),       Parsed("255.255.255.255"), Parsed("10.0.0.1"),
      Parsed("10.0.0.2"),        Parsed("10.0.0.255"),      Parsed("10.0.0.77"),
      Parsed("192.0.2.1"),       Parsed("192.0.2.254"),     Parsed("192.0.2.255"),
      Parsed("192.0.2.9"),       Parsed("198.51.100.200"),  Parsed("198.51.100.207"),
      Parsed("198.51.100.199"),  Parsed("198.51.100.208"),  Parsed("10.1.1.1"),
      Parsed("172.16.0.1"),      Parsed("192.168.0.1"),     Parsed("100.64.0.1"),
      Parsed("1.1.1.1"),         Parsed("8.8.8.8"),         Parsed("203.0.114.1"),
      Parsed("203.0.112.255"),   Parsed("192.88.99.1"),     Parsed("198.18.0.1"),
      Parsed("223.255.255.254"), Parsed("126.0.0.1")};
  static const Address kV6[kOthers] = {Parsed("::"),
                                       Parsed("::1"),
                                       Parsed("::2"),
                                       Parsed("fe80::1"),
                                       Parsed("febf::1"),
                                       Parsed("fec0::1"),
                                       Parsed("ff02::1"),
                                       Parsed("ff0e::1"),
                                       Parsed("ff02::1:ff00:1"),
                                       Parsed("::ffff:1.2.3.4"),
                                       Parsed("::1.2.3.4"),
                                       Parsed("64:ff9b::808:808"),
                                       Parsed("2001:db8:ac::1"),
                                       Parsed("2001:db8:ac::2"),
                                       Parsed("2001:db8:ac::77"),
                                       Parsed("2001:db8:c0::1"),
                                       Parsed("2001:db8:c0::fe"),
                                       Parsed("2001:db8:c0::9"),
                                       Parsed("2001:db8:b::1"),
                                       Parsed("2001:db8:b:1::1"),
                                       Parsed("2001:db8:a000:a::"),
                                       Parsed("2001:db8:a000:c::1"),
                                       Parsed("fd00::1"),
                                       Parsed("fc00::1"),
                                       Parsed("2002:102:304::1"),
                                       Parsed("2001::1"),
                                       Parsed("2620:fe::fe"),
                                       Parsed("3fff::1"),
                                       Parsed("2001:db8:c1::1"),
                                       Parsed("100::1"),
                                       Parsed("2001:2::1"),
                                       Parsed("5f00::1")};
  return (family == Family::kV4 ? kV4 : kV6)[number % kOthers];
}

void WriteAccessMac(int host, uint8_t* mac) {
  const uint8_t bytes[] = {0x02,
                           kCanaryFirst,
                           kCanarySecond,
                           static_cast<uint8_t>(host < kHostsOfRegion ? 0x41 : 0x42),
                           0,
                           static_cast<uint8_t>(host)};
  std::memcpy(mac, bytes, 6);
}

void WriteCoreMac(uint8_t* mac) {
  static constexpr uint8_t kBytes[] = {0x02, 0, 1, 0, 0xfe, 0x10};
  std::memcpy(mac, kBytes, 6);
}

const char kHuntConfiguration[] = R"(
[node]
name = "hunt"
regions = ["XA-1", "XB-2"]

[port.access]
null = true
addresses = ["10.0.0.1/24", "2001:db8:ac::1/64"]
gateway_v4 = "10.0.0.2"
gateway_v6 = "2001:db8:ac::2"

[port.core]
null = true
addresses = ["192.0.2.1/24", "2001:db8:c0::1/64"]
gateway_v4 = "192.0.2.254"
gateway_v6 = "2001:db8:c0::fe"

[limits]
new_flows_burst = 1000000
new_flows_per_second = 1000000

[alias]
affinity_idle = "60s"
affinity_cap = "60s"

[[subscribers]]
prefix = "10.233.167.64/26"
region = "XA-1"

[[subscribers]]
prefix = "10.233.167.192/26"
region = "XB-2"

[[subscribers]]
prefix = "2001:db8:e9a7:4000::/50"
per = 56
region = "XA-1"

[[subscribers]]
prefix = "2001:db8:e9a7:c000::/50"
per = 56
region = "XB-2"

[[pool]]
name = "a4"
region = "XA-1"
prefixes = ["203.0.113.0/25"]
small_crowd = true

[[pool]]
name = "b4"
region = "XB-2"
prefixes = ["203.0.113.128/25"]
small_crowd = true
alias_units = 2

[[pool]]
name = "a6"
region = "XA-1"
prefixes = ["2001:db8:a000:a::/64"]
small_crowd = true

[[pool]]
name = "b6"
region = "XB-2"
prefixes = ["2001:db8:a000:b::/64"]
small_crowd = true
alias_units = 2

[[bypass]]
name = "resolver4"
prefix = "198.51.100.200/29"
reason = "the provider's own resolver"

[[bypass]]
name = "resolver6"
prefix = "2001:db8:b::/64"
reason = "the provider's own resolver"
)";

}  // namespace cfr::hunt
