// SPDX-License-Identifier: BSD-3-Clause
#include "control/flow_listing.h"

#include <algorithm>

#include "tests/control/control_rig.h"

namespace cfr {
namespace {

class FlowListingTest : public test::ControlRig {
 protected:
  void List(const Json& args = Json::object()) {
    Start("flow list", args);
    Step();
  }
  // The query worker `w` got; fails if there is none.
  FlowQueryBody Query(int w) {
    auto query = double_->TakeQuery(w);
    EXPECT_TRUE(query.has_value()) << "worker " << w << " was not asked";
    return query.value_or(FlowQueryBody{});
  }
  void Row(int w, uint32_t query, UnitIndex unit = 0, uint8_t protocol = 6) {
    Message m = MakeMessage(MessageKind::kFlowRow);
    m.flow_row = {{10, 10, 0, 7},
                  {198, 18, 0, 1},
                  40000,
                  443,
                  2000,
                  unit,
                  4,
                  protocol,
                  7,  // tcp_established
                  static_cast<uint8_t>(query),
                  1500,
                  12,
                  34};
    double_->Say(w, m);
  }
  void End(int w, uint32_t query, uint64_t cursor = 0) {
    Message m = MakeMessage(MessageKind::kFlowEnd);
    m.flow_end = {cursor, query, 0};
    double_->Say(w, m);
  }
  Json Listed() {
    for (int i = 0; i < 5 && !answer_.has_value(); ++i) Step();
    EXPECT_TRUE(answer_.has_value());
    return answer_.has_value() && std::holds_alternative<Json>(*answer_) ? std::get<Json>(*answer_) : Json();
  }
};

TEST_F(FlowListingTest, AsksOneWorkerAfterTheOther) {
  List();
  FlowQueryBody first = Query(0);
  EXPECT_EQ(first.cursor, 0u);
  EXPECT_EQ(first.rows_max, 100u);
  EXPECT_EQ(first.subscriber.family, 0);
  EXPECT_EQ(first.protocol, 0);
  EXPECT_EQ(first.unit, kAllUnits);
  EXPECT_FALSE(double_->TakeQuery(1).has_value());
  Row(0, first.query);
  End(0, first.query);
  Step();
  Step();
  FlowQueryBody second = Query(1);
  EXPECT_EQ(second.rows_max, 99u);
  End(1, second.query);
  Json listed = Listed();
  EXPECT_EQ(listed["truncated"], false);
  ASSERT_EQ(listed["flows"].size(), 1u);
  EXPECT_EQ(listed["flows"][0],
            Json({{"worker", 0},
                  {"family", "ipv4"},
                  {"protocol", "tcp"},
                  {"state", "tcp_established"},
                  {"subscriber", {{"address", "10.10.0.7"}, {"port", 40000}}},
                  {"alias", {{"address", Format(node_.assignments()[0].address)}, {"port", 2000}}},
                  {"remote", {{"address", "198.18.0.1"}, {"port", 443}}},
                  {"pool", "milan"},
                  {"idle_seconds", 1.5},
                  {"packets", {{"outbound", 12}, {"inbound", 34}}}}));
}

TEST_F(FlowListingTest, FiltersGoToTheWorkers) {
  List({{"subscriber", "10.10.0.0/25"}, {"proto", "udp"}, {"limit", 3}});
  FlowQueryBody query = Query(0);
  Prefix prefix;
  EXPECT_TRUE(ReadPrefix(query.subscriber, false, &prefix));
  EXPECT_EQ(Format(prefix), "10.10.0.0/25");
  EXPECT_EQ(query.protocol, 17);
  EXPECT_EQ(query.rows_max, 3u);
}

TEST_F(FlowListingTest, AnAddressIsAPrefixOfOne) {
  List({{"subscriber", "2001:db8:1000::5"}});
  Prefix prefix;
  EXPECT_TRUE(ReadPrefix(Query(0).subscriber, false, &prefix));
  EXPECT_EQ(Format(prefix), "2001:db8:1000::5/128");
}

TEST_F(FlowListingTest, ATableComesInPieces) {
  List({{"limit", 10000}});
  FlowQueryBody query = Query(0);
  EXPECT_EQ(query.rows_max, 512u);
  for (uint64_t cursor : {uint64_t{77}, uint64_t{88}, uint64_t{0}}) {
    Row(0, query.query);
    End(0, query.query, cursor);
    Step();
    Step();
    query = Query(cursor == 0 ? 1 : 0);
    EXPECT_EQ(query.cursor, cursor);
  }
  End(1, query.query);
  EXPECT_EQ(Listed()["flows"].size(), 3u);
}

TEST_F(FlowListingTest, EndsAtItsLimitAndSaysThereIsMore) {
  List({{"limit", 2}});
  FlowQueryBody query = Query(0);
  Row(0, query.query);
  Row(0, query.query);
  End(0, query.query, 5);
  Json listed = Listed();
  EXPECT_EQ(listed["flows"].size(), 2u);
  EXPECT_EQ(listed["truncated"], true);
}

TEST_F(FlowListingTest, AWorkerThatSaysTooMuchIsCutShort) {
  List({{"limit", 2}});
  FlowQueryBody query = Query(0);
  for (int i = 0; i < 50; ++i) Row(0, query.query);
  End(0, query.query);
  EXPECT_EQ(Listed()["flows"].size(), 2u);
}

TEST_F(FlowListingTest, OfAPoolOnlyUnitsWithFlowsAreAskedFor) {
  std::vector<UnitIndex> milan;
  for (const Assignment& a : node_.assignments())
    if (a.pool == "milan") milan.push_back(a.index);
  double_->page().worker[1].unit_flows[milan[2]].Set(1);
  List({{"pool", "milan"}});
  EXPECT_FALSE(double_->TakeQuery(0).has_value());
  FlowQueryBody query = Query(1);
  EXPECT_EQ(query.unit, milan[2]);
  Row(1, query.query, milan[2]);
  End(1, query.query);
  Json listed = Listed();
  EXPECT_EQ(listed["flows"].size(), 1u);
  EXPECT_EQ(listed["truncated"], false);
}

TEST_F(FlowListingTest, AnEmptyPoolNeedsNoWorker) {
  List({{"pool", "rome"}});
  EXPECT_EQ(Listed(), Json({{"flows", Json::array()}, {"truncated", false}}));
}

TEST_F(FlowListingTest, RowsOfAnotherQueryAndOfNoStateAreLeftOut) {
  List();
  FlowQueryBody query = Query(0);
  Row(0, query.query + 1);
  Message m = MakeMessage(MessageKind::kFlowRow);
  m.flow_row.query = static_cast<uint8_t>(query.query);
  m.flow_row.state = 200;
  double_->Say(0, m);
  End(0, query.query + 1);
  End(0, query.query);
  Step();
  Step();
  End(1, Query(1).query);
  EXPECT_TRUE(Listed()["flows"].empty());
}

TEST_F(FlowListingTest, AnUnknownUnitHasNoAddress) {
  List();
  FlowQueryBody query = Query(0);
  Row(0, query.query, 900);
  End(0, query.query);
  Step();
  Step();
  End(1, Query(1).query);
  Json row = Listed()["flows"][0];
  EXPECT_EQ(row["alias"]["address"], "");
  EXPECT_EQ(row["pool"], "");
}

TEST_F(FlowListingTest, ASilentWorkerIsNamedAtTheDeadline) {
  List();
  End(0, Query(0).query);
  Step();
  now_ms_ += FlowListing::kPatienceMs + 1;
  for (int i = 0; i < 3; ++i) Step();
  ASSERT_TRUE(answer_.has_value());
  EXPECT_EQ(std::get<Failure>(*answer_).code, ExitCode::kDeadline);
  EXPECT_EQ(std::get<Failure>(*answer_).message, "worker 1 did not answer in time");
}

TEST_F(FlowListingTest, WhatWasFoundByTheDeadlineIsGiven) {
  List();
  FlowQueryBody query = Query(0);
  Row(0, query.query);
  now_ms_ += FlowListing::kPatienceMs + 1;
  Json listed = Listed();
  EXPECT_EQ(listed["flows"].size(), 1u);
  EXPECT_EQ(listed["truncated"], true);
}

TEST_F(FlowListingTest, TheNextOneWaitsItsTurn) {
  std::vector<Answer> answers;
  for (int i = 0; i < 2; ++i) listing_.Start({}, now_ms_, [&](Answer a) { answers.push_back(std::move(a)); });
  for (size_t listing = 1; listing <= 2; ++listing) {
    for (int w = 0; w < workers_; ++w) {
      Step();
      End(w, Query(w).query);
      Step();
    }
    EXPECT_EQ(answers.size(), listing);
  }
}

TEST_F(FlowListingTest, ADataplaneThatGoesAwayEndsIt) {
  List();
  StopDataplane();
  ASSERT_TRUE(answer_.has_value());
  EXPECT_EQ(std::get<Failure>(*answer_).message, "the dataplane went away");
  StartDataplane();
  Turn();
  List();
  EXPECT_EQ(Query(0).cursor, 0u);
}

}  // namespace
}  // namespace cfr
