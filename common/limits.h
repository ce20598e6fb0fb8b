// SPDX-License-Identifier: BSD-3-Clause
// The largest anything may grow. A limit that follows from another is computed from it.
#pragma once

#include <cstdint>

namespace cfr {

inline constexpr int kWorkersMax = 64;
inline constexpr int kBurstMax = 64;         // packet views handed to the pipeline at once
inline constexpr int kUnitsMax = 1024;       // alias units of a node, all pools and states
inline constexpr int kUnitsPerPoolMax = 16;  // 4 bits of alias lift at most, docs/glossary.md "lift"
inline constexpr uint64_t kCrowdMin = 100;   // subscribers who may stand behind an alias unit, at least
inline constexpr int kRegionsMax = 256;
inline constexpr int kPoolsMax = 256;
inline constexpr int kPoolPrefixesMax = 1024;
inline constexpr int kSubscriberPrefixesMax = 65536;
inline constexpr int kBypassMax = 256;
inline constexpr int kFragmentRangesMax = 16;  // parts of one datagram remembered apart
inline constexpr int kPushedOutPerMs = 4;   // waiting datagrams that make room for others, in a millisecond
inline constexpr int kPiecesMax = 256;      // further packets one burst may be cut into
inline constexpr int kVlanTagsMax = 2;      // of one frame: 802.1Q, or 802.1ad around it
inline constexpr int kListedPortsMax = 64;  // of each list of ports
inline constexpr int kNat64PrefixesMax = 16;
inline constexpr int kPortAddressesMax = 16;         // addresses of the relay itself, both sides
inline constexpr int kGatewaysMax = 4;               // one per side and family
inline constexpr int kEpochKeysMax = 4;              // one in force, one to come, two under live epochs
inline constexpr int kAliasTriesMax = 4;             // the draw and up to three more (RFC 4787 REQ-11)
inline constexpr uint64_t kVisitGapMinutes = 30;     // without a flow, then a site session is over
inline constexpr int kPortCandidatesPerWorker = 16;  // random candidates before the full scan
inline constexpr int kCommandsPerRound = 4;          // ring messages a worker handles in one round
inline constexpr int kExpiriesPerRound = 64;         // flows a worker re-checks in one round
inline constexpr int kNeighboursMax = 4096;
inline constexpr int kNeighbourQueueMax = 3;     // packets kept while a next hop is being resolved
inline constexpr uint32_t kRingSlots = 4096;     // per ring; a power of two
inline constexpr uint32_t kOpenedSlots = 16384;  // the same of openings: 8 million a second, read every 2 ms
inline constexpr int kGenerationMessagesMax = 1 << 20;
inline constexpr int kApiLineBytesMax = 64 * 1024;
inline constexpr int kApiClientsMax = 64;                        // of each socket
inline constexpr int kApiNestingMax = 16;                        // of the JSON in a line
inline constexpr int kRecordedLengthMax = 64;                    // bits of an IPv6 subscriber in a record
inline constexpr int kDayKeysMax = 400;                          // made at once
inline constexpr int kRecordsWaitingBytesMax = 4 * 1024 * 1024;  // sealed and not written
inline constexpr int kConfigBytesMax = 8 * 1024 * 1024;

}  // namespace cfr
