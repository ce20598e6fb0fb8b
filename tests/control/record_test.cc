// SPDX-License-Identifier: BSD-3-Clause
#include "control/record.h"

#include <gtest/gtest.h>

#include <set>

#include "tests/control/record_rig.h"

namespace cfr {
namespace {

using namespace test;

TEST(Record, LiesInItsOctetsAsTheFormatSays) {
  Record record{0x01020304, 0x1112, 0x2122, 0x3132, 17, *ParseAddress("10.20.30.40")};
  EXPECT_EQ(Encode(record), (RecordOctets{1,    2,    3,  4, 0,  0,  0,  0,  0x11, 0x12, 0x21, 0x22,
                                          0x31, 0x32, 17, 0, 10, 20, 30, 40, 0,    0,    0,    0}));
  record.subscriber = *ParseAddress("2001:db8:1020:3040::");
  EXPECT_EQ(Encode(record),
            (RecordOctets{1,    2,    3,  4, 0,    0,    0,    0,    0x11, 0x12, 0x21, 0x22,
                          0x31, 0x32, 17, 1, 0x20, 0x01, 0x0d, 0xb8, 0x10, 0x20, 0x30, 0x40}));
}

TEST(Record, ComesBackAsItWas) {
  for (uint32_t i = 0; i < 1000; ++i) {
    const Opened flow = SampleFlow(i, kBeginUtcS);
    Record record{i * 3'000'000, flow.unit,         flow.alias_port, static_cast<uint16_t>(i * 61),
                  flow.protocol, SubscriberOf(flow)};
    EXPECT_EQ(DecodeRecord(Encode(record)), record);
  }
}

// LOG-2: of the remote nothing but 16 bits under a key that dies with the day.
TEST(Record, HoldsNothingOfTheRemoteButItsTag) {
  RecordMinute minute{RecordMode::kTuple, 5, 1, kNode, SampleUnits(), {}, std::string(48, 'k')};
  const Opened flow = SampleFlow(1, kBeginUtcS);
  const Record record{1, flow.unit, flow.alias_port, 0x5555, flow.protocol, SubscriberOf(flow)};
  const RecordOctets octets = Encode(record);
  const std::string all = std::string(octets.begin(), octets.end()) + minute.Encode();
  EXPECT_EQ(all.find(std::string(reinterpret_cast<const char*>(flow.remote), 4)), std::string::npos);
  EXPECT_EQ(octets.size(), 4u + 4 + 2 + 2 + 2 + 1 + 1 + 8)
      << "start, 0, unit, alias port, tag, protocol, flags, subscriber";
}

TEST(Record, TheTagDependsOnKeyAddressPortAndFamily) {
  Hmac key(Digest{}), other(BytesOf("another key"));
  const Address remote = *ParseAddress("198.51.100.7");
  const uint16_t tag = RemoteTag(&key, Family::kV4, remote.bytes, 443);
  EXPECT_EQ(RemoteTag(&key, Family::kV4, remote.bytes, 443), tag);
  EXPECT_NE(RemoteTag(&other, Family::kV4, remote.bytes, 443), tag);
  EXPECT_NE(RemoteTag(&key, Family::kV6, remote.bytes, 443), tag);
  EXPECT_NE(RemoteTag(&key, Family::kV4, remote.bytes, 444), tag);
  std::set<uint16_t> tags;
  for (int port = 0; port < 65'536; ++port)
    tags.insert(RemoteTag(&key, Family::kV4, remote.bytes, static_cast<uint16_t>(port)));
  EXPECT_NEAR(static_cast<double>(tags.size()), 65'536 * (1 - 1 / 2.718281828), 600)
      << "no value is preferred";
}

TEST(Record, EachTupleAndMinuteHasAKeyOfItsOwn) {
  Hmac secret(BytesOf("secret of a minute"));
  std::set<std::string> keys;
  auto add = [&](const Record& record, uint32_t minute) {
    Digest key = RecordKey(&secret, record, minute);
    EXPECT_TRUE(keys.emplace(reinterpret_cast<const char*>(key.data()), key.size()).second);
  };
  add({0, 1, 2, 3, 6, {}}, 5);
  add({0, 2, 2, 3, 6, {}}, 5);
  add({0, 1, 3, 3, 6, {}}, 5);
  add({0, 1, 2, 4, 6, {}}, 5);
  add({0, 1, 2, 3, 17, {}}, 5);
  add({0, 1, 2, 3, 6, {}}, 6);
}

TEST(RecordMinute, ComesBackAndNothingElseIsOne) {
  RecordMinute minute{RecordMode::kBatch, 29'000'000,          41, kNode, SampleUnits(),
                      {1, 2, 3},          std::string(48, 'k')};
  const std::string octets = minute.Encode();
  RecordMinute read;
  ASSERT_TRUE(DecodeMinute(BytesOf(octets), &read));
  EXPECT_EQ(read.Encode(), octets);
  EXPECT_EQ(read.units, minute.units);
  EXPECT_EQ(read.node, kNode);
  EXPECT_EQ(read.Digest(), minute.Digest());
  for (size_t i = 0; i < octets.size(); ++i) EXPECT_FALSE(DecodeMinute(BytesOf(octets).first(i), &read)) << i;
  EXPECT_FALSE(DecodeMinute(BytesOf(octets + "x"), &read));
  std::string wrong = octets;
  wrong[0] = 0;
  EXPECT_FALSE(DecodeMinute(BytesOf(wrong), &read)) << "mode off has no minutes";
}

TEST(RecordMinute, TheDigestCoversAllThatIsInClear) {
  const RecordMinute minute{RecordMode::kBatch, 5, 41, kNode, SampleUnits(), {1}, "sealed"};
  std::set<std::array<uint8_t, 32>> digests = {minute.Digest()};
  RecordMinute changed[6] = {minute, minute, minute, minute, minute, minute};
  changed[0].mode = RecordMode::kTuple;
  changed[1].minute = 6;
  changed[2].generation = 42;
  changed[3].node = "edge2";
  changed[4].units[3].pool = "rome";
  changed[5].encapsulated[31] = 1;
  for (const RecordMinute& m : changed) EXPECT_TRUE(digests.insert(m.Digest()).second);
}

}  // namespace
}  // namespace cfr
