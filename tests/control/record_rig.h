// SPDX-License-Identifier: BSD-3-Clause
// Flows, keys and a clock for the tests of sealed records.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "control/record_log.h"
#include "control/record_opening.h"
#include "control/record_sealer.h"
#include "tests/support/temp_directory.h"

namespace cfr::test {

inline constexpr uint64_t kBeginUtcS = 20'000ull * kDaySeconds + 3600;  // 2024-10-04T01:00:00Z
inline constexpr const char* kNode = "edge1";

inline UtcClock At(uint64_t utc_s) {
  return {(utc_s - kBeginUtcS) * 1000 + 5000, utc_s * 1000};
}

inline std::vector<RecordUnit> SampleUnits() {
  std::vector<RecordUnit> units;
  for (UnitIndex i = 0; i < 4; ++i) {
    Address v4 = *ParseAddress("203.0.113.0"), v6 = *ParseAddress("2001:db8:cf::");
    v4.bytes[3] = static_cast<uint8_t>(i + 1);
    v6.bytes[15] = static_cast<uint8_t>(i + 1);
    units.push_back({i, v4, "milan"});
    units.push_back({static_cast<UnitIndex>(i + 100), v6, "milan6"});
  }
  return units;
}

// Flow `i` of as many as one likes; no two have the same tuple.
inline Opened SampleFlow(uint32_t i, uint64_t utc_s) {
  Opened opened{};
  const bool v6 = i % 3 == 0;
  opened.at_ms = At(utc_s).monotonic_ms;
  opened.family = v6 ? 6 : 4;
  opened.unit = static_cast<UnitIndex>(i % 4 + (v6 ? 100 : 0));
  opened.alias_port = static_cast<uint16_t>(1024 + i % 60'000);
  opened.remote_port = 443;
  opened.protocol = i % 2 == 0 ? 6 : 17;
  Address subscriber = *ParseAddress(v6 ? "2001:db8:1000::" : "10.10.0.0");
  Address remote = *ParseAddress(v6 ? "2001:db8:ffff::1" : "198.51.100.7");
  const int at = v6 ? 4 : 1;
  subscriber.bytes[at] = static_cast<uint8_t>(i >> 16);
  subscriber.bytes[at + 1] = static_cast<uint8_t>(i >> 8);
  subscriber.bytes[at + 2] = static_cast<uint8_t>(i);
  remote.bytes[v6 ? 14 : 2] = static_cast<uint8_t>(i / 60'000);
  std::copy(subscriber.bytes.begin(), subscriber.bytes.end(), opened.subscriber);
  std::copy(remote.bytes.begin(), remote.bytes.end(), opened.remote);
  return opened;
}

inline Address SubscriberOf(const Opened& opened) {
  return opened.family == 4 ? Address::FromV4(opened.subscriber) : Address::FromV6(opened.subscriber);
}

// What a front door would report of the flow.
inline RecordQuery QueryOf(const Opened& opened, uint64_t time_s) {
  RecordQuery query;
  for (const RecordUnit& unit : SampleUnits())
    if (unit.index == opened.unit) query.alias = unit.address;
  query.remote = opened.family == 4 ? Address::FromV4(opened.remote) : Address::FromV6(opened.remote);
  query.alias_port = opened.alias_port;
  query.remote_port = opened.remote_port;
  query.protocol = opened.protocol;
  query.time_s = time_s;
  return query;
}

// Day keys, a sealer and its log.
class RecordRig {
 public:
  explicit RecordRig(RecordMode mode, int days = 3) {
    PublicDayKeys halves;
    for (int i = 0; i < days; ++i) {
      keys_.push_back({DayOf(kBeginUtcS) + static_cast<UtcDay>(i), hpke::GenerateKey()});
      halves[keys_.back().day] = hpke::PublicOf(keys_.back().key);
    }
    sealer_ = std::make_unique<RecordSealer>(mode, kNode, halves);
    sealer_->SetUnits(7, SampleUnits());
    Start();
  }

  void Start() {
    auto log = RecordLog::Open(directory(), kNode);
    ASSERT_TRUE(log.ok()) << log.status();
    log_ = std::move(*log);
  }
  void End() {
    sealer_->EndMinute();
    Write();
    log_.reset();
  }
  Opened Take(uint32_t flow, uint64_t utc_s) {
    Opened opened = SampleFlow(flow, utc_s);
    EXPECT_TRUE(sealer_->Take(opened, At(utc_s)));
    return opened;
  }
  // What was taken so far, to the files.
  void Write() {
    sealer_->Flush();
    for (const SealedEntry& entry : sealer_->entries()) {
      absl::Status status = log_->Append(entry);
      ASSERT_TRUE(status.ok()) << status;
    }
    sealer_->entries().clear();
  }
  // The files as a kill at this instant would leave them.
  void CopyTo(const std::string& path) const {
    std::filesystem::copy(directory(), path, std::filesystem::copy_options::recursive);
  }
  RecordAnswer Open(const RecordQuery& query) const { return OpenRecord(directory(), keys_, query); }

  std::string directory() const { return directory_.path("records"); }
  RecordSealer& sealer() { return *sealer_; }
  RecordLog& log() { return *log_; }
  std::vector<DayKey>& keys() { return keys_; }

 private:
  TempDirectory directory_;
  std::vector<DayKey> keys_;
  std::unique_ptr<RecordSealer> sealer_;
  std::unique_ptr<RecordLog> log_;
};

}  // namespace cfr::test
