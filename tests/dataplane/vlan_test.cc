// SPDX-License-Identifier: BSD-3-Clause
// Tags of every make against a second, naive reading, in memory that ends with the frame.
#include "dataplane/vlan.h"

#include <gtest/gtest.h>

#include <optional>
#include <random>

#include "tests/support/guarded_bytes.h"

namespace cfr {
namespace {

using Bytes = std::vector<uint8_t>;

PortFacts PortWith(std::vector<uint16_t> vlan) {
  PortFacts port;
  for (uint16_t id : vlan) port.vlan[port.vlan_count++] = id;
  return port;
}

struct Taken {
  std::optional<DropReason> dropped;
  Bytes frame;
  friend bool operator==(const Taken&, const Taken&) = default;
};

Taken Naive(Bytes frame, const std::vector<uint16_t>& vlan) {
  auto type = [&](size_t at) { return frame[at] * 256 + frame[at + 1]; };
  if (frame.size() < 14) return {DropReason::kL2Malformed, {}};
  std::vector<uint16_t> ids;
  std::vector<int> types;
  while (type(12) == 0x8100 || type(12) == 0x88a8) {
    if (types.size() == 2 || frame.size() < 18) return {DropReason::kL2Malformed, {}};
    types.push_back(type(12));
    if (int id = type(14) % 4096; id != 0) ids.push_back(static_cast<uint16_t>(id));
    frame.erase(frame.begin() + 12, frame.begin() + 16);
  }
  bool service_misplaced =
      (types.size() == 1 && types[0] == 0x88a8) || (types.size() == 2 && types[1] == 0x88a8);
  if (service_misplaced || ids != vlan) return {DropReason::kVlanUnknown, {}};
  return {std::nullopt, frame};
}

Taken Take(const Bytes& frame, const PortFacts& port, test::GuardedBytes* memory) {
  Packet p;
  p.data = memory->Place(frame);
  p.length = static_cast<uint16_t>(frame.size());
  TakeTags(p, port);
  if (p.verdict == Verdict::kDrop) return {p.reason, {}};
  return {std::nullopt, Bytes(p.data, p.data + p.length)};
}

TEST(Vlan, AgreesWithTheNaiveReading) {
  test::GuardedBytes memory(256);
  std::mt19937 random(1);
  auto below = [&](uint32_t bound) { return static_cast<uint32_t>(random() % bound); };
  const std::vector<std::vector<uint16_t>> attachments = {{}, {1}, {2}, {1, 2}, {2, 1}};
  int passed = 0;
  for (int i = 0; i < 100'000; ++i) {
    Bytes frame(12);
    for (uint8_t& byte : frame) byte = static_cast<uint8_t>(below(256));
    for (uint32_t n = below(4); n > 0; --n) {
      Bytes tag = below(4) == 0 ? Bytes{0x88, 0xa8} : Bytes{0x81, 0x00};
      tag.insert(tag.end(), {static_cast<uint8_t>(below(8) << 5), static_cast<uint8_t>(below(3))});
      frame.insert(frame.end(), tag.begin(), tag.end());
    }
    frame.insert(frame.end(), {0x08, 0x00, 1, 2, 3});
    if (below(3) == 0) frame.resize(below(static_cast<uint32_t>(frame.size() + 1)));
    const auto& vlan = attachments[below(static_cast<uint32_t>(attachments.size()))];
    Taken wanted = Naive(frame, vlan);
    ASSERT_EQ(Take(frame, PortWith(vlan), &memory), wanted) << "frame " << i;
    passed += wanted.dropped.has_value() ? 0 : 1;
  }
  EXPECT_GT(passed, 5'000);
}

TEST(Vlan, WhatIsPutOnComesOff) {
  test::GuardedBytes memory(256);
  const Bytes frame = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 0x86, 0xdd, 13, 14};
  for (const auto& vlan : std::vector<std::vector<uint16_t>>{{}, {4094}, {200, 100}}) {
    const PortFacts port = PortWith(vlan);
    Bytes room(kVlanRoomBytes);
    room.insert(room.end(), frame.begin(), frame.end());
    const uint8_t* start = PutTags(room.data() + kVlanRoomBytes, port);
    EXPECT_EQ(room.data() + kVlanRoomBytes - start, static_cast<long>(vlan.size() * 4));
    const Bytes tagged(start, static_cast<const uint8_t*>(room.data()) + room.size());
    EXPECT_EQ(Take(tagged, port, &memory), (Taken{std::nullopt, frame}));
  }
}

TEST(Vlan, BytesOnTheWire) {
  Bytes room(kVlanRoomBytes + 14);
  room[kVlanRoomBytes + 12] = 0x08;
  PutTags(room.data() + kVlanRoomBytes, PortWith({0x0abc, 0x0123}));
  EXPECT_EQ(Bytes(room.begin() + 12, room.end()),
            (Bytes{0x88, 0xa8, 0x0a, 0xbc, 0x81, 0x00, 0x01, 0x23, 0x08, 0x00}));
}

}  // namespace
}  // namespace cfr
