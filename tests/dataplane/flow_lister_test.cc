// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/flow_lister.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <set>
#include <string>

#include "absl/strings/str_cat.h"
#include "tests/support/dissection.h"
#include "tests/support/plain_config.h"
#include "tests/support/relay.h"

namespace cfr {
namespace {

using test::Dissect;
using test::PacketBuilder;
using test::Relay;
using test::RelayOptions;
using test::operator""_ip;
using test::operator""_net;

constexpr int kUnbounded = 1 << 20;

FlowQueryBody Everything(uint32_t query = 7) {
  return {.cursor = 0, .query = query, .rows_max = 1024, .subscriber = {}, .protocol = 0, .unit = kAllUnits};
}

class FlowListerTest : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_EQ(relay_.Apply(test::PlainConfig()), AckStatus::kOk);
    relay_.AdvanceEpoch();
    relay_.RenewLease(100'000);
  }
  // Opens a flow and gives what the core sees of it.
  test::Dissection Open(const Address& from, uint16_t port, PacketBuilder builder = PacketBuilder().Udp()) {
    const Address to = from.family == Family::kV4 ? "198.51.100.5"_ip : "2001:db8:e::5"_ip;
    auto outcome = relay_.Send(Side::kAccess, builder.From(from, port).To(to, 443).Build());
    EXPECT_EQ(outcome.kind, test::Outcome::Kind::kSent);
    return *Dissect(outcome.frame);
  }
  void OpenMany(uint16_t count) {
    for (uint16_t n = 0; n < count; ++n)
      Open(n % 3 == 0 ? "2001:db8:c1::1"_ip : "100.64.0.1"_ip, static_cast<uint16_t>(5000 + n));
  }

  struct Listing {
    std::vector<FlowRowBody> rows;
    std::vector<FlowEndBody> ends;
  };
  // Everything on the event ring.
  void Take(Listing* listing) {
    for (Message m; control_.Pop(&m) == RingResult::kOk;) {
      if (m.kind == MessageKind::kFlowRow)
        listing->rows.push_back(m.flow_row);
      else if (m.kind == MessageKind::kFlowEnd)
        listing->ends.push_back(m.flow_end);
      else
        ADD_FAILURE() << "kind " << static_cast<int>(m.kind);
    }
  }
  void Step(int budget = kUnbounded) { lister_.Step(relay_.pipeline(0), events_, budget, relay_.now_ms()); }
  Listing Ask(const FlowQueryBody& query) {
    Listing listing;
    lister_.Begin(query);
    Step();
    Take(&listing);
    return listing;
  }
  // Follows the cursor to the end.
  std::vector<FlowRowBody> AskAll(FlowQueryBody query) {
    std::vector<FlowRowBody> rows;
    for (int page = 0; page < 10'000; ++page) {
      Listing listing = Ask(query);
      rows.insert(rows.end(), listing.rows.begin(), listing.rows.end());
      if (listing.ends.size() != 1) break;
      EXPECT_EQ(listing.ends[0].rows, listing.rows.size());
      EXPECT_LE(listing.rows.size(), query.rows_max);
      query.cursor = listing.ends[0].cursor;
      if (query.cursor == 0) return rows;
    }
    ADD_FAILURE() << "the listing has no end";
    return rows;
  }
  static std::set<std::string> Names(const std::vector<FlowRowBody>& rows) {
    std::set<std::string> names;
    for (const FlowRowBody& row : rows)
      EXPECT_TRUE(names.insert(absl::StrCat(row.family, "/", row.protocol, "/", row.subscriber_port)).second)
          << "twice";
    return names;
  }

  Relay relay_{RelayOptions{}};
  std::unique_ptr<SharedRing> ring_ = std::make_unique<SharedRing>();
  RingProducer events_{ring_.get()};
  RingConsumer control_{ring_.get()};
  FlowLister lister_;
};

TEST_F(FlowListerTest, ARowSaysWhatTheFlowIs) {
  auto udp = Open("100.64.0.9"_ip, 5000);
  relay_.Wait(1500);
  auto syn = Open("2001:db8:c1::9"_ip, 6000, PacketBuilder().Tcp(0x02, 1));
  relay_.Wait(500);
  const Listing listing = Ask(Everything(0x1234));
  ASSERT_EQ(listing.rows.size(), 2u);
  const FlowRowBody &first = listing.rows[0], &second = listing.rows[1];
  EXPECT_EQ(Address::FromV4(first.subscriber), "100.64.0.9"_ip);
  EXPECT_EQ(Address::FromV4(first.remote), "198.51.100.5"_ip);
  EXPECT_EQ(first.subscriber_port, 5000);
  EXPECT_EQ(first.remote_port, 443);
  EXPECT_EQ(first.alias_port, udp.source_port);
  EXPECT_EQ(relay_.snapshot()->units[first.unit].address, udp.source);
  EXPECT_EQ(first.family, 4);
  EXPECT_EQ(first.protocol, 17);
  EXPECT_STREQ(kFlowStateNames[first.state], "udp_oneway");
  EXPECT_EQ(first.query, 0x34) << "the low bits of the query";
  EXPECT_EQ(first.idle_ms, 2000u);
  EXPECT_EQ(first.packets_out, 1u);
  EXPECT_EQ(first.packets_in, 0u);
  EXPECT_EQ(Address::FromV6(second.subscriber), "2001:db8:c1::9"_ip);
  EXPECT_EQ(second.alias_port, syn.source_port);
  EXPECT_EQ(second.family, 6);
  EXPECT_EQ(second.protocol, 6);
  EXPECT_STREQ(kFlowStateNames[second.state], "tcp_init");
  EXPECT_EQ(second.idle_ms, 500u);
  ASSERT_EQ(listing.ends.size(), 1u);
  EXPECT_EQ(listing.ends[0].query, 0x1234u);
  EXPECT_EQ(listing.ends[0].rows, 2u);
  EXPECT_EQ(listing.ends[0].cursor, 0u);
}

TEST_F(FlowListerTest, NoFlowsAnEmptyListing) {
  const Listing listing = Ask(Everything());
  EXPECT_TRUE(listing.rows.empty());
  ASSERT_EQ(listing.ends.size(), 1u);
  EXPECT_EQ(listing.ends[0].cursor, 0u);
  Step();
  Listing after;
  Take(&after);
  EXPECT_TRUE(after.ends.empty()) << "answered once";
}

TEST_F(FlowListerTest, Filters) {
  auto one = Open("100.64.0.1"_ip, 5000);
  Open("100.64.0.2"_ip, 5001);
  Open("100.64.1.1"_ip, 5002, PacketBuilder().Tcp(0x02, 1));
  Open("2001:db8:c1::1"_ip, 5003);
  Open("2001:db8:c1:100::1"_ip, 5004, PacketBuilder().EchoRequest(5004));
  auto count = [&](auto change) {
    FlowQueryBody query = Everything();
    change(query);
    return AskAll(query).size();
  };
  EXPECT_EQ(count([](auto&) {}), 5u);
  EXPECT_EQ(count([](auto& q) { q.protocol = 17; }), 3u);
  EXPECT_EQ(count([](auto& q) { q.protocol = 58; }), 1u);
  EXPECT_EQ(count([](auto& q) { q.protocol = 1; }), 0u);
  EXPECT_EQ(count([](auto& q) { q.subscriber = ToWire("100.64.0.0/24"_net); }), 2u);
  EXPECT_EQ(count([](auto& q) { q.subscriber = ToWire("100.64.0.2"_ip); }), 1u);
  EXPECT_EQ(count([](auto& q) { q.subscriber = ToWire("2001:db8:c1::/56"_net); }), 1u);
  EXPECT_EQ(count([](auto& q) { q.subscriber = ToWire("0.0.0.0/0"_net); }), 3u) << "of one family";
  EXPECT_EQ(count([](auto& q) { q.subscriber = ToWire("100.64.0.0/24"_net), q.protocol = 6; }), 0u);
  size_t of_unit = 0, of_all_units = 0;
  for (UnitIndex i = 0; i < kUnitsMax; ++i) {
    const size_t rows = count([&](auto& q) { q.unit = i; });
    of_all_units += rows;
    if (relay_.snapshot()->units[i].address == one.source) of_unit = rows;
  }
  EXPECT_GE(of_unit, 1u);
  EXPECT_EQ(of_all_units, 5u);
}

TEST_F(FlowListerTest, PagesHoldEveryFlowOnce) {
  OpenMany(200);
  const auto all = Names(AskAll(Everything()));
  ASSERT_EQ(all.size(), 200u);
  for (uint32_t rows_max : {1u, 7u, 133u, 134u, 199u, 200u, 201u}) {
    FlowQueryBody query = Everything();
    query.rows_max = rows_max;
    EXPECT_EQ(Names(AskAll(query)), all) << rows_max;
  }
}

TEST_F(FlowListerTest, ARoundScansNoMoreThanItsBudget) {
  OpenMany(200);
  lister_.Begin(Everything());
  Listing listing;
  int rounds = 0;
  for (; listing.ends.empty() && rounds < 1000; ++rounds) {
    const size_t before = listing.rows.size();
    Step(10);
    Take(&listing);
    EXPECT_LE(listing.rows.size() - before, 10u);
  }
  EXPECT_EQ(listing.rows.size(), 200u);
  EXPECT_GE(rounds, 20);
  EXPECT_LE(rounds, 22);
}

TEST_F(FlowListerTest, AFullRingHoldsTheListingUp) {
  OpenMany(100);
  const uint32_t room = 30;
  const Message filler = MakeMessage(MessageKind::kAck);
  for (uint32_t n = 0; n < kRingSlots - room; ++n) ASSERT_EQ(events_.Push(filler), RingResult::kOk);
  lister_.Begin(Everything());
  Step();
  Message m;
  for (uint32_t n = 0; n < kRingSlots - room; ++n) ASSERT_EQ(control_.Pop(&m), RingResult::kOk);
  Listing listing;
  Take(&listing);
  EXPECT_EQ(listing.rows.size(), room);
  Step();
  Take(&listing);
  EXPECT_EQ(Names(listing.rows).size(), 100u);
  EXPECT_EQ(listing.ends.size(), 1u);
}

// The end alone finds no room: it comes later, and once.
TEST_F(FlowListerTest, AFullRingHoldsTheEndUp) {
  OpenMany(10);
  const Message filler = MakeMessage(MessageKind::kAck);
  for (uint32_t n = 0; n < kRingSlots - 10; ++n) ASSERT_EQ(events_.Push(filler), RingResult::kOk);
  lister_.Begin(Everything());
  Step();
  Step();
  Message m;
  for (uint32_t n = 0; n < kRingSlots - 10; ++n) ASSERT_EQ(control_.Pop(&m), RingResult::kOk);
  for (int n = 0; n < 3; ++n) Step();
  Listing listing;
  Take(&listing);
  EXPECT_EQ(listing.rows.size(), 10u);
  ASSERT_EQ(listing.ends.size(), 1u);
  EXPECT_EQ(listing.ends[0].rows, 10u);
}

// Flows close and open between the pages: some may be missed, none comes twice, and those that live all
// the time are all there.
TEST_F(FlowListerTest, FlowsThatComeAndGoMeanwhile) {
  OpenMany(60);
  relay_.Wait(60'000);
  for (uint16_t n = 60; n < 120; ++n) Open("100.64.0.1"_ip, static_cast<uint16_t>(5000 + n));
  FlowQueryBody query = Everything();
  query.rows_max = 10;
  std::vector<FlowRowBody> rows;
  uint16_t next = 9000;
  do {
    Listing listing = Ask(query);
    ASSERT_EQ(listing.ends.size(), 1u);
    rows.insert(rows.end(), listing.rows.begin(), listing.rows.end());
    query.cursor = listing.ends[0].cursor;
    relay_.Wait(8'000);  // the first sixty end on the way
    relay_.RenewLease(100'000);
    if (next < 9008) Open("100.64.0.1"_ip, next++);
  } while (query.cursor != 0);
  const auto names = Names(rows);
  for (int n = 60; n < 120; ++n) EXPECT_TRUE(names.contains(absl::StrCat("4/17/", 5000 + n))) << n;
}

TEST_F(FlowListerTest, QuarantinedFlowsAreNobodysAndNotListed) {
  Open("100.64.0.1"_ip, 5000);
  relay_.Wait(121'000);
  EXPECT_EQ(relay_.Quarantined(Family::kV4), 1u);
  EXPECT_TRUE(AskAll(Everything()).empty());
}

TEST_F(FlowListerTest, MalformedQueriesAreNotAnswered) {
  OpenMany(5);
  const std::pair<const char*, void (*)(FlowQueryBody&)> rows[] = {
      {"no rows", [](auto& q) { q.rows_max = 0; }},
      {"too many rows", [](auto& q) { q.rows_max = 1025; }},
      {"cursor of a third family", [](auto& q) { q.cursor = uint64_t{2} << 32; }},
      {"cursor far beyond", [](auto& q) { q.cursor = ~uint64_t{0}; }},
      {"subscriber of family 5", [](auto& q) { q.subscriber.family = 5; }},
      {"subscriber with host bits",
       [](auto& q) {
         q.subscriber = ToWire(Prefix{"100.64.0.1"_ip, 24});
       }},
      {"subscriber of length 33",
       [](auto& q) { q.subscriber = ToWire("100.64.0.0/24"_net), q.subscriber.length = 33; }},
  };
  for (const auto& [what, spoil] : rows) {
    FlowQueryBody query = Everything();
    spoil(query);
    const Listing listing = Ask(query);
    EXPECT_TRUE(listing.rows.empty() && listing.ends.empty()) << what;
  }
}

TEST_F(FlowListerTest, CursorsBeyondTheTableFindNothing) {
  OpenMany(5);
  for (uint64_t cursor :
       {uint64_t{100}, uint64_t{0xffffffff}, uint64_t{1} << 32, (uint64_t{1} << 32) + 0xffffffff}) {
    FlowQueryBody query = Everything();
    query.cursor = cursor;
    const Listing listing = Ask(query);
    ASSERT_EQ(listing.ends.size(), 1u) << cursor;
    EXPECT_EQ(listing.ends[0].cursor, 0u) << cursor;
    for (const FlowRowBody& row : listing.rows) EXPECT_EQ(row.family, 6) << cursor;
  }
}

TEST_F(FlowListerTest, ANewQueryReplacesTheOneBefore) {
  OpenMany(50);
  lister_.Begin(Everything(1));
  Step(10);
  Listing former;
  Take(&former);
  EXPECT_EQ(former.rows.size(), 10u);
  const Listing listing = Ask(Everything(2));
  EXPECT_EQ(listing.rows.size(), 50u);
  ASSERT_EQ(listing.ends.size(), 1u);
  EXPECT_EQ(listing.ends[0].query, 2u);
  lister_.Begin(Everything(3));
  FlowQueryBody malformed = Everything(4);
  malformed.rows_max = 0;
  EXPECT_TRUE(Ask(malformed).ends.empty()) << "a malformed one, too";
}

}  // namespace
}  // namespace cfr
