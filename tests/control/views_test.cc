// SPDX-License-Identifier: BSD-3-Clause
#include "control/views.h"

#include <cstring>

#include "tests/control/control_rig.h"

namespace cfr {
namespace {

class ViewsTest : public test::ControlRig {
 protected:
  DataplanePage& page() { return double_->page(); }
};

TEST_F(ViewsTest, PoolsAreThoseOfTheFileThenThoseThatStillDrain) {
  SetFlows("milan", 1);
  Config next = node_.config();
  next.subscribers.erase(next.subscribers.begin());
  next.pools.erase(next.pools.begin());
  Ask("config apply", {{"config", WriteConfig(next)}});
  Json pools = PoolsView(node_, now_ms_);
  ASSERT_EQ(pools.size(), 3u);
  EXPECT_EQ(pools[0]["name"], "milan6");
  EXPECT_EQ(pools[0]["deleted"], false);
  EXPECT_EQ(pools[1]["name"], "rome");
  EXPECT_EQ(pools[1]["units"].size(), 0u);
  EXPECT_EQ(pools[2]["name"], "milan");
  EXPECT_EQ(pools[2]["deleted"], true);
  EXPECT_EQ(pools[2]["region"], "IT-25");
  EXPECT_EQ(pools[2]["family"], "ipv4");
  EXPECT_EQ(pools[2]["flows"], 8);
  EXPECT_EQ(pools[2]["prefixes"].size(), 4u);
}

TEST_F(ViewsTest, APoolShowsItsUnits) {
  SetFlows("milan", 5);
  Json pool = PoolsView(node_, now_ms_)[0];
  ASSERT_EQ(pool["units"].size(), 4u);
  EXPECT_EQ(pool["units"][0],
            Json({{"index", 0}, {"address", Format(node_.assignments()[0].address)}, {"state", "active"}}));
  EXPECT_EQ(pool["prefixes"], Json({"203.0.113.0/28", "203.0.113.64/28"}));
  EXPECT_EQ(pool["flows"], 40);
  EXPECT_EQ(pool["alias_units"], 4);
  EXPECT_EQ(pool["port_mode"], "per_remote");
  EXPECT_EQ(pool["answer_neighbours"], false);
  for (const char* key : {"parent", "merged_into", "city"}) EXPECT_TRUE(pool[key].is_null()) << key;
}

TEST_F(ViewsTest, APoolShowsTheLifeOfItsPrefixes) {
  now_ms_ += 7000;
  Json lives = PoolsView(node_, now_ms_)[0]["prefix_states"];
  ASSERT_EQ(lives.size(), 2u);
  EXPECT_EQ(lives[0], Json({{"prefix", "203.0.113.0/28"}, {"state", "active"}, {"age_seconds", 8}}))
      << "the rig began a second before";
  SetFlows("milan", 1);
  Ask("pool drain", {{"name", "milan"}});
  lives = PoolsView(node_, now_ms_ + 2000)[0]["prefix_states"];
  int draining = 0;  // a prefix no unit was drawn from is retired at once
  for (const Json& life : lives) {
    EXPECT_EQ(life["age_seconds"], 2);
    draining += life["state"] == "draining" ? 1 : 0;
  }
  EXPECT_GE(draining, 1) << lives;
}

TEST_F(ViewsTest, TheGeofeedIsOfAllPools) {
  EXPECT_EQ(GeofeedView(node_.config()),
            Json({{"geofeed",
                   "# prefix,country,region,city,postal code: RFC 8805\n203.0.113.0/28,IT,IT-25,,\n"
                   "203.0.113.64/28,IT,IT-25,,\n203.0.113.128/28,IT,IT-62,,\n2001:db8:cf::/64,IT,IT-25,,\n"},
                  {"omitted", Json::array()}}));
}

TEST_F(ViewsTest, WorkersShowTheirOwnCounts) {
  CounterPage& worker = page().worker[1];
  worker.flows[0].Set(3);
  worker.quarantined[1].Set(4);
  worker.handoff_to[0].Set(5);
  worker.Count(Direction::kOutbound, Counter::kReceived, 10);
  worker.Count(Direction::kInbound, Counter::kHandoffIn, 2);
  Json workers = WorkersView(page());
  ASSERT_EQ(workers.size(), 2u);
  EXPECT_EQ(workers[0]["received"], 0);
  EXPECT_EQ(workers[1]["flows"], Json({{"ipv4", 3}, {"ipv6", 0}}));
  EXPECT_EQ(workers[1]["quarantined"], Json({{"ipv4", 0}, {"ipv6", 4}}));
  EXPECT_EQ(workers[1]["received"], 10);
  EXPECT_EQ(workers[1]["handoff_in"], 2);
  EXPECT_EQ(workers[1]["handoff_to"], Json({{"0", 5}, {"1", 0}}));
  EXPECT_EQ(workers[1]["accounting_mismatch"], Json({{"outbound", 10}, {"inbound", 2}}));
}

TEST_F(ViewsTest, PortsShowTheirDrivers) {
  PortStatus& port = page().port[1];
  std::strcpy(port.device, "core0");
  std::memset(port.driver, 'd', sizeof port.driver);  // no terminator
  const uint8_t mac[] = {2, 0, 0, 0xab, 0xcd, 0xef};
  std::memcpy(port.mac, mac, sizeof mac);
  port.mtu = 1500;
  port.link_up.store(1);
  port.sent.Set(9);
  page().neighbours[1].Set(2);
  Json ports = PortsView(page());
  ASSERT_EQ(ports.size(), 2u);
  EXPECT_EQ(ports[0]["side"], "access");
  EXPECT_EQ(ports[0]["link_up"], false);
  EXPECT_EQ(ports[1]["device"], "core0");
  EXPECT_EQ(ports[1]["driver"], std::string(sizeof port.driver, 'd'));
  EXPECT_EQ(ports[1]["mac"], "02:00:00:ab:cd:ef");
  EXPECT_EQ(ports[1]["link_up"], true);
  EXPECT_EQ(ports[1]["sent"], 9);
  EXPECT_EQ(ports[1]["neighbours"], 2);
}

TEST_F(ViewsTest, CountersAreSummedOrOfOneWorker) {
  page().worker[0].Count(Direction::kOutbound, Counter::kSent, 1);
  page().worker[1].Count(Direction::kOutbound, Counter::kSent, 2);
  page().worker[1].Count(Direction::kInbound, DropReason::kNoSnapshot, 4);
  page().main.Count(Direction::kInbound, DropReason::kNoSnapshot, 8);
  page().main.Count(Direction::kOutbound, Counter::kMade, 16);
  Json total = CountersView(page(), false, -1);
  EXPECT_EQ(total["outbound"], Json({{"counters", {{"sent", 3}, {"made", 16}}}, {"drops", Json::object()}}));
  EXPECT_EQ(total["inbound"], Json({{"counters", {{"made", 0}}}, {"drops", {{"no_snapshot", 12}}}}));
  EXPECT_EQ(CountersView(page(), false, 1)["inbound"]["drops"], Json({{"no_snapshot", 4}}));
  EXPECT_EQ(CountersView(page(), false, 0)["outbound"]["counters"], Json({{"sent", 1}}));
  Json all = CountersView(page(), true, -1);
  EXPECT_EQ(all["inbound"]["drops"].size(), static_cast<size_t>(kDropReasonCount));
  EXPECT_EQ(all["inbound"]["counters"].size(), static_cast<size_t>(kCounterCount));
}

TEST_F(ViewsTest, FlowStatsAddUp) {
  page().worker[0].flows[0].Set(5);
  page().worker[1].flows[0].Set(7);
  page().worker[1].Count(Direction::kOutbound, Counter::kOpenedUdp, 6);
  page().worker[0].Count(Direction::kOutbound, Counter::kClosed, 1);
  Json stats = FlowStatsView(page());
  EXPECT_EQ(stats["ipv4"], Json({{"flows", 12}, {"quarantined", 0}, {"capacity", 2 * 262144}}));
  EXPECT_EQ(stats["opened"], Json({{"tcp", 0}, {"udp", 6}, {"icmp", 0}}));
  EXPECT_EQ(stats["closed"], 1);
}

// The page is another process's memory: its numbers are no bounds of ours.
TEST_F(ViewsTest, APageThatLiesAboutItsWorkersIsReadInsideItself) {
  page().workers = 65535;
  EXPECT_EQ(WorkersView(page()).size(), static_cast<size_t>(kWorkersMax));
  CountersView(page(), true, -1);
}

}  // namespace
}  // namespace cfr
