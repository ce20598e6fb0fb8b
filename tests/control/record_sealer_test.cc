// SPDX-License-Identifier: BSD-3-Clause
#include "control/record_sealer.h"

#include <gtest/gtest.h>

#include <set>

#include "tests/control/record_rig.h"

namespace cfr {
namespace {

using namespace test;
using Kind = SealedEntry::Kind;

class RecordSealerTest : public testing::TestWithParam<RecordMode> {
 protected:
  std::vector<SealedEntry> Entries() {
    rig_.sealer().Flush();
    return std::exchange(rig_.sealer().entries(), {});
  }
  RecordMinute MinuteOf(const SealedEntry& entry) {
    RecordMinute minute;
    EXPECT_EQ(entry.kind, Kind::kMinute);
    EXPECT_TRUE(DecodeMinute(BytesOf(entry.payload), &minute));
    return minute;
  }
  // K_tag as who has the private key of the day sees it.
  std::string TagKeyOf(const RecordMinute& minute) {
    const DayKey* key = nullptr;
    for (const DayKey& k : rig_.keys())
      if (k.day == minute.day()) key = &k;
    auto context = hpke::SetupReceiver(minute.encapsulated, key->key, BytesOf(HpkeInfo(kNode, minute.day())),
                                       kRecordAead);
    std::string tag_key(32, '\0');
    EXPECT_TRUE(context->Open(0, minute.Digest(), BytesOf(minute.sealed_tag_key),
                              reinterpret_cast<uint8_t*>(tag_key.data())));
    return tag_key;
  }
  RecordRig rig_{GetParam()};
};
INSTANTIATE_TEST_SUITE_P(Modes, RecordSealerTest, testing::Values(RecordMode::kBatch, RecordMode::kTuple),
                         [](const auto& info) {
                           return info.param == RecordMode::kBatch ? "Batch" : "Tuple";
                         });

TEST_P(RecordSealerTest, AMinuteIsOneEncapsulationAndItsBlocks) {
  for (uint32_t i = 0; i < 2500; ++i) rig_.Take(i, kBeginUtcS + i % 60);
  rig_.Take(2500, kBeginUtcS + 60);
  auto entries = Entries();
  ASSERT_EQ(entries.size(), 6u);
  const Kind kinds[] = {Kind::kMinute, Kind::kBlock, Kind::kBlock, Kind::kBlock, Kind::kMinute, Kind::kBlock};
  const uint32_t records[] = {0, 1024, 1024, 452, 0, 1};
  for (size_t i = 0; i < entries.size(); ++i) {
    EXPECT_EQ(entries[i].kind, kinds[i]);
    EXPECT_EQ(entries[i].records, records[i]);
    EXPECT_EQ(entries[i].day, DayOf(kBeginUtcS));
  }
  const size_t bytes =
      GetParam() == RecordMode::kBatch ? 452 * kRecordBytes + kAeadTagBytes : 452 * kTupleBytes;
  EXPECT_EQ(entries[3].payload.size(), kBlockHeadBytes + bytes);
}

TEST_P(RecordSealerTest, AMinuteNamesNodeGenerationAndUnitsWithTheirPools) {
  rig_.Take(0, kBeginUtcS);
  RecordMinute minute = MinuteOf(Entries()[0]);
  EXPECT_EQ(minute.mode, GetParam());
  EXPECT_EQ(minute.minute, kBeginUtcS / 60);
  EXPECT_EQ(minute.node, kNode);
  EXPECT_EQ(minute.generation, 7u);
  EXPECT_EQ(minute.units, SampleUnits());
}

TEST_P(RecordSealerTest, OtherUnitsBeginAMinuteAnew) {
  rig_.Take(0, kBeginUtcS);
  rig_.sealer().SetUnits(8, {SampleUnits()[0]});
  rig_.Take(4, kBeginUtcS);
  auto entries = Entries();
  ASSERT_EQ(entries.size(), 4u);
  EXPECT_EQ(MinuteOf(entries[0]).generation, 7u);
  EXPECT_EQ(MinuteOf(entries[2]).generation, 8u);
  EXPECT_EQ(MinuteOf(entries[2]).units.size(), 1u);
}

TEST_P(RecordSealerTest, NothingIsSealedWithoutFlows) {
  rig_.sealer().Pass(At(kBeginUtcS + 600));
  EXPECT_TRUE(Entries().empty());
}

TEST_P(RecordSealerTest, NothingOfAFlowIsInClear) {
  std::string all;
  std::vector<Opened> flows;
  for (uint32_t i = 0; i < 3000; ++i) flows.push_back(rig_.Take(i * 37 + 1, kBeginUtcS + i / 50));
  rig_.sealer().EndMinute();
  for (const SealedEntry& entry : Entries()) all += entry.payload;
  for (const Opened& flow : flows) {  // eight octets, which do not occur by chance
    EXPECT_EQ(all.find(std::string(reinterpret_cast<const char*>(flow.subscriber), 8)), std::string::npos);
    EXPECT_EQ(all.find(std::string(reinterpret_cast<const char*>(flow.remote), 8)), std::string::npos);
  }
}

TEST_P(RecordSealerTest, TheTagKeyLivesOneDay) {
  rig_.Take(0, kBeginUtcS);
  rig_.Take(1, kBeginUtcS + 3600);
  rig_.Take(2, kBeginUtcS + kDaySeconds);
  auto entries = Entries();
  ASSERT_EQ(entries.size(), 6u);
  const std::string first = TagKeyOf(MinuteOf(entries[0]));
  EXPECT_EQ(TagKeyOf(MinuteOf(entries[2])), first);
  EXPECT_NE(TagKeyOf(MinuteOf(entries[4])), first);
}

TEST_P(RecordSealerTest, TimeAloneEndsMinuteAndDay) {
  rig_.Take(0, kBeginUtcS);
  rig_.sealer().Pass(At(kBeginUtcS + 59));
  EXPECT_EQ(rig_.sealer().entries().size(), 1u) << "still open";
  rig_.sealer().Pass(At(kBeginUtcS + 60));
  EXPECT_EQ(rig_.sealer().entries().size(), 2u);
  const std::string first = TagKeyOf(MinuteOf(Entries()[0]));
  rig_.sealer().Pass(At(kBeginUtcS + kDaySeconds));
  rig_.Take(1, kBeginUtcS + 120);  // even if the clock goes back
  EXPECT_NE(TagKeyOf(MinuteOf(Entries()[0])), first) << "a key that was erased is not used again";
}

TEST_P(RecordSealerTest, ADayWithoutKeyIsRefused) {
  const uint64_t after_the_last = kBeginUtcS + 3 * kDaySeconds;
  EXPECT_FALSE(rig_.sealer().HasKeyOf(DayOf(after_the_last)));
  EXPECT_FALSE(rig_.sealer().Take(SampleFlow(0, after_the_last), At(after_the_last)));
  EXPECT_TRUE(Entries().empty());
  rig_.sealer().SetKeys({{DayOf(after_the_last), hpke::PublicOf(hpke::GenerateKey())}});
  EXPECT_TRUE(rig_.sealer().Take(SampleFlow(0, after_the_last), At(after_the_last)));
  rig_.sealer().SetKeys({{DayOf(after_the_last), {}}});
  rig_.sealer().EndMinute();
  EXPECT_FALSE(rig_.sealer().Take(SampleFlow(0, after_the_last), At(after_the_last)))
      << "a key of small order";
}

TEST_P(RecordSealerTest, EqualFlowsLookDifferent) {
  for (int i = 0; i < 100; ++i) rig_.Take(1, kBeginUtcS);
  auto entries = Entries();
  ASSERT_EQ(entries.size(), 2u);
  std::set<std::string> parts;
  const std::string& block = entries[1].payload;
  for (size_t at = kBlockHeadBytes + kIndexOctets; at + 24 <= block.size();
       at += GetParam() == RecordMode::kBatch ? 24 : 44)
    EXPECT_TRUE(parts.insert(block.substr(at, 24)).second) << "a key and nonce were used twice";
  EXPECT_GE(parts.size(), 99u);
}

}  // namespace
}  // namespace cfr
