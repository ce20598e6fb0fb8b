// SPDX-License-Identifier: BSD-3-Clause
// Who is who in the hunt. Everything that must not be seen on the core side carries one pair of bytes that
// nothing else carries: payloads, numbers and options of the traffic are made of other bytes.
//
//   subscribers   10.233.167.64-127 (region XA), .192-255 (XB)    0a e9 a7 hh
//                 2001:db8:e9a7:rsxx:2e9:a7ff:fe00:hh             20 01 0d b8 e9 a7 rs xx  02 e9 a7 ff ..
//   access MACs   02:e9:a7:4r:00:hh
//   pools         203.0.113.0/25 and .128/25, 2001:db8:a000:a::/64 and :b::/64
//   remotes       198.51.100.21.., 192.0.2.77 on the core link, 2001:db8:5::15.., 2001:db8:c0::77
#pragma once

#include <cstdint>
#include <optional>

#include "common/address.h"

namespace cfr::hunt {

inline constexpr uint8_t kCanaryFirst = 0xe9, kCanarySecond = 0xa7;
// The byte behind a pair in a secret is at least this; IP lengths behind a flow label are less.
inline constexpr uint8_t kCanaryThird = 0x40;

inline constexpr int kHosts = 48;  // half of them in each region
inline constexpr int kHostsOfRegion = kHosts / 2;
inline constexpr int kRemotes = 8;
inline constexpr uint16_t kRemotePorts[] = {443, 53};
// Of TCP and UDP; as echo identifiers the same with 0 first.
inline constexpr uint16_t kSubscriberPorts[] = {5000, 5001, 1024, 80, 443, 32767, 2049, 6142};
inline constexpr int kPortsOfHost = sizeof kSubscriberPorts / sizeof kSubscriberPorts[0];

Address SubscriberAddress(Family family, int host);
Address RemoteAddress(Family family, int remote);
Address PoolAddress(Family family, uint32_t number);  // any address of a pool, unit or not
Address OtherAddress(Family family,
                     uint32_t number);  // martians, the relay, gateways, bypass, strangers: one of kOthers
inline constexpr uint32_t kOthers = 32;

std::optional<int> SubscriberOf(const Address& a);
std::optional<int> RemoteOf(const Address& a);

// Source MACs on the two links: a host's or its gateway's, and the core router's.
void WriteAccessMac(int host, uint8_t* mac);
void WriteCoreMac(uint8_t* mac);

// The configuration every scene starts from.
extern const char kHuntConfiguration[];

}  // namespace cfr::hunt
