// SPDX-License-Identifier: BSD-3-Clause
// The dataplane's end of the link against a control process that says things in any order, twice, too
// fast, or wrong. Real socket, real rings, one thread but for attaching.
#include "dataplane/control_link.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <cstring>
#include <optional>
#include <thread>

#include "tests/support/configuration_run.h"
#include "tests/support/dataplane_end.h"
#include "tests/support/literals.h"
#include "tests/support/temp_directory.h"

namespace cfr {
namespace {

using test::ConfigurationRun;
using test::operator""_ip;
using test::operator""_net;

class ControlLinkTest : public testing::Test {
 protected:
  void SetUp() override { Attach(); }

  // A new control process; the former one, if any, is dropped.
  void Attach() {
    std::atomic<bool> done = false;
    std::thread control([&] {
      auto attachment = Attachment::Connect(path_);
      if (attachment.ok()) next_ = std::move(*attachment);
      done = true;
    });
    while (!done) dataplane_.Poll(now_ms_);
    control.join();
    ASSERT_NE(next_, nullptr);
    control_ = std::move(next_);
    commands_.emplace(&control_->main_rings().commands);
    events_.emplace(&control_->main_rings().events);
    sequence_ = 0;
  }

  void Push(const Message& command, uint32_t sequence) {
    Message m = command;
    m.sequence = sequence;
    ASSERT_EQ(commands_->Push(m), RingResult::kOk);
  }
  std::vector<AckBody> TakeAcks() {
    std::vector<AckBody> acks;
    for (Message m; events_->Pop(&m) == RingResult::kOk;) {
      EXPECT_EQ(m.kind, MessageKind::kAck);
      acks.push_back(m.ack);
    }
    return acks;
  }
  // One command with the next number, or with `sequence`; its only answer.
  AckBody Say(const Message& m, std::optional<uint32_t> sequence = std::nullopt) {
    if (!sequence.has_value()) sequence = ++sequence_;
    Push(m, *sequence);
    changed_ = dataplane_.Poll(now_ms_);
    auto acks = TakeAcks();
    EXPECT_EQ(acks.size(), 1u);
    if (acks.empty()) return {};
    EXPECT_EQ(acks[0].sequence, *sequence);
    EXPECT_EQ(acks[0].kind, static_cast<uint16_t>(m.kind));
    return acks[0];
  }
  AckStatus StatusOf(const Message& m) { return Say(m).status; }
  AckBody SayAll(const ConfigurationRun& run) {
    AckBody last{};
    for (const Message& m : run.Messages()) last = Say(m);
    return last;
  }
  static ConfigurationRun Run(Generation generation) {
    return ConfigurationRun(generation)
        .Subscribers("100.64.0.0/10"_net, 32)
        .Pool("203.0.113.0/24"_net)
        .Unit(0, "203.0.113.7"_ip)
        .Unit(5, "203.0.113.8"_ip, PrefixState::kDraining);
  }
  static Message Key(uint32_t version, uint64_t effective_ms, uint8_t byte = 0xaa) {
    Message m = MakeMessage(MessageKind::kEpochKey);
    m.epoch_key.effective_ms = effective_ms;
    m.epoch_key.version = version;
    std::memset(m.epoch_key.key, byte, sizeof m.epoch_key.key);
    return m;
  }
  static Message Lease(uint64_t deadline_ms, UnitIndex unit = kAllUnits, uint8_t rule = 0) {
    Message m = MakeMessage(MessageKind::kLease);
    m.lease = {deadline_ms, unit, rule};
    return m;
  }
  uint32_t VersionInForce() const {
    const auto& keys = dataplane_.world().keys;
    const EpochKeys::Key* key = keys == nullptr ? nullptr : keys->InForce(now_ms_);
    return key == nullptr ? 0 : key->version;
  }
  uint64_t Deadline(UnitIndex unit) const { return dataplane_.leases().deadline_ms[unit].load(); }

  test::TempDirectory directory_;
  std::string path_ = directory_.path("dataplane.sock");
  test::DataplaneEnd dataplane_{path_, {"203.0.113.0/24"_net}};
  uint64_t now_ms_ = 1'000'000;
  std::unique_ptr<Attachment> control_, next_;
  std::optional<RingProducer> commands_;
  std::optional<RingConsumer> events_;
  uint32_t sequence_ = 0;
  bool changed_ = false;
};

TEST_F(ControlLinkTest, AnAttachmentIsPublishedOnce) {
  EXPECT_NE(dataplane_.world().link, nullptr);
  EXPECT_FALSE(dataplane_.Poll(now_ms_)) << "nothing more to publish";
  const RingPair* former = dataplane_.world().link;
  Attach();
  EXPECT_NE(dataplane_.world().link, former);
}

// The workers are told that nobody listens, and never take one link for another at the same place.
TEST_F(ControlLinkTest, ADeadPeerLeavesTheWorkersNoLink) {
  const uint32_t attachment = dataplane_.world().attachment;
  control_.reset();
  EXPECT_TRUE(dataplane_.Poll(now_ms_));
  EXPECT_EQ(dataplane_.world().link, nullptr);
  EXPECT_FALSE(dataplane_.Poll(now_ms_)) << "nothing more to publish";
  Attach();
  EXPECT_NE(dataplane_.world().link, nullptr);
  EXPECT_GT(dataplane_.world().attachment, attachment + 1);
}

TEST_F(ControlLinkTest, BeforeAnybodyAttachesNothingHappens) {
  test::DataplaneEnd alone(directory_.path("alone.sock"), {});
  EXPECT_FALSE(alone.Poll(now_ms_));
  EXPECT_EQ(alone.world().link, nullptr);
}

TEST_F(ControlLinkTest, ARunIsCommittedAndPublished) {
  auto messages = Run(9).Messages();
  for (size_t i = 0; i + 1 < messages.size(); ++i) {
    AckBody ack = Say(messages[i]);
    EXPECT_EQ(ack.status, AckStatus::kOk);
    EXPECT_EQ(ack.generation, 0u) << "none is committed yet";
    EXPECT_FALSE(changed_);
  }
  AckBody ack = Say(messages.back());
  EXPECT_EQ(ack.status, AckStatus::kOk);
  EXPECT_EQ(ack.generation, 9u);
  EXPECT_TRUE(changed_);
  EXPECT_EQ(dataplane_.generation(), 9u);
  EXPECT_EQ(dataplane_.page().commands.Get(), messages.size());
  EXPECT_EQ(dataplane_.page().commands_refused.Get(), 0u);
}

TEST_F(ControlLinkTest, ARefusedCommitNamesTheCommandAndChangesNothing) {
  ASSERT_EQ(SayAll(Run(1)).status, AckStatus::kOk);
  AckBody ack = SayAll(Run(2).Bypass("100.64.0.0/24"_net));
  EXPECT_EQ(ack.status, AckStatus::kConflict);
  EXPECT_EQ(ack.position, 4u);
  EXPECT_EQ(ack.generation, 1u);
  EXPECT_FALSE(changed_);
  EXPECT_EQ(dataplane_.generation(), 1u);
  EXPECT_EQ(dataplane_.page().commands_refused.Get(), 1u);
  EXPECT_EQ(SayAll(Run(1)).status, AckStatus::kNotInRun) << "the begin was stale";
  EXPECT_EQ(SayAll(Run(2)).status, AckStatus::kOk);
}

TEST_F(ControlLinkTest, ARepeatIsAnsweredTheSameAndNotDoneTwice) {
  auto messages = Run(1).Messages();
  for (const Message& m : messages) {
    AckBody first = Say(m);
    for (int n = 0; n < 3; ++n) {
      AckBody again = Say(m, sequence_);
      EXPECT_EQ(again.status, first.status);
      EXPECT_EQ(again.generation, first.generation);
      EXPECT_FALSE(changed_);
    }
  }
  EXPECT_EQ(dataplane_.generation(), 1u) << "the repeats are no part of the run";
  EXPECT_EQ(dataplane_.page().commands.Get(), messages.size());
  Message stale = Run(1).Messages()[0];
  EXPECT_EQ(Say(stale).status, AckStatus::kStale);
  EXPECT_EQ(Say(stale, sequence_).status, AckStatus::kStale) << "a refusal is repeated, too";
}

TEST_F(ControlLinkTest, AnOlderRepeatIsAcknowledgedWithoutBeingRead) {
  ASSERT_EQ(SayAll(Run(1)).status, AckStatus::kOk);
  const auto changed_since = dataplane_.page().commands.Get();
  for (uint32_t sequence = 0; sequence < sequence_; ++sequence)
    EXPECT_EQ(Say(Key(1, now_ms_), sequence).status, AckStatus::kOk);
  EXPECT_EQ(VersionInForce(), 0u);
  EXPECT_EQ(dataplane_.page().commands.Get(), changed_since);
}

TEST_F(ControlLinkTest, AGapIsRefusedUntilItIsFilled) {
  auto messages = Run(1).Messages();
  ASSERT_EQ(StatusOf(messages[0]), AckStatus::kOk);
  for (uint32_t ahead : {3u, 4u, 100u, 0x80000000u}) {
    EXPECT_EQ(Say(messages[1], ahead).status, AckStatus::kOutOfOrder) << ahead;
    EXPECT_FALSE(changed_);
  }
  for (size_t i = 1; i < messages.size(); ++i) EXPECT_EQ(StatusOf(messages[i]), AckStatus::kOk) << i;
  EXPECT_EQ(dataplane_.generation(), 1u);
}

TEST_F(ControlLinkTest, ATurnObeysNoMoreThanItsBudget) {
  for (uint32_t n = 1; n <= 10; ++n) Push(Lease(0), n);
  dataplane_.Poll(now_ms_, 3);
  EXPECT_EQ(TakeAcks().size(), 3u);
  dataplane_.Poll(now_ms_, 100);
  EXPECT_EQ(TakeAcks().size(), 7u);
}

// The event ring is full: commands wait in theirs, and none loses its answer.
TEST_F(ControlLinkTest, NoAcknowledgmentIsEverLost) {
  uint32_t pushed = 0;
  std::vector<AckBody> acks;
  auto fill = [&] {
    Message m = Lease(0);
    for (m.sequence = pushed + 1; commands_->Push(m) == RingResult::kOk; m.sequence = pushed + 1) ++pushed;
  };
  fill();
  dataplane_.Poll(now_ms_);
  fill();
  dataplane_.Poll(now_ms_);
  EXPECT_EQ(pushed, 2 * kRingSlots) << "as many unanswered as answered and unread";
  EXPECT_EQ(dataplane_.page().commands.Get(), kRingSlots);
  while (acks.size() < pushed) {
    auto more = TakeAcks();
    ASSERT_FALSE(more.empty());
    acks.insert(acks.end(), more.begin(), more.end());
    dataplane_.Poll(now_ms_);
  }
  for (uint32_t n = 0; n < pushed; ++n) ASSERT_EQ(acks[n].sequence, n + 1);
}

TEST_F(ControlLinkTest, ANewAttachmentCountsFromOneAndKeepsWhatIsCommitted) {
  ASSERT_EQ(SayAll(Run(3)).status, AckStatus::kOk);
  ASSERT_EQ(StatusOf(Key(1, now_ms_)), AckStatus::kOk);
  ASSERT_EQ(StatusOf(Run(4).Messages()[0]), AckStatus::kOk);  // a run that is never finished
  Attach();
  EXPECT_EQ(dataplane_.generation(), 3u);
  EXPECT_EQ(VersionInForce(), 1u);
  EXPECT_EQ(Say(Lease(0), 2).status, AckStatus::kOutOfOrder);
  AckBody ack = Say(Lease(now_ms_ + 1000));
  EXPECT_EQ(ack.status, AckStatus::kOk);
  EXPECT_EQ(ack.generation, 3u);
  EXPECT_EQ(SayAll(Run(4)).status, AckStatus::kOk) << "the number of the broken-off run is free";
}

TEST_F(ControlLinkTest, ARunDoesNotOutliveItsAttachment) {
  auto messages = Run(1).Messages();
  for (size_t i = 0; i + 1 < messages.size(); ++i) ASSERT_EQ(StatusOf(messages[i]), AckStatus::kOk);
  Attach();
  EXPECT_EQ(StatusOf(messages.back()), AckStatus::kNotInRun);
  EXPECT_EQ(dataplane_.generation(), 0u);
}

TEST_F(ControlLinkTest, KeysRiseAndTheOneInForceIsKept) {
  EXPECT_EQ(StatusOf(Key(0, now_ms_)), AckStatus::kMalformed);
  EXPECT_EQ(StatusOf(Key(5, now_ms_)), AckStatus::kOk);
  EXPECT_TRUE(changed_);
  EXPECT_EQ(VersionInForce(), 5u);
  EXPECT_EQ(dataplane_.page().key_version.Get(), 5u);
  EXPECT_EQ(StatusOf(Key(5, now_ms_)), AckStatus::kOk) << "known already";
  EXPECT_FALSE(changed_);
  EXPECT_EQ(StatusOf(Key(4, now_ms_)), AckStatus::kStale);
  EXPECT_EQ(StatusOf(Key(7, now_ms_ + 500)), AckStatus::kOk);
  EXPECT_EQ(VersionInForce(), 5u) << "until the newer one takes effect";
  now_ms_ += 500;
  EXPECT_EQ(VersionInForce(), 7u);
  EXPECT_EQ(dataplane_.page().epoch_advances.Get(), 2u);
}

TEST_F(ControlLinkTest, AKeyThatNeverTookEffectIsReplaced) {
  ASSERT_EQ(StatusOf(Key(1, now_ms_)), AckStatus::kOk);
  ASSERT_EQ(StatusOf(Key(2, now_ms_ + 500)), AckStatus::kOk);
  ASSERT_EQ(StatusOf(Key(3, now_ms_ + 1000)), AckStatus::kOk);
  now_ms_ += 600;
  EXPECT_EQ(VersionInForce(), 1u);
  now_ms_ += 400;
  EXPECT_EQ(VersionInForce(), 3u);
}

TEST_F(ControlLinkTest, AKeyAtOnceErasesTheOlderOnes) {
  ASSERT_EQ(StatusOf(Key(1, now_ms_)), AckStatus::kOk);
  ASSERT_EQ(StatusOf(Key(2, now_ms_)), AckStatus::kOk);
  EXPECT_EQ(dataplane_.world().keys->key[1].version, 1u) << "for epochs that began before";
  Message m = Key(3, now_ms_);
  m.epoch_key.at_once = 2;
  EXPECT_EQ(StatusOf(m), AckStatus::kMalformed);
  m.epoch_key.at_once = 1;
  ASSERT_EQ(StatusOf(m), AckStatus::kOk);
  EXPECT_EQ(dataplane_.world().keys->key[0].version, 3u);
  EXPECT_EQ(dataplane_.world().keys->key[1].version, 0u);
}

// An hour's epoch and four hours of affinity after the next key took its place.
TEST_F(ControlLinkTest, OutlivedKeysAreErased) {
  constexpr uint64_t kUseMs = 5 * 3'600'000 + 60'000;
  ASSERT_EQ(StatusOf(Key(1, now_ms_)), AckStatus::kOk);
  ASSERT_EQ(SayAll(Run(1)).status, AckStatus::kOk);
  now_ms_ += 86'400'000;
  ASSERT_EQ(StatusOf(Key(2, now_ms_)), AckStatus::kOk);
  now_ms_ += kUseMs;
  EXPECT_FALSE(dataplane_.Poll(now_ms_));
  EXPECT_EQ(dataplane_.world().keys->key[1].version, 1u);
  EXPECT_TRUE(dataplane_.Poll(now_ms_ + 1)) << "published, so that the former World goes";
  EXPECT_EQ(dataplane_.world().keys->key[0].version, 2u);
  EXPECT_EQ(dataplane_.world().keys->key[1].version, 0u);
  EXPECT_FALSE(dataplane_.Poll(now_ms_ + 2));
}

TEST_F(ControlLinkTest, TheKeysAreWhatWasSaid) {
  Message m = Key(1, now_ms_);
  for (uint8_t i = 0; i < 16; ++i) m.epoch_key.key[i] = i;
  ASSERT_EQ(StatusOf(m), AckStatus::kOk);
  EXPECT_EQ(dataplane_.world().keys->key[0].key.low, 0x0706050403020100u);
  EXPECT_EQ(dataplane_.world().keys->key[0].key.high, 0x0f0e0d0c0b0a0908u);
}

// Neither a key that was taken nor one that was refused can be read from the shared memory afterwards.
TEST_F(ControlLinkTest, NoKeyIsLeftInTheSharedMemory) {
  const std::string secret(16, '\xaa');
  Push(Key(1, now_ms_), 1);
  Push(Key(0, now_ms_), 2);
  Push(Key(9, now_ms_), 7);
  const std::string_view shared(reinterpret_cast<const char*>(&control_->main_rings()), LinkBytes(1));
  ASSERT_NE(shared.find(secret), std::string_view::npos);
  dataplane_.Poll(now_ms_);
  EXPECT_EQ(TakeAcks().size(), 3u);
  EXPECT_EQ(shared.find(secret), std::string_view::npos);
}

TEST_F(ControlLinkTest, LeasesOfAllUnitsOrOne) {
  EXPECT_EQ(StatusOf(Lease(now_ms_ + 1000)), AckStatus::kNotInRun) << "no unit is known yet";
  ASSERT_EQ(SayAll(Run(1)).status, AckStatus::kOk);
  EXPECT_EQ(StatusOf(Lease(now_ms_ + 1000)), AckStatus::kOk);
  EXPECT_EQ(Deadline(0), now_ms_ + 1000);
  EXPECT_EQ(Deadline(5), now_ms_ + 1000);
  EXPECT_EQ(Deadline(1), 0u) << "no unit, no lease";
  EXPECT_EQ(StatusOf(Lease(now_ms_ + 2000, 5)), AckStatus::kOk);
  EXPECT_EQ(Deadline(0), now_ms_ + 1000);
  EXPECT_EQ(Deadline(5), now_ms_ + 2000);
  EXPECT_EQ(StatusOf(Lease(now_ms_ + 3000, 1)), AckStatus::kOk);
  EXPECT_EQ(Deadline(1), 0u);
  EXPECT_EQ(StatusOf(Lease(now_ms_, 0)), AckStatus::kOk);
  EXPECT_FALSE(dataplane_.leases().Holds(0, now_ms_)) << "a lease can be taken back";
  for (UnitIndex beyond : {UnitIndex{kUnitsMax}, UnitIndex{0xfffe}})
    EXPECT_EQ(StatusOf(Lease(now_ms_ + 1000, beyond)), AckStatus::kMalformed) << beyond;
}

// Or new flows would be refused from a change of pools until the renewal that follows it.
TEST_F(ControlLinkTest, ACommitLeasesItsUnits) {
  ASSERT_EQ(SayAll(Run(1).Set(Setting::kLease, 10)).status, AckStatus::kOk);
  EXPECT_EQ(Deadline(0), now_ms_ + 10'000);
  EXPECT_EQ(dataplane_.page().lease_deadline_ms.Get(), now_ms_ + 10'000);
  now_ms_ += 1000;
  ASSERT_EQ(SayAll(Run(2).Set(Setting::kLease, 20).Unit(9, "203.0.113.9"_ip)).status, AckStatus::kOk);
  for (UnitIndex unit : {UnitIndex{0}, UnitIndex{5}, UnitIndex{9}})
    EXPECT_EQ(Deadline(unit), now_ms_ + 20'000) << unit;
  EXPECT_EQ(Deadline(1), 0u);
}

TEST_F(ControlLinkTest, ALeaseSaysWhichFlowsMayOpen) {
  ASSERT_EQ(SayAll(Run(1)).status, AckStatus::kOk);
  EXPECT_EQ(dataplane_.leases().rule.load(), OpeningRule::kAny);
  for (OpeningRule rule : {OpeningRule::kTold, OpeningRule::kNone, OpeningRule::kAny}) {
    EXPECT_EQ(StatusOf(Lease(now_ms_ + 1000, kAllUnits, static_cast<uint8_t>(rule))), AckStatus::kOk);
    EXPECT_EQ(dataplane_.leases().rule.load(), rule);
  }
  EXPECT_EQ(StatusOf(Lease(now_ms_ + 2000, kAllUnits, 3)), AckStatus::kMalformed);
  EXPECT_EQ(dataplane_.leases().rule.load(), OpeningRule::kAny) << "what is refused changes nothing";
  EXPECT_EQ(Deadline(0), now_ms_ + 1000);
}

TEST_F(ControlLinkTest, NoLeaseIsLongerThanTheConfiguredOne) {
  ASSERT_EQ(SayAll(Run(1).Set(Setting::kLease, 10)).status, AckStatus::kOk);
  for (uint64_t deadline : {now_ms_ + 10'001, ~uint64_t{0}}) {
    EXPECT_EQ(StatusOf(Lease(deadline)), AckStatus::kOk);
    EXPECT_EQ(Deadline(0), now_ms_ + 10'000);
    EXPECT_EQ(dataplane_.page().lease_deadline_ms.Get(), now_ms_ + 10'000);
  }
}

TEST_F(ControlLinkTest, KindsThatAreNoCommandAreRefused) {
  for (MessageKind kind :
       {MessageKind::kNone, MessageKind::kAck, MessageKind::kFlowQuery, MessageKind::kFlowRow,
        MessageKind::kFlowEnd, static_cast<MessageKind>(16), static_cast<MessageKind>(0xffff)}) {
    EXPECT_EQ(StatusOf(MakeMessage(kind)), AckStatus::kNotInRun) << static_cast<int>(kind);
    ASSERT_EQ(StatusOf(Run(1).Messages()[0]), AckStatus::kOk);
    EXPECT_EQ(StatusOf(MakeMessage(kind)), AckStatus::kMalformed) << static_cast<int>(kind);
  }
}

TEST_F(ControlLinkTest, KeysAndLeasesDoNotDisturbARun) {
  ASSERT_EQ(SayAll(Run(1)).status, AckStatus::kOk);
  for (const Message& m : Run(2).Messages()) {
    EXPECT_EQ(StatusOf(m), AckStatus::kOk);
    EXPECT_EQ(StatusOf(Lease(now_ms_ + 1000)), AckStatus::kOk);
  }
  EXPECT_EQ(dataplane_.generation(), 2u);
}

TEST_F(ControlLinkTest, AnImpossibleIndexSilencesTheLinkUntilTheNextAttachment) {
  control_->main_rings().commands.tail.store(kRingSlots + 1);
  EXPECT_FALSE(dataplane_.Poll(now_ms_));
  EXPECT_EQ(dataplane_.page().ring_corrupt.Get(), 1u);
  EXPECT_TRUE(TakeAcks().empty());
  control_->main_rings().commands.tail.store(1);
  dataplane_.Poll(now_ms_);
  EXPECT_TRUE(TakeAcks().empty()) << "once corrupt, always";
  Attach();
  EXPECT_EQ(SayAll(Run(1)).status, AckStatus::kOk);
  EXPECT_EQ(dataplane_.page().ring_corrupt.Get(), 0u) << "of the attachment, not for ever";
}

// No version is a last one: whatever a peer gave the dataplane, its successor gives a newer one at once.
TEST_F(ControlLinkTest, TheLargestKeyVersionShutsNobodyOut) {
  ASSERT_EQ(StatusOf(Key(0xffffffff, now_ms_ + 1'000'000'000)), AckStatus::kOk);
  Attach();
  EXPECT_EQ(StatusOf(Key(NextVersion(0xffffffffu), now_ms_)), AckStatus::kOk);
  EXPECT_EQ(VersionInForce(), 1u);
}

// A peer of chance: it may stop the service, and must not crash it or commit anything by accident.
TEST_F(ControlLinkTest, RandomMessagesChangeNothing) {
  uint64_t state = 0x9e3779b97f4a7c15;
  auto next = [&] { return state ^= state << 13, state ^= state >> 7, state ^= state << 17; };
  for (int n = 0; n < 20'000; ++n) {
    Message m;
    for (uint8_t& byte : m.raw) byte = static_cast<uint8_t>(next());
    m.kind = static_cast<MessageKind>(next() % 20);
    m.sequence = next() % 4 == 0 ? static_cast<uint32_t>(next())
                                 : static_cast<uint32_t>(dataplane_.page().commands.Get()) + 1;
    ASSERT_EQ(commands_->Push(m), RingResult::kOk);
    dataplane_.Poll(now_ms_);
    ASSERT_EQ(TakeAcks().size(), 1u);
    ASSERT_EQ(dataplane_.world().snapshot, nullptr);
  }
}

}  // namespace
}  // namespace cfr
