// SPDX-License-Identifier: BSD-3-Clause
// The small enumerations every part of the relay shares. Words: docs/glossary.md.
#pragma once

#include <cstddef>
#include <cstdint>
#include <type_traits>

namespace cfr {

enum class Side : uint8_t { kAccess, kCore };
enum class Direction : uint8_t { kOutbound, kInbound };  // access -> core, core -> access
enum class Family : uint8_t { kV4, kV6 };

inline constexpr int kSides = 2;
inline constexpr int kDirections = 2;
inline constexpr int kFamilies = 2;

// Life of a pool prefix and of its alias units (RFC-less; docs/architecture.md "life of a prefix").
// Only kActive takes new flows; kActive and kDraining carry live ones.
enum class PrefixState : uint8_t { kStaged, kActive, kDraining, kQuarantined, kRetired };
inline constexpr int kPrefixStates = 5;

using Generation = uint64_t;  // version of a snapshot; 0 = none yet
using UnitIndex = uint16_t;   // alias unit in the snapshot's table; stable while flows use it
using PoolId = uint16_t;      // egress pool; names stay in the control process
using RegionId = uint16_t;    // region code; names stay in the control process

// Versions (of generations, of epoch keys) are compared as serial numbers (RFC 1982), so that no number a
// peer chooses is a last one: NextVersion(v) is always newer than v. 0 is no version.
template <class Version>
constexpr bool IsNewer(Version a, Version b) {
  return std::make_signed_t<Version>(a - b) > 0;
}
template <class Version>
constexpr Version NextVersion(Version v) {
  return v + 1 == 0 ? Version{1} : v + 1;
}

// Whether an alias port may serve several flows towards different remotes at once.
enum class PortMode : uint8_t { kPerRemote, kExclusive };

constexpr Side Opposite(Side side) {
  return side == Side::kAccess ? Side::kCore : Side::kAccess;
}
constexpr Direction Opposite(Direction d) {
  return d == Direction::kOutbound ? Direction::kInbound : Direction::kOutbound;
}
constexpr Side ArrivalSide(Direction d) {
  return d == Direction::kOutbound ? Side::kAccess : Side::kCore;
}
constexpr Side DepartureSide(Direction d) {
  return Opposite(ArrivalSide(d));
}
constexpr const char* Name(Side s) {
  return s == Side::kAccess ? "access" : "core";
}
constexpr const char* Name(Direction d) {
  return d == Direction::kOutbound ? "outbound" : "inbound";
}
constexpr const char* Name(Family f) {
  return f == Family::kV4 ? "ipv4" : "ipv6";
}
constexpr const char* Name(PortMode m) {
  return m == PortMode::kPerRemote ? "per_remote" : "exclusive";
}
constexpr const char* Name(PrefixState s) {
  constexpr const char* kNames[kPrefixStates] = {"staged", "active", "draining", "quarantined", "retired"};
  return kNames[static_cast<int>(s)];
}

}  // namespace cfr
