// SPDX-License-Identifier: BSD-3-Clause
#include "control/record.h"

#include <algorithm>

namespace cfr {
namespace {

constexpr uint8_t kIpv6 = 1;  // in the flags of a record; the other bits are 0

uint8_t NumberOf(Family family) {
  return family == Family::kV4 ? 4 : 6;
}

template <class Number>
uint8_t* Put(uint8_t* at, Number value) {
  for (size_t i = sizeof value; i-- > 0;) *at++ = static_cast<uint8_t>(value >> (8 * i));
  return at;
}

void EncodeClear(const RecordMinute& minute, std::string* out) {
  OctetWriter writer(out);
  writer.Put(static_cast<uint8_t>(minute.mode));
  writer.Put(minute.minute);
  writer.Put(minute.generation);
  writer.PutText(minute.node);
  writer.Put(static_cast<uint16_t>(minute.units.size()));
  for (const RecordUnit& unit : minute.units) {
    writer.Put(unit.index);
    writer.Put(NumberOf(unit.address.family));
    writer.Put(Bytes(unit.address.bytes));
    writer.PutText(unit.pool);
  }
  writer.Put(Bytes(minute.encapsulated));
}

}  // namespace

RecordOctets Encode(const Record& record) {
  RecordOctets octets{};
  uint8_t* at = Put(octets.data(), record.start_s);
  at = Put(at + 4, record.unit);
  at = Put(at, record.alias_port);
  at = Put(at, record.remote_tag);
  at = Put(at, record.protocol);
  at = Put(at, record.subscriber.family == Family::kV6 ? kIpv6 : uint8_t{0});
  std::copy_n(record.subscriber.bytes.begin(), kSubscriberOctets, at);
  return octets;
}

Record DecodeRecord(std::span<const uint8_t, kRecordBytes> octets) {
  OctetReader reader(octets);
  Record record;
  record.start_s = reader.Get<uint32_t>();
  reader.Take(4);
  record.unit = reader.Get<uint16_t>();
  record.alias_port = reader.Get<uint16_t>();
  record.remote_tag = reader.Get<uint16_t>();
  record.protocol = reader.Get<uint8_t>();
  record.subscriber.family = (reader.Get<uint8_t>() & kIpv6) != 0 ? Family::kV6 : Family::kV4;
  reader.Get(std::span(record.subscriber.bytes).first(kSubscriberOctets));
  return record;
}

std::array<uint8_t, 32> RecordMinute::Digest() const {
  std::string clear;
  EncodeClear(*this, &clear);
  return Sha256({BytesOf(clear)});
}

std::string RecordMinute::Encode() const {
  std::string out;
  EncodeClear(*this, &out);
  return out + sealed_tag_key;
}

bool DecodeMinute(Bytes octets, RecordMinute* minute) {
  OctetReader reader(octets);
  const auto mode = reader.Get<uint8_t>();
  minute->mode = static_cast<RecordMode>(mode);
  minute->minute = reader.Get<uint32_t>();
  minute->generation = reader.Get<Generation>();
  minute->node = reader.GetText();
  minute->units.resize(reader.Get<uint16_t>());
  for (RecordUnit& unit : minute->units) {
    unit.index = reader.Get<UnitIndex>();
    unit.address.family = reader.Get<uint8_t>() == 4 ? Family::kV4 : Family::kV6;
    reader.Get(unit.address.bytes);
    unit.pool = reader.GetText();
  }
  reader.Get(minute->encapsulated);
  Bytes sealed = reader.Take(Digest::size() + kAeadTagBytes);
  minute->sealed_tag_key.assign(sealed.begin(), sealed.end());
  return reader.done() && (minute->mode == RecordMode::kBatch || minute->mode == RecordMode::kTuple);
}

std::string Encode(const BlockHead& head) {
  std::string out;
  OctetWriter writer(&out);
  writer.Put(head.first);
  writer.Put(head.sequence);
  writer.Put(head.records);
  return out;
}

bool DecodeBlockHead(OctetReader* reader, BlockHead* head) {
  head->first = reader->Get<uint64_t>();
  head->sequence = reader->Get<uint32_t>();
  head->records = reader->Get<uint32_t>();
  return reader->good();
}

std::string HpkeInfo(const std::string& node, UtcDay day) {
  std::string info = "cfr-map-v1";
  OctetWriter writer(&info);
  writer.PutText(node);
  writer.PutText(FormatDay(day));
  return info;
}

Digest MinuteSecret(const hpke::Context& context) {
  return context.Export(BytesOf("tuple"));
}

Digest RecordKey(Hmac* minute_secret, const Record& record, uint32_t minute) {
  uint8_t info[17] = {'r', 'e', 'c', 'o', 'r', 'd'};
  uint8_t* at = Put(info + 6, record.unit);
  at = Put(at, record.alias_port);
  at = Put(at, record.protocol);
  at = Put(at, record.remote_tag);
  Put(at, minute);
  return Expand(minute_secret, info);
}

std::array<uint8_t, kIndexOctets> RecordIndex(Hmac* record_key) {
  static constexpr uint8_t kLabel[] = {'i', 'd', 'x'};
  Digest digest = record_key->Of(kLabel);
  std::array<uint8_t, kIndexOctets> index;
  std::copy_n(digest.data(), kIndexOctets, index.begin());
  return index;
}

AeadNonce RecordNonce(uint64_t number) {
  AeadNonce nonce{};
  Put(nonce.data() + 4, number);
  return nonce;
}

uint16_t RemoteTag(Hmac* tag_key, Family family, std::span<const uint8_t, 16> remote, uint16_t remote_port) {
  uint8_t text[19] = {NumberOf(family)};
  Put(std::copy(remote.begin(), remote.end(), text + 1), remote_port);
  Digest digest = tag_key->Of(text);
  return static_cast<uint16_t>(digest.data()[0] << 8 | digest.data()[1]);
}

}  // namespace cfr
