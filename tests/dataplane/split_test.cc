// SPDX-License-Identifier: BSD-3-Clause
// Pieces of every size put together again by a second implementation.
#include "dataplane/split.h"

#include <gtest/gtest.h>

#include <random>

#include "tests/support/dissection.h"
#include "tests/support/reassembly.h"

namespace cfr {
namespace {

using test::Frame;

std::vector<Frame> SplitOf(Frame frame, uint16_t mtu) {
  Packet p;
  p.data = frame.data();
  p.length = static_cast<uint16_t>(frame.size());
  std::vector<Frame> rooms(static_cast<size_t>(PiecesOf(p, mtu)) - 1, Frame(14u + mtu));
  std::vector<Packet> rest(rooms.size());
  for (size_t i = 0; i < rooms.size(); ++i) rest[i].data = rooms[i].data();
  Split(p, mtu, rest);
  std::vector<Frame> frames = {Frame(p.data, p.data + p.length)};
  for (const Packet& piece : rest) frames.emplace_back(piece.data, piece.data + piece.length);
  return frames;
}

test::PacketBuilder Datagram(size_t payload) {
  return test::PacketBuilder()
      .From(*ParseAddress("192.0.2.1"), 5000)
      .To(*ParseAddress("198.51.100.1"), 443)
      .Udp()
      .Payload(payload)
      .Ipv4Fragment(0);
}

void ExpectPieces(const Frame& whole, const std::vector<Frame>& pieces, uint16_t mtu) {
  for (size_t i = 0; i < pieces.size(); ++i) {
    auto d = test::Dissect(pieces[i]);
    ASSERT_TRUE(d.has_value());
    EXPECT_TRUE(d->ip_checksum_right);
    EXPECT_LE(d->ip_bytes, mtu);
    if (i + 1 < pieces.size()) {
      EXPECT_GT(d->ip_bytes + 8, mtu) << "a piece that is not the last is as long as may be";
    }
  }
  auto joined = test::Join(pieces);
  ASSERT_TRUE(joined.has_value());
  EXPECT_EQ(*joined, whole);
}

TEST(Split, AnyLengthAnyMtu) {
  std::mt19937 random(1);
  for (int i = 0; i < 2000; ++i) {
    auto mtu = static_cast<uint16_t>(i % 2 == 0 ? 68 + random() % 1000 : 1280 + random() % 4000);
    Frame whole = Datagram(mtu + random() % (mtu * 6u)).Build();
    ExpectPieces(whole, SplitOf(whole, mtu), mtu);
  }
}

TEST(Split, OneByteTooMuch) {
  for (uint16_t mtu = 1280; mtu < 1300; ++mtu) {
    Frame whole = Datagram(mtu - 27u).Build();
    std::vector<Frame> pieces = SplitOf(whole, mtu);
    EXPECT_EQ(pieces.size(), 2u);
    ExpectPieces(whole, pieces, mtu);
  }
}

TEST(Split, FragmentsKeepTheirPlaceAndWhetherOthersFollow) {
  for (auto [first, end, more] : {std::tuple{0u, 1480u, true}, {1480u, 2960u, true}, {2960u, 4400u, false}}) {
    Frame fragment = Datagram(4392).FragmentId(77).Fragment(first, end).Build();
    std::vector<Frame> pieces = SplitOf(fragment, 576);
    ExpectPieces(fragment, pieces, 576);
    EXPECT_EQ(test::Dissect(pieces.front())->fragment_first, first);
    EXPECT_EQ(test::Dissect(pieces.back())->more_fragments, more);
    EXPECT_EQ(test::Dissect(pieces.back())->fragment_id, 77u);
  }
}

}  // namespace
}  // namespace cfr
