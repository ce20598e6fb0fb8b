// SPDX-License-Identifier: BSD-3-Clause
#include "control/record_sealer.h"

#include <openssl/rand.h>

#include <algorithm>

#include "common/check.h"

namespace cfr {

// `plain` never grows past what it reserved, so no copy of a record stays behind.
struct RecordSealer::Minute {
  Minute(uint32_t number, std::unique_ptr<hpke::Context> sender)
      : minute(number), context(std::move(sender)) {}
  ~Minute() { OPENSSL_cleanse(plain.data(), plain.size()); }

  const uint32_t minute;
  std::unique_ptr<hpke::Context> context;  // batch alone; of tuple only the secret is kept
  std::unique_ptr<Hmac> secret;            // tuple alone
  std::array<uint8_t, 32> digest{};
  BlockHead block{0, 1, 0};
  std::vector<uint8_t> plain;  // batch: records in clear
  std::string sealed;          // tuple: records of the block
};

RecordSealer::RecordSealer(RecordMode mode, std::string node, PublicDayKeys keys)
    : mode_(mode), node_(std::move(node)), keys_(std::move(keys)) {
  CFR_CHECK(mode_ != RecordMode::kOff, "nothing to seal");
}

RecordSealer::~RecordSealer() = default;

void RecordSealer::SetUnits(Generation generation, std::vector<RecordUnit> units) {
  EndMinute();
  generation_ = generation;
  units_ = std::move(units);
}

bool RecordSealer::Take(const Opened& opened, const UtcClock& clock) {
  const auto minute = static_cast<uint32_t>(clock.seconds() / kMinuteSeconds);
  if (minute_ == nullptr || minute_->minute != minute)
    if (!BeginMinute(minute)) return false;
  Record record;
  record.start_s = static_cast<uint32_t>(clock.SecondsAt(opened.at_ms));
  record.unit = opened.unit;
  record.alias_port = opened.alias_port;
  record.protocol = opened.protocol;
  record.subscriber.family = opened.family == 4 ? Family::kV4 : Family::kV6;
  std::copy_n(opened.subscriber, kSubscriberOctets, record.subscriber.bytes.begin());
  record.remote_tag = RemoteTag(&tag_key_, record.subscriber.family, opened.remote, opened.remote_port);
  Seal(record);
  OPENSSL_cleanse(&record, sizeof record);
  return true;
}

bool RecordSealer::BeginMinute(uint32_t number) {
  EndMinute();
  RecordMinute head{mode_, number, generation_, node_, units_, {}, ""};
  auto key = keys_.find(head.day());
  if (key == keys_.end()) return false;
  auto sender = hpke::SetupSender(key->second, BytesOf(HpkeInfo(node_, head.day())), kRecordAead);
  if (!sender.has_value()) return false;
  if (tag_day_ != head.day()) {
    CFR_CHECK(RAND_priv_bytes(tag_key_bytes_.data(), static_cast<int>(Digest::size())) == 1,
              "the kernel gives no entropy");
    tag_key_.Key(tag_key_bytes_);
    tag_day_ = head.day();
  }
  head.encapsulated = sender->encapsulated;
  minute_ = std::make_unique<Minute>(number, std::move(sender->context));
  minute_->digest = head.Digest();
  minute_->context->Seal(minute_->digest, tag_key_bytes_, &head.sealed_tag_key);
  if (mode_ == RecordMode::kTuple) {
    minute_->secret = std::make_unique<Hmac>(MinuteSecret(*minute_->context));
    minute_->context.reset();
    minute_->sealed.reserve(kBlockRecordsMax * kTupleBytes);
  } else {
    minute_->plain.reserve(kBlockRecordsMax * kRecordBytes);
  }
  entries_.push_back({SealedEntry::Kind::kMinute, head.day(), 0, head.Encode()});
  return true;
}

void RecordSealer::Seal(const Record& record) {
  Minute& m = *minute_;
  RecordOctets plain = Encode(record);
  if (mode_ == RecordMode::kBatch) {
    m.plain.insert(m.plain.end(), plain.begin(), plain.end());
  } else {
    Digest key = RecordKey(m.secret.get(), record, m.minute);
    record_key_.Key(key);
    record_aead_.Key(key);
    const auto index = RecordIndex(&record_key_);
    const size_t before = m.sealed.size();
    m.sealed.append(reinterpret_cast<const char*>(index.data()), index.size());
    m.sealed.resize(before + kTupleBytes);
    record_aead_.Seal(RecordNonce(m.block.first + m.block.records), m.digest, plain,
                      reinterpret_cast<uint8_t*>(m.sealed.data()) + before + kIndexOctets);
  }
  OPENSSL_cleanse(plain.data(), plain.size());
  if (++m.block.records == kBlockRecordsMax) Flush();
}

void RecordSealer::Flush() {
  if (minute_ == nullptr || minute_->block.records == 0) return;
  Minute& m = *minute_;
  std::string payload = Encode(m.block);
  if (mode_ == RecordMode::kBatch) {
    SecretText associated(m.digest.size() + kBlockHeadBytes);
    associated << m.digest << BytesOf(payload);
    m.context->Seal(associated, m.plain, &payload);
    OPENSSL_cleanse(m.plain.data(), m.plain.size());
    m.plain.clear();
  } else {
    payload += m.sealed;
    m.sealed.clear();
  }
  entries_.push_back(
      {SealedEntry::Kind::kBlock, DayOf(m.minute * kMinuteSeconds), m.block.records, std::move(payload)});
  m.block = {m.block.first + m.block.records, m.block.sequence + 1, 0};
}

void RecordSealer::EndMinute() {
  Flush();
  minute_.reset();
  record_key_.Key({});
  record_aead_.Key(Digest());
}

void RecordSealer::Pass(const UtcClock& clock) {
  if (minute_ != nullptr && minute_->minute != clock.seconds() / kMinuteSeconds) EndMinute();
  if (!tag_day_.has_value() || *tag_day_ == DayOf(clock.seconds())) return;
  EndMinute();
  tag_key_bytes_.Erase();
  tag_key_.Key({});
  tag_day_.reset();
}

}  // namespace cfr
