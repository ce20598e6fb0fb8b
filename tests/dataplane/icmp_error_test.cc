// SPDX-License-Identifier: BSD-3-Clause
// Reading and translating quotes: every length, and bytes no router would send. What a right error turns
// into is told in tests/packet/icmp.rows.
#include "dataplane/icmp_error.h"

#include <gtest/gtest.h>

#include <random>

#include "dataplane/parse.h"
#include "dataplane/translate.h"
#include "tests/support/dissection.h"
#include "tests/support/guarded_bytes.h"

namespace cfr::test {
namespace {

constexpr Direction kOut = Direction::kOutbound, kIn = Direction::kInbound;
const PortFacts kPort{{2, 0, 0, 0, 0, 1}, 9000};

struct Ends {
  Address subscriber, alias, remote, router;
};
const Ends kEnds4 = {*ParseAddress("100.64.1.10"), *ParseAddress("203.0.113.7"),
                     *ParseAddress("198.51.100.5"), *ParseAddress("192.0.2.9")};
const Ends kEnds6 = {*ParseAddress("2001:db8:c1::10"), *ParseAddress("2001:db8:a000::7"),
                     *ParseAddress("2001:db8:5::5"), *ParseAddress("2001:db8:9::9")};
const Ends& EndsOf(Family f) {
  return f == Family::kV4 ? kEnds4 : kEnds6;
}

template <class A>
Flow<A> MakeFlow(uint8_t protocol) {
  const Ends& ends = EndsOf(A::kFamily);
  Flow<A> flow{};
  flow.subscriber = LoadAddress<A>(ends.subscriber.bytes.data());
  flow.alias = LoadAddress<A>(ends.alias.bytes.data());
  flow.remote = LoadAddress<A>(ends.remote.bytes.data());
  flow.subscriber_port = Be16::From(5000).raw;
  flow.alias_port = Be16::From(40000).raw;
  flow.remote_port = protocol == kProtocolTcp || protocol == kProtocolUdp ? Be16::From(443).raw : uint16_t{0};
  flow.protocol = protocol;
  PrepareTranslation(&flow);
  return flow;
}

// The packet that an error of `direction` is about, without its Ethernet header.
std::vector<uint8_t> Quoted(Family family, Direction direction, uint8_t protocol, size_t payload) {
  const Ends& ends = EndsOf(family);
  PacketBuilder b;
  if (direction == kIn)
    b.From(ends.alias, 40000).To(ends.remote, 443);
  else
    b.From(ends.remote, 443).To(ends.subscriber, 5000);
  if (protocol == kProtocolTcp)
    b.Tcp(kTcpAck, 1, 2);
  else if (protocol == kProtocolUdp)
    b.Udp();
  else if (direction == kIn)
    b.EchoRequest(40000);
  else
    b.EchoReply(5000);
  Frame frame = b.Payload(payload).Build();
  return {frame.begin() + kEthernetBytes, frame.end()};
}

Frame Error(Family family, Direction direction, const std::vector<uint8_t>& body, uint32_t word = 0) {
  const Ends& ends = EndsOf(family);
  PacketBuilder b;
  if (direction == kIn)
    b.From(ends.router).To(ends.alias);
  else
    b.From(ends.subscriber).To(ends.remote);
  return b.Icmp(family == Family::kV4 ? kIcmpTimeExceeded : kIcmp6TimeExceeded, 0, word)
      .Payload(body)
      .Stations({2, 0, 0, 0, 0, 9}, {2, 0, 0, 0, 0, 1})
      .Build();
}

Packet ParsedError(uint8_t* data, const Frame& frame) {
  Packet p;
  p.data = data;
  p.length = static_cast<uint16_t>(frame.size());
  Parse(p, kPort, Settings());
  EXPECT_EQ(p.verdict, Verdict::kIcmpError);
  p.verdict = Verdict::kUndecided;
  return p;
}

struct Case {
  Family family;
  Direction direction;
  uint8_t protocol;
};
std::vector<Case> AllCases() {
  std::vector<Case> cases;
  for (Family f : {Family::kV4, Family::kV6})
    for (Direction d : {kOut, kIn})
      for (uint8_t protocol : {kProtocolTcp, kProtocolUdp, f == Family::kV4 ? kProtocolIcmp : kProtocolIcmp6})
        cases.push_back({f, d, protocol});
  return cases;
}

TEST(IcmpError, EveryLengthOfAQuote) {
  GuardedBytes memory(9216);
  for (const Case& c : AllCases()) {
    const std::vector<uint8_t> whole = Quoted(c.family, c.direction, c.protocol, 60);
    const size_t least = (c.family == Family::kV4 ? 20 : 40) + 8;
    for (size_t bytes = 0; bytes <= whole.size(); ++bytes) {
      Frame frame =
          Error(c.family, c.direction, {whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(bytes)});
      Packet p = ParsedError(memory.Place(frame), frame);
      Quote quote;
      bool read = ReadQuote(c.direction, p, Settings(), &quote);
      ASSERT_EQ(read, bytes >= least) << bytes;
      if (!read) {
        EXPECT_EQ(p.reason, DropReason::kIcmpInnerMalformed);
        continue;
      }
      EXPECT_EQ(quote.end, p.length);
      EXPECT_EQ(quote.protocol, c.protocol);
    }
  }
}

template <class A>
void ExpectKey(Direction direction, uint8_t protocol) {
  Frame frame = Error(A::kFamily, direction, Quoted(A::kFamily, direction, protocol, 10));
  GuardedBytes memory(9216);
  Packet p = ParsedError(memory.Place(frame), frame);
  Quote quote;
  ASSERT_TRUE(ReadQuote(direction, p, Settings(), &quote));
  FlowKey<A> key = KeyOf<A>(direction, p, quote);
  Flow<A> flow = MakeFlow<A>(protocol);
  flow.state = FlowState::kUdp;
  EXPECT_TRUE(Matches(flow, key));
  flow.remote_port ^= 1;
  EXPECT_FALSE(Matches(flow, key));
}

TEST(IcmpError, KeyIsThatOfTheFlow) {
  for (const Case& c : AllCases())
    c.family == Family::kV4 ? ExpectKey<V4>(c.direction, c.protocol) : ExpectKey<V6>(c.direction, c.protocol);
}

TEST(IcmpError, StatedLengthEndsTheQuote) {
  GuardedBytes memory(9216);
  for (Family family : {Family::kV4, Family::kV6}) {
    std::vector<uint8_t> body = Quoted(family, kIn, kProtocolUdp, 200);
    body.resize(140);
    const uint32_t word = family == Family::kV4 ? 32u << 16 : 16u << 24;
    Frame frame = Error(family, kIn, body, word);
    Packet p = ParsedError(memory.Place(frame), frame);
    Quote quote;
    ASSERT_TRUE(ReadQuote(kIn, p, Settings(), &quote));
    EXPECT_EQ(quote.end - quote.ip, 128);
    EXPECT_EQ(p.length - quote.end, 12);
  }
}

// Right checksums around random damage: whatever is read lies within the frame, and translating it leaves
// a right checksum and a shorter or equal packet.
template <class A>
void Damage(const Case& c, uint32_t seed) {
  GuardedBytes memory(9216);
  std::mt19937 random(seed);
  const Flow<A> flow = MakeFlow<A>(c.protocol);
  Settings lenient;
  lenient.Set(Setting::kIcmpVerifyQuoted, 0);
  int read = 0;
  for (int n = 0; n < 20'000; ++n) {
    std::vector<uint8_t> body = Quoted(c.family, c.direction, c.protocol, random() % 160);
    for (uint32_t hits = random() % 4; hits > 0; --hits)
      body[random() % std::min<size_t>(body.size(), 64)] = static_cast<uint8_t>(random());
    if (random() % 4 == 0) body.resize(random() % (body.size() + 1));
    if (random() % 4 == 0) body.resize(body.size() + random() % 40);
    Frame frame = Error(c.family, c.direction, body,
                        random() % 2 == 0 ? 0 : static_cast<uint32_t>(random()) & 0x3f3f0000);
    Packet p = ParsedError(memory.Place(frame), frame);
    Quote quote;
    if (!ReadQuote(c.direction, p, lenient, &quote)) continue;
    ++read;
    ASSERT_LE(quote.ip + (A::kFamily == Family::kV4 ? 20 : 40), quote.transport);
    ASSERT_LE(quote.transport + 8, quote.end);
    ASSERT_LE(quote.end, frame.size());
    if (c.direction == kOut)
      TranslateIcmpError<A, kOut>(p, quote, flow);
    else
      TranslateIcmpError<A, kIn>(p, quote, flow);
    ASSERT_LE(p.length, frame.size());
    auto out = Dissect({p.data, p.data + p.length});
    ASSERT_TRUE(out.has_value());
    ASSERT_EQ(out->l4_error, 0);
    ASSERT_TRUE(out->ip_checksum_right);
  }
  EXPECT_GT(read, 2000);
}

TEST(IcmpError, DamagedQuotes) {
  uint32_t seed = 1;
  for (const Case& c : AllCases()) c.family == Family::kV4 ? Damage<V4>(c, seed++) : Damage<V6>(c, seed++);
}

TEST(IcmpError, TypesThatAreRelayed) {
  auto relayed = [](Family family) {
    std::vector<std::pair<int, int>> types;  // type, number of codes
    for (int type = 0; type < 256; ++type) {
      int codes = 0;
      for (int code = 0; code < 256; ++code)
        codes += IsRelayedIcmpError(family, static_cast<uint8_t>(type), static_cast<uint8_t>(code));
      if (codes > 0) types.emplace_back(type, codes);
    }
    return types;
  };
  using Types = std::vector<std::pair<int, int>>;
  EXPECT_EQ(relayed(Family::kV4), (Types{{3, 256}, {11, 256}, {12, 256}}));
  EXPECT_EQ(relayed(Family::kV6), (Types{{1, 256}, {2, 256}, {3, 2}, {4, 3}}));
}

}  // namespace
}  // namespace cfr::test
