// SPDX-License-Identifier: BSD-3-Clause
// Writing an answer into the packet's own memory. When one is given and to whom is told in
// tests/packet/answers.rows.
#include "dataplane/answer.h"

#include <gtest/gtest.h>

#include "dataplane/parse.h"
#include "tests/support/guarded_bytes.h"
#include "tests/support/packet_builder.h"

namespace cfr::test {
namespace {

const PortFacts kPort{{2, 0, 0, 0, 0, 1}, 9000};
const Address kSubscriber[] = {*ParseAddress("100.64.1.10"), *ParseAddress("2001:db8:c1::10")};
const Address kRemote[] = {*ParseAddress("198.51.100.5"), *ParseAddress("2001:db8:5::5")};
const Address kRelay[] = {*ParseAddress("10.0.0.1"), *ParseAddress("2001:db8:ac::1")};

Frame Trigger(Family f, bool tcp, size_t payload) {
  const auto i = static_cast<int>(f);
  PacketBuilder b;
  b.Stations({2, 0, 0, 0, 0, 9}, {2, 0, 0, 0, 0, 1}).From(kSubscriber[i], 5000).To(kRemote[i], 443);
  return (tcp ? b.Tcp(kTcpAck, 1, 2) : b.Udp()).Payload(payload).Build();
}

Packet Parsed(uint8_t* data, size_t length) {
  Packet p;
  p.data = data;
  p.length = static_cast<uint16_t>(length);
  Parse(p, kPort, Settings());
  EXPECT_FALSE(p.decided());
  return p;
}

Answer ErrorFrom(Family f) {
  return {3, 1, false, 0x01020304, kRelay[static_cast<int>(f)], {}};
}
Answer Reset(Family f) {
  return {0, 0, true, 0, kRelay[static_cast<int>(f)], {}};
}

// Where it is written makes no difference, and the last byte written is the last there is.
TEST(Answer, InPlaceAndElsewhere) {
  GuardedBytes memory(9216);
  for (Family f : {Family::kV4, Family::kV6})
    for (bool tcp : {false, true})
      for (size_t payload : {0, 1, 27, 500, 1452, 8000}) {
        Frame trigger = Trigger(f, tcp, payload);
        Packet p = Parsed(trigger.data(), trigger.size());
        const Answer answer = tcp ? Reset(f) : ErrorFrom(f);
        Frame elsewhere(kAnswerMax);
        const uint16_t length = WriteAnswer(p, answer, elsewhere.data(), kAnswerMax);
        ASSERT_GT(length, 0);
        elsewhere.resize(length);

        Frame buffer = trigger;
        buffer.resize(std::max<size_t>(length, trigger.size()));
        uint8_t* data = memory.Place(buffer);
        Packet q = Parsed(data, trigger.size());
        ASSERT_EQ(WriteAnswer(q, answer, data, static_cast<uint16_t>(buffer.size())), length);
        EXPECT_EQ(Frame(data, data + length), elsewhere);
      }
}

TEST(Answer, TooLittleRoomGivesNone) {
  for (Family f : {Family::kV4, Family::kV6})
    for (bool tcp : {false, true}) {
      Frame trigger = Trigger(f, tcp, 100), out(kAnswerMax);
      Packet p = Parsed(trigger.data(), trigger.size());
      const Answer answer = tcp ? Reset(f) : ErrorFrom(f);
      const uint16_t length = WriteAnswer(p, answer, out.data(), kAnswerMax);
      ASSERT_GT(length, 0);
      EXPECT_EQ(WriteAnswer(p, answer, out.data(), length), length);
      EXPECT_EQ(WriteAnswer(p, answer, out.data(), static_cast<uint16_t>(length - 1)), 0);
      EXPECT_EQ(WriteAnswer(p, answer, out.data(), 0), 0);
    }
}

TEST(Answer, SizesAtTheLimit) {
  for (Family f : {Family::kV4, Family::kV6}) {
    const size_t most = f == Family::kV4 ? 576 : 1280;
    Frame trigger = Trigger(f, false, 1400), out(kAnswerMax);
    Packet p = Parsed(trigger.data(), trigger.size());
    EXPECT_EQ(WriteAnswer(p, ErrorFrom(f), out.data(), kAnswerMax), kEthernetBytes + most);
  }
}

}  // namespace
}  // namespace cfr::test
