// SPDX-License-Identifier: BSD-3-Clause
// Datagrams in any cut and order through a whole relay of one and of four workers, and floods of fragments
// beside traffic that must not suffer. The relay's inspector puts everything together again and compares.
#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "common/config.h"
#include "tests/support/dissection.h"
#include "tests/support/plain_config.h"
#include "tests/support/relay.h"

namespace cfr::test {
namespace {

using Kind = Outcome::Kind;

class Bed {
 public:
  Bed(Family family, RelayOptions options, uint32_t seed) : family_(family), relay_(options), random_(seed) {
    Config config = PlainConfig();
    config.settings.Set(Setting::kFragmentsPerDatagram, 64);
    config.settings.Set(Setting::kFragmentsPerSender, 1000);
    EXPECT_EQ(relay_.Apply(config), AckStatus::kOk);
    relay_.AdvanceEpoch();
    relay_.RenewLease(1'000'000);
  }
  Relay& relay() { return relay_; }
  uint32_t Below(uint32_t bound) { return static_cast<uint32_t>(random_() % bound); }
  template <class List>
  void Shuffle(List* list) {
    std::shuffle(list->begin(), list->end(), random_);
  }

  Address Subscriber(uint32_t n) const {
    Address a = *ParseAddress(family_ == Family::kV4 ? "100.64.0.9" : "2001:db8:c1::9");
    (family_ == Family::kV4 ? a.bytes[2] : a.bytes[6]) = static_cast<uint8_t>(n);
    return a;
  }
  Address Remote(uint32_t n) const {
    Address a = *ParseAddress(family_ == Family::kV4 ? "198.51.100.1" : "2001:db8:5::1");
    (family_ == Family::kV4 ? a.bytes[3] : a.bytes[15]) = static_cast<uint8_t>(1 + n);
    return a;
  }
  PacketBuilder Datagram(const Address& from, uint16_t from_port, const Address& to, uint16_t to_port,
                         size_t payload, uint32_t id) const {
    return PacketBuilder().From(from, from_port).To(to, to_port).Udp().Payload(payload).FragmentId(id);
  }
  // Eight bytes from somewhere inside a datagram.
  Frame Later(const Address& from, const Address& to, uint32_t id) {
    const uint32_t first = 8 * (1 + Below(8000));
    PacketBuilder b = PacketBuilder().From(from).To(to).Protocol(17).Payload(8).FragmentId(id);
    if (family_ == Family::kV4) return b.Ipv4Fragment(static_cast<uint16_t>(0x2000 | first / 8)).Build();
    auto byte = [](uint32_t word, int shift) { return static_cast<uint8_t>(word >> shift); };
    return b
        .Ipv6Extension(44, {0, byte(first | 1, 8), byte(first | 1, 0), byte(id, 24), byte(id, 16),
                            byte(id, 8), byte(id, 0)})
        .Build();
  }
  // Fragments of at most 1448 bytes, cut anywhere.
  std::vector<Frame> Cut(PacketBuilder datagram, size_t payload) {
    std::vector<Frame> frames;
    const size_t end = payload + 8;
    for (size_t first = 0; first < end;) {
      size_t next = first + 8 * (1 + Below(181));
      frames.push_back(datagram.Fragment(first, next < end ? std::optional(next) : std::nullopt).Build());
      first = next;
    }
    return frames;
  }
  Outcome Send(Side side, const Frame& frame) {
    return relay_.Send(side, Readdressed(side, frame),
                       static_cast<int>(Below(static_cast<uint32_t>(relay_.workers()))));
  }
  static Frame Readdressed(Side side, Frame frame) {
    std::copy_n(Relay::kPortMac[static_cast<int>(side)].begin(), 6, frame.begin());
    return frame;
  }
  uint64_t Sum(Counter c) const {
    return relay_.Total(Direction::kOutbound, c) + relay_.Total(Direction::kInbound, c);
  }
  uint64_t Drops(DropReason r) const {
    return relay_.Total(Direction::kOutbound, r) + relay_.Total(Direction::kInbound, r);
  }
  void ExpectNothingWrong() {
    ASSERT_TRUE(relay_.violations().empty()) << relay_.violations().size() << "\n" << relay_.violations()[0];
  }
  uint32_t Held() const {
    uint32_t held = 0;
    for (int w = 0; w < relay_.workers(); ++w) held += relay_.pipeline(w).fragments().held();
    return held;
  }

 private:
  const Family family_;
  Relay relay_;
  std::mt19937 random_;
};

class Gather : public testing::TestWithParam<std::tuple<Family, int>> {
 protected:
  Family family() const { return std::get<0>(GetParam()); }
  RelayOptions Options() const {
    RelayOptions options;
    options.workers = std::get<1>(GetParam());
    return options;
  }
};

INSTANTIATE_TEST_SUITE_P(All, Gather,
                         testing::Combine(testing::Values(Family::kV4, Family::kV6), testing::Values(1, 4)));

TEST_P(Gather, AnyCutAnyOrderWithRepetitions) {
  Bed bed(family(), Options(), 1);
  struct Piece {
    Frame frame;
    bool repeated;
  };
  uint64_t sent = 0, repeated = 0;
  for (uint32_t round = 0; round < 60; ++round) {
    std::vector<Piece> pieces;
    for (uint32_t n = 0; n < 4; ++n) {  // four subscribers, the same id
      const size_t payload = 9 + bed.Below(6000);
      auto frames =
          bed.Cut(bed.Datagram(bed.Subscriber(n), 5000, bed.Remote(round % 3), 443, payload, round), payload);
      if (frames.size() == 1) continue;
      for (const Frame& frame : frames) pieces.push_back({frame, false});
      for (const Frame& frame : frames)
        if (bed.Below(5) == 0) pieces.push_back({frame, true});
    }
    bed.Shuffle(&pieces);
    for (const Piece& piece : pieces) {
      bed.Send(Side::kAccess, piece.frame);
      ++(piece.repeated ? repeated : sent);
    }
    bed.ExpectNothingWrong();
    if (HasFatalFailure()) return;
  }
  EXPECT_EQ(bed.Held(), 0u);
  EXPECT_EQ(bed.Sum(Counter::kSent), sent);
  EXPECT_EQ(bed.Drops(DropReason::kFragmentDuplicate), repeated);
  EXPECT_GT(repeated, 100u);
}

TEST_P(Gather, AnswersInAnyOrder) {
  Bed bed(family(), Options(), 2);
  uint64_t expected = 0;
  for (uint32_t n = 0; n < 40; ++n) {
    Outcome out =
        bed.Send(Side::kAccess, bed.Datagram(bed.Subscriber(n), 5000, bed.Remote(0), 443, 10, 0).Build());
    ASSERT_EQ(out.kind, Kind::kSent);
    auto alias = Dissect(out.frame);
    const size_t payload = 3000 + bed.Below(3000);
    auto frames =
        bed.Cut(bed.Datagram(bed.Remote(0), 443, alias->source, alias->source_port, payload, n), payload);
    bed.Shuffle(&frames);
    for (const Frame& frame : frames) bed.Send(Side::kCore, frame);
    expected += frames.size();
    bed.ExpectNothingWrong();
    if (HasFatalFailure()) return;
  }
  EXPECT_EQ(bed.relay().Total(Direction::kInbound, Counter::kSent), expected);
}

TEST_P(Gather, OverlapsNeverLeaveTogether) {
  Bed bed(family(), Options(), 3);
  uint64_t poisoned = 0;
  for (uint32_t round = 0; round < 200; ++round) {
    auto datagram = bed.Datagram(bed.Subscriber(round % 4), 5000, bed.Remote(0), 443, 300, round);
    for (int n = 0; n < 8; ++n) {
      const size_t first = 8 * bed.Below(38), end = first + 8 * (1 + bed.Below(6));
      bed.Send(Side::kAccess, datagram.Fragment(first, end).Build());
    }
    bed.ExpectNothingWrong();
    if (HasFatalFailure()) return;
    bed.relay().Wait(100);
  }
  poisoned = bed.Drops(DropReason::kFragmentOverlap);
  EXPECT_GT(poisoned, 500u);
  bed.relay().Wait(200'000);
  EXPECT_EQ(bed.Held(), 0u);
  bed.ExpectNothingWrong();
}

// Fragments without a first one, from a subscriber and from the core: they may take all the room there is
// for waiting, and no other packet notices.
TEST_P(Gather, AFloodWithoutFirstsHurtsNobodyElse) {
  RelayOptions options = Options();
  options.datagrams = 64;
  options.fragments_held = 32;
  Bed bed(family(), options, 4);
  Outcome open =
      bed.Send(Side::kAccess, bed.Datagram(bed.Subscriber(1), 5000, bed.Remote(0), 443, 10, 0).Build());
  auto alias = Dissect(open.frame);
  int whole = 0, in_order = 0;
  for (uint32_t n = 0; n < 2000; ++n) {
    Outcome flood = bed.Send(Side::kAccess, bed.Later(bed.Subscriber(200), bed.Remote(0), 1000 + n));
    EXPECT_NE(flood.kind, Kind::kSent);
    flood = bed.Send(Side::kCore, bed.Later(bed.Remote(bed.Below(200)), alias->source, bed.Below(1u << 16)));
    EXPECT_NE(flood.kind, Kind::kSent);
    whole += bed.Send(Side::kAccess, bed.Datagram(bed.Subscriber(1), 5000, bed.Remote(0), 443, 10, 0).Build())
                 .kind == Kind::kSent;
    auto frames = bed.Cut(bed.Datagram(bed.Subscriber(2), 5000, bed.Remote(0), 443, 1600, n), 1600);
    in_order += std::all_of(frames.begin(), frames.end(), [&](const Frame& frame) {
      return bed.Send(Side::kAccess, frame).kind == Kind::kSent;
    });
    ASSERT_LE(bed.Held(), 32u * static_cast<uint32_t>(options.workers));
  }
  EXPECT_EQ(whole, 2000);
  EXPECT_EQ(in_order, 2000);
  EXPECT_GT(bed.Drops(DropReason::kFragmentTableFull), 1000u);
  bed.relay().Wait(3000);
  EXPECT_EQ(bed.Held(), 0u);
  bed.ExpectNothingWrong();
}

// First fragments with ever new ids fill the table; those of others must only come soon after their first.
TEST_P(Gather, AFloodOfFirstsHurtsNobodyElse) {
  RelayOptions options = Options();
  options.datagrams = 64;
  Bed bed(family(), options, 5);
  int in_order = 0;
  for (uint32_t n = 0; n < 2000; ++n) {
    for (uint32_t i = 0; i < 4; ++i)
      bed.Send(
          Side::kAccess,
          bed.Datagram(bed.Subscriber(200), 1, bed.Remote(0), 1, 100, 4 * n + i).Fragment(0, 64).Build());
    auto frames = bed.Cut(bed.Datagram(bed.Subscriber(2), 5000, bed.Remote(0), 443, 1600, n), 1600);
    in_order += std::all_of(frames.begin(), frames.end(), [&](const Frame& frame) {
      return bed.Send(Side::kAccess, frame).kind == Kind::kSent;
    });
  }
  EXPECT_EQ(in_order, 2000);
  bed.ExpectNothingWrong();
}

// The next hop was unknown to the first fragment and is known to the second, which comes before the main
// lcore gives the first one back.
TEST(GatherIds, FirstFragmentThatWaitedForItsStation) {
  for (Family family : {Family::kV4, Family::kV6}) {
    SCOPED_TRACE(Name(family));
    Bed bed(family, {}, 6);
    World unknown = bed.relay().world();
    unknown.hops = std::make_shared<const NextHops>(*unknown.snapshot, std::vector<ResolvedNeighbour>{}, 0);
    auto frames = bed.Cut(bed.Datagram(bed.Subscriber(2), 5000, bed.Remote(0), 443, 1600, 7), 1600);
    std::vector<Packet> packets;
    for (Frame& frame : frames) {
      frame = Bed::Readdressed(Side::kAccess, frame);
      Packet p;
      p.data = frame.data();
      p.length = static_cast<uint16_t>(frame.size());
      packets.push_back(p);
    }
    auto process = [&](Packet& p, Origin origin, const World& world) {
      const Resolution known = p.resolution();
      Packet fresh;
      fresh.data = p.data;
      fresh.length = p.length;
      p = fresh;
      if (origin == Origin::kHandoff) p.Resume(known);
      bed.relay().pipeline(0).Process(Direction::kOutbound, origin, {&p, 1}, world, bed.relay().now_ms());
    };
    process(packets[0], Origin::kPort, unknown);
    ASSERT_EQ(packets[0].verdict, Verdict::kConsume);
    process(packets[1], Origin::kPort, bed.relay().world());
    ASSERT_EQ(packets[1].verdict, Verdict::kForward);
    process(packets[0], Origin::kHandoff, bed.relay().world());
    ASSERT_EQ(packets[0].verdict, Verdict::kForward);
    EXPECT_EQ(Dissect(frames[0])->fragment_id, Dissect(frames[1])->fragment_id);
  }
}

}  // namespace
}  // namespace cfr::test
