// SPDX-License-Identifier: BSD-3-Clause
// What crosses the border between the control process and the dataplane: fixed 64-byte messages on
// the shared-memory rings (common/shared_ring.h). Commands go control -> dataplane, events back.
//
// Main ring: every command carries a sequence number, one more than the last, and is answered by one
// kAck event with that number. What is not acknowledged is sent again; the dataplane acknowledges a
// repeated number without acting twice. A configuration travels as kBegin ... kCommit; a run that is
// broken off, refused or out of order leaves the committed generation in force.
// Worker rings: kFlowQuery is answered by kFlowRow events and one kFlowEnd; no acknowledgement.
//
// The dataplane treats each byte as hostile: copy once, check ranges, then use the copy.
#pragma once

#include <cstdint>
#include <cstring>
#include <type_traits>

#include "common/address.h"
#include "common/types.h"

namespace cfr {

inline constexpr uint32_t kLinkMagic = 0x43465231;  // "CFR1"
inline constexpr uint16_t kLinkVersion = 3;         // any change of a layout below raises it

enum class MessageKind : uint16_t {
  kNone = 0,
  // commands on the main ring
  kBegin,  // a new generation starts; drops a run that was not committed
  kSetting,
  kPortAddress,  // an address the relay answers ARP/ND/echo for, and its on-link prefix
  kGateway,      // next hop for what is not on-link, one per side and family
  kSubscribers,
  kPoolPrefix,
  kUnit,  // an assigned alias unit
  kBypass,
  kListedPort,  // one port of a list
  kNat64Prefix,
  kCommit,    // leases the generation's units, too
  kEpochKey,  // outside a run: takes effect at once
  kLease,     // outside a run: takes effect at once
  // events on the main ring
  kAck,
  // commands on a worker ring
  kFlowQuery,
  // events on a worker ring
  kFlowRow,
  kFlowEnd,
};

// An address or prefix on the wire: any bytes are possible, see ReadPrefix.
struct WirePrefix {
  uint8_t bytes[16];
  uint8_t family;  // 4 or 6
  uint8_t length;
};

struct BeginBody {
  Generation generation;
};
struct SettingBody {
  uint64_t value;
  uint16_t setting;  // Setting
};
struct PortAddressBody {
  WirePrefix prefix;  // host address with the length of its on-link prefix
  uint8_t side;
};
struct GatewayBody {
  WirePrefix address;  // length 32 or 128
  uint8_t side;
};
struct SubscribersBody {
  WirePrefix prefix;
  uint8_t per;  // one subscriber is one prefix of this length; prefix.length <= per
  RegionId region;
};
struct PoolPrefixBody {
  WirePrefix prefix;
  uint8_t state;   // PrefixState
  uint8_t answer;  // 1: answer ARP/ND for every address of the prefix on the core side
  PoolId pool;
  RegionId region;
};
struct UnitBody {
  WirePrefix address;  // length 32 or 128
  uint8_t state;       // PrefixState; kActive or kDraining
  UnitIndex index;
  PoolId pool;
  RegionId region;
  uint8_t exclusive;                       // 1: a port serves one flow at a time, whatever the remote
  uint64_t drawn_from_ms, drawn_until_ms;  // CLOCK_MONOTONIC: beginnings of the epochs that draw it; 0: any
};
struct BypassBody {
  WirePrefix prefix;
  uint16_t index;
};
struct ListedPortBody {
  uint16_t port;  // host order
  uint8_t list;   // PortList
};
struct Nat64PrefixBody {
  WirePrefix prefix;
};
struct CommitBody {
  Generation generation;
  uint32_t messages;  // commands of this run between kBegin and kCommit, exclusive
  uint64_t digest;    // MessageDigest over them, in order
};
struct EpochKeyBody {
  uint64_t effective_ms;  // CLOCK_MONOTONIC from which new flows use it; never in the past of an older key
  uint32_t version;       // rises by one with every key
  uint8_t key[16];        // random; the receiver erases the slot after copying
  uint8_t at_once;        // 1: for every epoch, older keys are erased; 0: for those that begin from then on
};
// Which flows may open while a lease holds.
enum class OpeningRule : uint8_t {
  kAny,
  kTold,  // only those the control process is told of, since each needs its record
  kNone,  // none: their records cannot be written
};
struct LeaseBody {
  uint64_t deadline_ms;  // CLOCK_MONOTONIC until which new flows may be opened
  UnitIndex unit;        // kAllUnits: every unit of the committed generation
  uint8_t rule;          // OpeningRule, of all units
};
inline constexpr UnitIndex kAllUnits = 0xffff;

enum class AckStatus : uint16_t {
  kOk,
  kOutOfOrder,      // sequence gap: resend from the last acknowledged one
  kMalformed,       // unknown kind, range or prefix error
  kNotInRun,        // a configuration command outside kBegin..kCommit
  kTooMany,         // a limit of common/limits.h
  kOutsideAllowed,  // a pool or unit outside the egress prefixes fixed at start
  kConflict,        // overlaps: pool and subscribers, two units, ...
  kDigest,          // kCommit does not match the run
  kStale,           // generation or key version not newer than the one in force
  kResources,       // memory
};
struct AckBody {
  Generation generation;  // committed generation after this command
  uint32_t sequence;      // of the command
  AckStatus status;
  uint16_t kind;      // MessageKind of the command
  uint32_t position;  // of the offending command inside its run, when a commit is refused
};

struct FlowQueryBody {
  uint64_t cursor;        // 0 to start, else from kFlowEnd
  uint32_t query;         // chosen by the asker, repeated in the answers
  uint32_t rows_max;      // 1..1024
  WirePrefix subscriber;  // family 0: any
  uint8_t protocol;       // IANA number, 0: any
  UnitIndex unit;         // kAllUnits: any
};
struct FlowRowBody {
  uint8_t subscriber[16];  // addresses as in Address::bytes
  uint8_t remote[16];
  uint16_t subscriber_port, remote_port, alias_port;  // host order; echo: identifier, 0, mapped identifier
  UnitIndex unit;
  uint8_t family;    // 4 or 6
  uint8_t protocol;  // IANA number
  uint8_t state;     // FlowState, dataplane/flow.h order: see kFlowStateNames
  uint8_t query;     // low bits of the query number
  uint32_t idle_ms;
  uint32_t packets_out, packets_in;
};
struct FlowEndBody {
  uint64_t cursor;  // 0: no more
  uint32_t query;
  uint32_t rows;
};

struct alignas(64) Message {
  uint32_t sequence = 0;
  MessageKind kind = MessageKind::kNone;
  uint16_t reserved = 0;
  union {
    uint8_t raw[56] = {};
    BeginBody begin;
    SettingBody setting;
    PortAddressBody port_address;
    GatewayBody gateway;
    SubscribersBody subscribers;
    PoolPrefixBody pool_prefix;
    UnitBody unit;
    BypassBody bypass;
    ListedPortBody listed_port;
    Nat64PrefixBody nat64_prefix;
    CommitBody commit;
    EpochKeyBody epoch_key;
    LeaseBody lease;
    AckBody ack;
    FlowQueryBody flow_query;
    FlowRowBody flow_row;
    FlowEndBody flow_end;
  };
};
static_assert(sizeof(Message) == 64, "one cache line, one ring slot");
static_assert(std::is_trivially_copyable_v<Message>, "messages are copied as bytes between processes");

// A message of `kind` with a zeroed body.
Message MakeMessage(MessageKind kind);
WirePrefix ToWire(const Prefix& prefix);
inline WirePrefix ToWire(const Address& a) {
  return ToWire(Prefix{a, static_cast<uint8_t>(a.bits())});
}
// False unless family and length are possible and bytes past the family's width are zero. Host bits are
// allowed only if `host_bits`.
bool ReadPrefix(const WirePrefix& wire, bool host_bits, Prefix* prefix);
// Folds one configuration command into the running digest of its run (start with 0). FNV-1a over the
// 64 bytes with the sequence number left out: it detects mistakes, not malice.
uint64_t MessageDigest(uint64_t digest, const Message& message);

// Names of FlowRowBody::state, in the order of FlowState.
inline constexpr const char* kFlowStateNames[] = {"free",           "udp_oneway",      "udp",
                                                  "udp_wellknown",  "icmp_query",      "tcp_init",
                                                  "tcp_half",       "tcp_established", "tcp_client_fin",
                                                  "tcp_server_fin", "tcp_both_fin",    "tcp_trans",
                                                  "quarantine"};

}  // namespace cfr
