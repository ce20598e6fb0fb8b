// SPDX-License-Identifier: BSD-3-Clause
#include "control/record_opening.h"

#include <algorithm>
#include <memory>
#include <optional>

#include "absl/strings/str_cat.h"

namespace cfr {
namespace {

class Opening {
 public:
  Opening(const std::vector<DayKey>& keys, const RecordQuery& query) : keys_(keys), query_(query) {}

  void See(EntryKind kind, Bytes payload) {
    if (kind == EntryKind::kMinute)
      SeeMinute(payload);
    else if (kind == EntryKind::kBlock && wanted_.has_value())
      SeeBlock(payload);
  }

  RecordAnswer Answer() {
    std::stable_sort(found_.begin(), found_.end(),
                     [](const Found& a, const Found& b) { return a.record.start_s < b.record.start_s; });
    RecordAnswer answer;
    if (found_.empty()) {
      answer.why = WhyNone();
      return answer;
    }
    const Found& last = found_.back();
    for (const Found& other : found_)
      if (other.record.subscriber != last.record.subscriber &&
          other.record.start_s + kTupleRestSeconds > last.record.start_s) {
        answer.outcome = RecordAnswer::Outcome::kSeveral;
        answer.why =
            absl::StrCat("the tuple leads to more than one subscriber, at ", FormatUtc(other.record.start_s),
                         " and at ", FormatUtc(last.record.start_s));
        return answer;
      }
    answer.outcome = RecordAnswer::Outcome::kOne;
    answer.subscriber = last.record.subscriber;
    answer.opened_s = last.record.start_s;
    answer.pool = last.pool;
    return answer;
  }

 private:
  struct Found {
    Record record;
    std::string pool;
  };

  // The minute if its key is here and it can hold the flow.
  void SeeMinute(Bytes payload) {
    wanted_.reset();
    RecordMinute minute;
    if (!DecodeMinute(payload, &minute)) return;
    ++minutes_;
    if (minute.minute * kMinuteSeconds > query_.time_s + kReportErrorSeconds) return;
    auto key =
        std::find_if(keys_.begin(), keys_.end(), [&](const DayKey& k) { return k.day == minute.day(); });
    if (key == keys_.end()) return;
    ++minutes_with_key_;
    auto unit = std::find_if(minute.units.begin(), minute.units.end(),
                             [&](const RecordUnit& u) { return u.address == query_.alias; });
    if (unit == minute.units.end()) return;
    ++minutes_with_alias_;
    context_ = hpke::SetupReceiver(minute.encapsulated, key->key,
                                   BytesOf(HpkeInfo(minute.node, minute.day())), kRecordAead);
    digest_ = minute.Digest();
    Digest tag_key;
    if (context_ == nullptr || !context_->Open(0, digest_, BytesOf(minute.sealed_tag_key), tag_key.data())) {
      ++minutes_closed_;
      return;
    }
    Hmac keyed(tag_key);
    wanted_ = Record{0, unit->index, query_.alias_port, 0, query_.protocol, {}};
    wanted_->remote_tag = RemoteTag(&keyed, query_.remote.family, query_.remote.bytes, query_.remote_port);
    pool_ = unit->pool;
    mode_ = minute.mode;
    if (mode_ == RecordMode::kBatch) return;
    Hmac secret(MinuteSecret(*context_));
    Digest record_key = RecordKey(&secret, *wanted_, minute.minute);
    Hmac of_record(record_key);
    index_ = RecordIndex(&of_record);
    aead_.Key(record_key);
  }

  void SeeBlock(Bytes payload) {
    OctetReader reader(payload);
    BlockHead head;
    if (!DecodeBlockHead(&reader, &head)) return;
    if (mode_ == RecordMode::kBatch)
      SeeBatch(head, payload, reader.rest());
    else
      SeeTuples(head, reader.rest());
  }

  void SeeBatch(const BlockHead& head, Bytes payload, Bytes sealed) {
    if (sealed.size() != head.records * kRecordBytes + kAeadTagBytes) return;
    std::string associated(digest_.begin(), digest_.end());
    associated.append(payload.begin(), payload.begin() + kBlockHeadBytes);
    std::vector<uint8_t> plain(head.records * kRecordBytes);
    if (!context_->Open(head.sequence, BytesOf(associated), sealed, plain.data())) return;
    for (size_t i = 0; i < plain.size(); i += kRecordBytes)
      Consider(DecodeRecord(std::span<const uint8_t, kRecordBytes>(plain.data() + i, kRecordBytes)));
    OPENSSL_cleanse(plain.data(), plain.size());
  }

  void SeeTuples(const BlockHead& head, Bytes records) {
    for (uint64_t i = 0; records.size() >= kTupleBytes; ++i, records = records.subspan(kTupleBytes)) {
      if (!std::equal(index_.begin(), index_.end(), records.begin())) continue;
      RecordOctets plain;
      Bytes sealed = records.subspan(kIndexOctets, kRecordBytes + kAeadTagBytes);
      if (aead_.Open(RecordNonce(head.first + i), digest_, sealed, plain.data()))
        Consider(DecodeRecord(plain));
    }
  }

  void Consider(const Record& record) {
    if (record.unit == wanted_->unit && record.alias_port == wanted_->alias_port &&
        record.remote_tag == wanted_->remote_tag && record.protocol == wanted_->protocol &&
        record.start_s <= query_.time_s + kReportErrorSeconds)
      found_.push_back({record, pool_});
  }

  std::string WhyNone() const {
    if (minutes_ == 0) return "the directory holds no records";
    if (minutes_with_key_ == 0)
      return "no day key given is of a day that was recorded before the time of the report";
    if (minutes_closed_ > 0)
      return absl::StrCat("the day key does not open ", minutes_closed_, " minutes of its day");
    if (minutes_with_alias_ == 0)
      return absl::StrCat(Format(query_.alias), " was no alias of this relay on these days");
    return "no flow of this tuple was opened on the days of the keys given; it may be older";
  }

  const std::vector<DayKey>& keys_;
  const RecordQuery& query_;
  // Of the minute being read; `wanted_` only if it is of interest.
  std::optional<Record> wanted_;
  std::unique_ptr<hpke::Context> context_;
  std::array<uint8_t, 32> digest_{};
  RecordMode mode_ = RecordMode::kTuple;
  std::array<uint8_t, kIndexOctets> index_{};
  Aead aead_{kRecordAead};
  std::string pool_;

  uint64_t minutes_ = 0, minutes_with_key_ = 0, minutes_with_alias_ = 0, minutes_closed_ = 0;
  std::vector<Found> found_;
};

}  // namespace

RecordAnswer OpenRecord(const std::string& directory, const std::vector<DayKey>& keys,
                        const RecordQuery& query) {
  Opening opening(keys, query);
  RecordLogReport log =
      CheckRecordLog(directory, [&](EntryKind kind, Bytes payload) { opening.See(kind, payload); });
  RecordAnswer answer = opening.Answer();
  answer.log = std::move(log);
  return answer;
}

}  // namespace cfr
