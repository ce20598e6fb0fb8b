// SPDX-License-Identifier: BSD-3-Clause
#include "common/messages.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>

namespace cfr {
namespace {

WirePrefix Wire(const char* text) {
  return ToWire(*ParsePrefix(text));
}

TEST(Messages, LayoutIsTheOneOfLinkVersion3) {
  EXPECT_EQ(kLinkVersion, 3) << "a new version needs new figures here";
  EXPECT_EQ(sizeof(Message), 64u);
  EXPECT_EQ(offsetof(Message, sequence), 0u);
  EXPECT_EQ(offsetof(Message, kind), 4u);
  EXPECT_EQ(offsetof(Message, raw), 8u);
  EXPECT_EQ(sizeof(WirePrefix), 18u);
  EXPECT_EQ(offsetof(CommitBody, digest), 16u);
  EXPECT_EQ(offsetof(EpochKeyBody, key), 12u);
  EXPECT_EQ(offsetof(AckBody, position), 16u);
  EXPECT_EQ(sizeof(FlowRowBody), 56u);
  EXPECT_EQ(offsetof(FlowRowBody, idle_ms), 44u);
  EXPECT_EQ(static_cast<int>(MessageKind::kBegin), 1);
  EXPECT_EQ(static_cast<int>(MessageKind::kAck), 14);
  EXPECT_EQ(static_cast<int>(MessageKind::kFlowEnd), 17);
}

TEST(Messages, AreMadeEmpty) {
  Message m = MakeMessage(MessageKind::kLease);
  EXPECT_EQ(m.kind, MessageKind::kLease);
  EXPECT_EQ(m.sequence, 0u);
  EXPECT_TRUE(std::all_of(std::begin(m.raw), std::end(m.raw), [](uint8_t b) { return b == 0; }));
}

TEST(Messages, PrefixesSurviveTheWire) {
  for (const char* text :
       {"192.0.2.0/24", "0.0.0.0/0", "192.0.2.1/32", "2001:db8::/56", "::/0", "2001:db8::1/128"}) {
    Prefix read;
    ASSERT_TRUE(ReadPrefix(Wire(text), false, &read)) << text;
    EXPECT_EQ(Format(read), text);
  }
  Prefix read;
  ASSERT_TRUE(ReadPrefix(ToWire(*ParseAddress("2001:db8::7")), false, &read));
  EXPECT_EQ(Format(read), "2001:db8::7/128");
}

TEST(Messages, HostBitsOnlyWhereAllowed) {
  Prefix read;
  EXPECT_FALSE(ReadPrefix(Wire("192.0.2.1/24"), false, &read));
  ASSERT_TRUE(ReadPrefix(Wire("192.0.2.1/24"), true, &read));
  EXPECT_EQ(Format(read), "192.0.2.1/24");
}

// Every family and length byte a peer could write, for an address of zeroes.
TEST(Messages, OnlyPossiblePrefixesAreRead) {
  for (int family = 0; family < 256; ++family) {
    for (int length = 0; length < 256; ++length) {
      WirePrefix wire{};
      wire.family = static_cast<uint8_t>(family);
      wire.length = static_cast<uint8_t>(length);
      Prefix read;
      bool possible = (family == 4 && length <= 32) || (family == 6 && length <= 128);
      EXPECT_EQ(ReadPrefix(wire, false, &read), possible) << family << " " << length;
    }
  }
}

TEST(Messages, RefusedPrefixLeavesTheResultAlone) {
  Prefix read = *ParsePrefix("203.0.113.0/28");
  WirePrefix wire = Wire("192.0.2.0/24");
  wire.bytes[15] = 1;  // past the width of IPv4
  EXPECT_FALSE(ReadPrefix(wire, true, &read));
  EXPECT_EQ(Format(read), "203.0.113.0/28");
}

TEST(Messages, DigestSeesEveryByteButTheSequence) {
  Message m = MakeMessage(MessageKind::kUnit);
  uint64_t digest = MessageDigest(0, m);
  m.sequence = 77;
  EXPECT_EQ(MessageDigest(0, m), digest) << "a repeated run has other numbers";
  auto* bytes = reinterpret_cast<uint8_t*>(&m);
  for (size_t i = sizeof m.sequence; i < sizeof m; ++i) {
    bytes[i] ^= 0x10;
    EXPECT_NE(MessageDigest(0, m), digest) << "byte " << i;
    bytes[i] ^= 0x10;
  }
}

TEST(Messages, DigestSeesOrderAndNumberOfCommands) {
  Message a = MakeMessage(MessageKind::kUnit), b = MakeMessage(MessageKind::kBypass);
  auto fold = [](std::initializer_list<Message> run) {
    uint64_t digest = 0;
    for (const Message& m : run) digest = MessageDigest(digest, m);
    return digest;
  };
  EXPECT_NE(fold({a, b}), fold({b, a}));
  EXPECT_NE(fold({a}), fold({a, a}));
  EXPECT_NE(fold({a, b}), fold({a, b, b}));
}

}  // namespace
}  // namespace cfr
