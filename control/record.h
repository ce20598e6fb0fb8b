// SPDX-License-Identifier: BSD-3-Clause
// What is kept of a flow, and how it is put into a log. Who reads it without the day's private key reads
// nothing; nobody reads which remote it was.
//
//   record    24 octets in network order, sealed:
//             start, UTC s 4 · 0 4 · alias unit 2 · alias port 2 · remote tag 2 · protocol 1 · flags 1 ·
//             subscriber 8
//
//   minute    one encapsulation to the day's key, info "cfr-map-v1", node, day. In clear: mode, minute, node,
//             generation, its alias units with their pools. Sealed: K_tag of the day.
//   block     batch: records of the minute sealed together
//             tuple: of each record   index 4 · sealed 24 + 16
//
//   minute secret = Export("tuple")
//   record key    = HKDF-Expand(minute secret, "record" | unit | alias port | protocol | tag | minute)
//   index         = first 32 bits of HMAC(record key, "idx")
//   nonce         = number of the record in its minute: two flows of one tag may share a key, never a nonce
//   tag           = first 16 bits of HMAC(K_tag, family | remote address | remote port)
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "common/address.h"
#include "control/hmac.h"
#include "control/hpke.h"
#include "control/octets.h"
#include "control/utc.h"

namespace cfr {

enum class RecordMode : uint8_t { kOff, kBatch, kTuple };

inline constexpr size_t kRecordBytes = 24;
inline constexpr size_t kSubscriberOctets = 8;  // of an IPv6 address; a subscriber is a /64 at the longest
inline constexpr size_t kIndexOctets = 4;
inline constexpr size_t kTupleBytes = kIndexOctets + kRecordBytes + kAeadTagBytes;
inline constexpr AeadAlgorithm kRecordAead = AeadAlgorithm::kAes256Gcm;

struct Record {
  uint32_t start_s = 0;  // UTC; wraps in 2106
  UnitIndex unit = 0;
  uint16_t alias_port = 0;
  uint16_t remote_tag = 0;
  uint8_t protocol = 0;
  Address subscriber;  // octets past kSubscriberOctets are zero
  friend bool operator==(const Record&, const Record&) = default;
};

using RecordOctets = std::array<uint8_t, kRecordBytes>;
RecordOctets Encode(const Record& record);
Record DecodeRecord(std::span<const uint8_t, kRecordBytes> octets);

// An alias unit as a minute names it.
struct RecordUnit {
  UnitIndex index = 0;
  Address address;
  std::string pool;
  friend bool operator==(const RecordUnit&, const RecordUnit&) = default;
};

struct RecordMinute {
  RecordMode mode = RecordMode::kTuple;
  uint32_t minute = 0;  // UTC, since 1970
  Generation generation = 0;
  std::string node;
  std::vector<RecordUnit> units;
  hpke::PublicKey encapsulated{};
  std::string sealed_tag_key;  // sealed first, before the blocks

  UtcDay day() const { return DayOf(minute * kMinuteSeconds); }
  // What everything sealed in this minute is bound to: all of the above but the sealed key.
  std::array<uint8_t, 32> Digest() const;
  std::string Encode() const;
};
// False if `octets` are none.
bool DecodeMinute(Bytes octets, RecordMinute* minute);

// Before the records of a block, in clear and authenticated.
struct BlockHead {
  uint64_t first = 0;     // number of its first record in the minute
  uint32_t sequence = 0;  // of the seal in HPKE; batch alone
  uint32_t records = 0;
};
inline constexpr size_t kBlockHeadBytes = 16;
std::string Encode(const BlockHead& head);
bool DecodeBlockHead(OctetReader* reader, BlockHead* head);

std::string HpkeInfo(const std::string& node, UtcDay day);
Digest MinuteSecret(const hpke::Context& context);
Digest RecordKey(Hmac* minute_secret, const Record& record, uint32_t minute);
std::array<uint8_t, kIndexOctets> RecordIndex(Hmac* record_key);
AeadNonce RecordNonce(uint64_t number);
uint16_t RemoteTag(Hmac* tag_key, Family family, std::span<const uint8_t, 16> remote, uint16_t remote_port);

}  // namespace cfr
