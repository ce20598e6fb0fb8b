// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/fragments.h"

#include <gtest/gtest.h>

#include <map>
#include <random>
#include <vector>

namespace cfr {
namespace {

using Datagram = FragmentTable::Datagram;
using State = FragmentTable::State;
constexpr SipKey kSecret{1, 2};

DatagramKey Key(uint32_t id, Direction direction = Direction::kOutbound) {
  return {{0, 1}, {0, 2}, id, kProtocolUdp, direction};
}
uint64_t Hash(const DatagramKey& key) {
  return HashOf(key, kSecret);
}

// A packet known by its buffer.
Packet Numbered(uintptr_t number) {
  Packet p;
  p.buffer = reinterpret_cast<void*>(number);
  p.length = static_cast<uint16_t>(number);
  return p;
}
uintptr_t NumberOf(const Packet& p) {
  return reinterpret_cast<uintptr_t>(p.buffer);
}

std::vector<Packet> TakeAll(FragmentTable& table, Direction direction = Direction::kOutbound) {
  std::vector<Packet> all;
  Packet some[3];
  while (unsigned count = table.TakeReleased(direction, some)) all.insert(all.end(), some, some + count);
  return all;
}

class Fragments : public testing::Test {
 protected:
  Datagram& Add(uint32_t id, uint64_t now_ms = 0) { return table_.Add(Key(id), Hash(Key(id)), now_ms); }
  Datagram* Find(uint32_t id) { return table_.Find(Key(id), Hash(Key(id))); }
  void Hold(uint32_t id, uintptr_t number, uint64_t sender = 7) {
    table_.MakeRoomToHold(0);
    table_.Hold(*Find(id), Numbered(number), sender);
  }
  FragmentTable table_{4, 3};
};

TEST_F(Fragments, KeysThatDifferInAnyFieldDiffer) {
  const DatagramKey base = Key(1);
  table_.Add(base, Hash(base), 0);
  for (DatagramKey other :
       {Key(2), Key(1, Direction::kInbound), DatagramKey{{1, 1}, {0, 2}, 1, 17, base.direction},
        DatagramKey{{0, 2}, {0, 1}, 1, 17, base.direction},
        DatagramKey{{0, 1}, {0, 2}, 1, 6, base.direction}}) {
    EXPECT_EQ(table_.Find(other, Hash(other)), nullptr);
    EXPECT_EQ(table_.Find(other, Hash(base)), nullptr);  // even if the hash said otherwise
  }
  EXPECT_NE(table_.Find(base, Hash(base)), nullptr);
}

TEST_F(Fragments, WhatWaitsFollowsTheFirstInItsOrder) {
  Add(1);
  Hold(1, 100);
  Hold(1, 101);
  EXPECT_EQ(table_.held(), 2u);
  EXPECT_TRUE(TakeAll(table_).empty());
  table_.Resolve(*Find(1), {kProtocolUdp, 5, 6}, 0);
  std::vector<Packet> released = TakeAll(table_);
  ASSERT_EQ(released.size(), 2u);
  EXPECT_EQ(NumberOf(released[0]), 100u);
  EXPECT_EQ(NumberOf(released[1]), 101u);
  for (const Packet& p : released) {
    EXPECT_EQ(p.verdict, Verdict::kUndecided);
    EXPECT_EQ(p.length, NumberOf(p));
    EXPECT_EQ(p.resolved, kProtocolUdp);
    EXPECT_EQ(p.source_port, 5);
    EXPECT_EQ(p.destination_port, 6);
  }
  EXPECT_EQ(table_.held(), 0u);
  EXPECT_EQ(Find(1)->state, State::kKnown);
}

TEST_F(Fragments, DirectionsAreReleasedApart) {
  const DatagramKey inbound = Key(1, Direction::kInbound);
  Datagram& d = table_.Add(inbound, Hash(inbound), 0);
  table_.Hold(d, Numbered(100), 7);
  table_.Resolve(d, {kProtocolUdp, 5, 6}, 0);
  EXPECT_TRUE(TakeAll(table_, Direction::kOutbound).empty());
  EXPECT_EQ(TakeAll(table_, Direction::kInbound).size(), 1u);
}

TEST_F(Fragments, PoisonDropsWhatWaits) {
  Add(1);
  Hold(1, 100);
  table_.Poison(*Find(1), 0);
  std::vector<Packet> released = TakeAll(table_);
  ASSERT_EQ(released.size(), 1u);
  EXPECT_EQ(released[0].verdict, Verdict::kDrop);
  EXPECT_EQ(released[0].reason, DropReason::kFragmentOverlap);
  EXPECT_EQ(Find(1)->state, State::kPoisoned);
}

TEST_F(Fragments, TheOldestWaitingDatagramGivesWay) {
  Add(1);
  Add(2);
  Hold(1, 100);
  Hold(1, 101);
  Hold(2, 200);
  Hold(2, 201);  // the fourth of three
  std::vector<Packet> released = TakeAll(table_);
  ASSERT_EQ(released.size(), 2u);
  EXPECT_EQ(released[1].reason, DropReason::kFragmentTableFull);
  EXPECT_EQ(NumberOf(released[1]), 101u);
  EXPECT_EQ(Find(1), nullptr);
  EXPECT_EQ(table_.held(), 2u);
}

TEST_F(Fragments, OnlySoManyGiveWayInOneMillisecond) {
  FragmentTable table(4 * kPushedOutPerMs, 1);
  auto hold = [&](uint32_t id, uint64_t now_ms) {
    if (!table.HasRoomToHold(now_ms)) return false;
    table.MakeRoomToHold(now_ms);
    table.Hold(table.Add(Key(id), Hash(Key(id)), now_ms), Numbered(id), 7);
    return true;
  };
  ASSERT_TRUE(hold(1, 5)) << "there was room";
  for (uint32_t id = 2; id < 2 + kPushedOutPerMs; ++id) EXPECT_TRUE(hold(id, 5)) << id;
  EXPECT_FALSE(hold(100, 5));
  EXPECT_FALSE(hold(100, 5)) << "the budget is not renewed by asking";
  EXPECT_EQ(TakeAll(table).size(), size_t{kPushedOutPerMs}) << "who was there stays";
  EXPECT_EQ(table.held(), 1u);
  EXPECT_TRUE(hold(100, 6));
}

TEST_F(Fragments, AKnownDatagramGivesWayBeforeAWaitingOne) {
  Add(1);
  Hold(1, 100);
  for (uint32_t id : {2u, 3u, 4u}) table_.Resolve(Add(id), {kProtocolUdp, 5, 6}, 0);
  Add(5);
  EXPECT_EQ(Find(2), nullptr);
  for (uint32_t id : {1u, 3u, 4u, 5u}) EXPECT_NE(Find(id), nullptr) << id;
  EXPECT_EQ(table_.datagrams(), 4u);
  EXPECT_TRUE(TakeAll(table_).empty());
}

TEST_F(Fragments, WaitingOnesGiveWayWhenThereIsNothingElse) {
  for (uint32_t id : {1u, 2u, 3u, 4u}) Add(id);
  Hold(1, 100);
  Add(5);
  EXPECT_EQ(Find(1), nullptr);
  std::vector<Packet> released = TakeAll(table_);
  ASSERT_EQ(released.size(), 1u);
  EXPECT_EQ(released[0].reason, DropReason::kFragmentTableFull);
}

TEST_F(Fragments, SendersAreCounted) {
  Add(1);
  Hold(1, 100, 7);
  Hold(1, 101, 7);
  Hold(1, 102, 8);
  EXPECT_FALSE(table_.MayHold(7, 2));
  EXPECT_TRUE(table_.MayHold(7, 3));
  EXPECT_TRUE(table_.MayHold(8, 2));
  EXPECT_FALSE(table_.MayHold(9, 0));
  table_.Resolve(*Find(1), {kProtocolUdp, 5, 6}, 0);
  EXPECT_TRUE(table_.MayHold(7, 1));
  EXPECT_TRUE(table_.MayHold(8, 1));
}

TEST_F(Fragments, TimeEndsWaitingAndKnowing) {
  Add(1, 1000);
  Hold(1, 100);
  table_.Resolve(Add(2, 1000), {kProtocolUdp, 5, 6}, 1000);
  EXPECT_EQ(table_.Expire(2999, 2000, 30'000, 100), 0);
  EXPECT_EQ(table_.Expire(3000, 2000, 30'000, 100), 1);
  std::vector<Packet> released = TakeAll(table_);
  ASSERT_EQ(released.size(), 1u);
  EXPECT_EQ(released[0].reason, DropReason::kFragmentTimeout);
  EXPECT_EQ(table_.Expire(30'999, 2000, 30'000, 100), 0);
  EXPECT_EQ(table_.Expire(31'000, 2000, 30'000, 100), 1);
  EXPECT_EQ(table_.datagrams(), 0u);
}

TEST_F(Fragments, ExpiryKeepsToItsBudget) {
  for (uint32_t id : {1u, 2u, 3u, 4u}) table_.Resolve(Add(id), {kProtocolUdp, 5, 6}, 0);
  EXPECT_EQ(table_.Expire(100'000, 2000, 30'000, 3), 3);
  EXPECT_EQ(table_.Expire(100'000, 2000, 30'000, 3), 1);
}

TEST_F(Fragments, OnlyACompleteDatagramIsOver) {
  Datagram& d = Add(1);
  d.ranges.Add(0, 16, true);
  table_.Resolve(d, {kProtocolUdp, 5, 6}, 0);
  EXPECT_FALSE(d.is_over(2000, 2000));
  d.ranges.Add(16, 17, false);
  d.complete_ms = 500;
  EXPECT_FALSE(d.is_over(2499, 2000));
  EXPECT_TRUE(d.is_over(2500, 2000));
  table_.Poison(d, 0);
  EXPECT_FALSE(d.is_over(2500, 2000));
}

// Whatever happens, every fragment given to the table comes back exactly once, and nothing stays behind.
TEST(FragmentsModel, NothingIsLost) {
  std::mt19937 random(1);
  auto below = [&](uint32_t bound) { return static_cast<uint32_t>(random() % bound); };
  FragmentTable table(16, 24);
  std::map<uintptr_t, int> away;  // held, not yet back
  uint64_t now_ms = 0;
  uintptr_t next = 1, back = 0;
  auto take = [&] {
    for (const Packet& p : TakeAll(table)) {
      ASSERT_EQ(away.erase(NumberOf(p)), 1u) << NumberOf(p);
      ++back;
    }
  };
  for (int i = 0; i < 200'000; ++i) {
    now_ms += below(20);
    const DatagramKey key = Key(below(40));
    const uint64_t hash = Hash(key);
    Datagram* d = table.Find(key, hash);
    switch (below(8)) {
      case 0:
        if (d != nullptr && d->state == State::kWaiting)
          table.Resolve(*d, {kProtocolUdp, 5, 6}, now_ms);
        else if (d == nullptr)
          table.Resolve(table.Add(key, hash, now_ms), {kProtocolUdp, 5, 6}, now_ms);
        break;
      case 1:
        if (d != nullptr && below(4) == 0) table.Poison(*d, now_ms);
        break;
      case 2:
        table.Expire(now_ms, 500, 1500, 2);
        break;
      default:
        if (d != nullptr && d->state != State::kWaiting) break;
        if (!table.HasRoomToHold(now_ms)) break;
        table.MakeRoomToHold(now_ms);
        d = table.Find(key, hash);
        if (d == nullptr) d = &table.Add(key, hash, now_ms);
        table.Hold(*d, Numbered(next), below(3));
        away[next++] = 1;
    }
    take();
    ASSERT_EQ(table.held(), away.size());
    ASSERT_LE(table.datagrams(), 16u);
  }
  table.Expire(now_ms + 10'000, 500, 1500, 1000);
  take();
  EXPECT_TRUE(away.empty());
  EXPECT_EQ(table.datagrams(), 0u);
  EXPECT_EQ(back, next - 1);
  for (uint64_t sender : {0, 1, 2}) EXPECT_TRUE(table.MayHold(sender, 1));
}

}  // namespace
}  // namespace cfr
