// SPDX-License-Identifier: BSD-3-Clause
#include "control/render.h"

#include <gtest/gtest.h>

#include "common/counters.h"

namespace cfr {
namespace {

TEST(Table, NumbersStandToTheRightAndNoLineEndsInBlanks) {
  EXPECT_EQ(Table({{"name", "count", "text"}, {"a", "5", "x"}, {"longer", "12345", ""}, {"c", "-", "y"}}),
            "name    count  text\n"
            "a           5  x\n"
            "longer  12345\n"
            "c           -  y\n");
}

TEST(Table, RowsMayBeShorterAndThereMayBeNone) {
  EXPECT_EQ(Table({}), "");
  EXPECT_EQ(Table({{"a", "b"}}), "a  b\n");
  EXPECT_EQ(Table({{"a"}, {"bb", "c"}, {"d"}}), "a\nbb  c\nd\n");
}

Json Pool() {
  return {{"name", "milan"},
          {"region", "IT-25"},
          {"state", "active"},
          {"deleted", false},
          {"merged_into", nullptr},
          {"prefix_states", {{{"prefix", "203.0.113.0/28"}, {"state", "draining"}, {"age_seconds", 75}}}},
          {"prefixes", {"203.0.113.0/28", "203.0.113.64/28"}},
          {"unit_states", {{"active", 4}, {"draining", 1}}},
          {"units", {{{"index", 3}, {"address", "203.0.113.7"}, {"state", "active"}}}},
          {"flows", 12}};
}

TEST(RenderPools, OneALine) {
  Json gone = Pool();
  gone["name"] = "rome";
  gone["deleted"] = true;
  gone["flows"] = nullptr;
  gone["unit_states"] = Json::object();
  Json merged = Pool();
  merged["merged_into"] = "italy";
  EXPECT_EQ(
      RenderPools({{"pools", {merged}}}),
      "pool   region  state              units                 flows  prefixes\n"
      "milan  IT-25   merged into italy  4 active, 1 draining     12  203.0.113.0/28 203.0.113.64/28\n");
  EXPECT_EQ(RenderPools({{"pools", {Pool(), gone}}}),
            "pool   region  state    units                 flows  prefixes\n"
            "milan  IT-25   active   4 active, 1 draining     12  203.0.113.0/28 203.0.113.64/28\n"
            "rome   IT-25   deleted  none                      -  203.0.113.0/28 203.0.113.64/28\n");
}

TEST(RenderPool, WithItsUnits) {
  EXPECT_EQ(RenderPool(Pool()),
            "pool   region  state   units                 flows  prefixes\n"
            "milan  IT-25   active  4 active, 1 draining     12  203.0.113.0/28 203.0.113.64/28\n"
            "\n"
            "prefix          state     for s\n"
            "203.0.113.0/28  draining     75\n"
            "\n"
            "unit  address      state\n"
            "   3  203.0.113.7  active\n");
}

TEST(RenderFlows, EndpointsAreTyped) {
  auto endpoint = [](const char* address, int port) { return Json{{"address", address}, {"port", port}}; };
  Json flow = {{"subscriber", endpoint("10.10.0.7", 40000)},
               {"alias", endpoint("203.0.113.7", 2000)},
               {"remote", endpoint("198.18.0.1", 443)},
               {"protocol", "tcp"},
               {"state", "tcp_established"},
               {"idle_seconds", 61.9},
               {"packets", {{"outbound", 12}, {"inbound", 34}}},
               {"worker", 0}};
  Json flow6 = flow;
  flow6["subscriber"] = endpoint("2001:db8::7", 1);
  flow6["alias"] = endpoint("", 2000);
  EXPECT_EQ(
      RenderFlows({{"flows", {flow, flow6}}, {"truncated", true}}),
      "subscriber       alias             remote          proto  state            idle s  out  in  worker\n"
      "10.10.0.7:40000  203.0.113.7:2000  198.18.0.1:443  tcp    tcp_established      61   12  34       0\n"
      "[2001:db8::7]:1  -:2000            198.18.0.1:443  tcp    tcp_established      61   12  34       0\n"
      "more flows exist: --limit, --subscriber, --pool, --proto\n");
}

TEST(RenderCounters, WithAndWithoutMeanings) {
  Json counters = {{"outbound", {{"counters", {{"sent", 5}}}, {"drops", {{"ports_exhausted", 12}}}}},
                   {"inbound", {{"counters", Json::object()}, {"drops", Json::object()}}}};
  EXPECT_EQ(RenderCounters(counters),
            "outbound              count\n"
            "sent                      5\n"
            "drop ports_exhausted     12\n"
            "\n"
            "inbound  count\n");
  counters["meanings"] = Meanings();
  std::string explained = RenderCounters(counters);
  EXPECT_NE(explained.find(kDropReasonRows[static_cast<int>(DropReason::kPortsExhausted)].sentence),
            std::string::npos)
      << explained;
}

TEST(RenderMeanings, HasARowForEveryCounterAndReason) {
  std::string text = RenderMeanings({{"meanings", Meanings()}});
  for (const CounterRow& row : kCounterRows)
    EXPECT_NE(text.find(row.sentence), std::string::npos) << row.name;
  for (const DropReasonRow& row : kDropReasonRows)
    EXPECT_NE(text.find(row.sentence), std::string::npos) << row.name;
}

TEST(RenderChecks, TheBadHaveTheirCommand) {
  EXPECT_EQ(
      RenderChecks(
          {{"checks",
            {{{"check", "lease"}, {"ok", true}, {"text", "27 s left"}, {"fix", ""}},
             {{"check", "memlock"}, {"ok", false}, {"text", "8 KiB"}, {"fix", "ulimit -l unlimited"}}}}}),
      "     check    finding\n"
      "ok   lease    27 s left\n"
      "BAD  memlock  8 KiB\n"
      "              run: ulimit -l unlimited\n");
}

TEST(RenderPlan, OneChangeALine) {
  EXPECT_EQ(RenderPlan({{"changes", Json::array()}}), "nothing to change\n");
  Json change = {{"sign", "~"},
                 {"object", "pool"},
                 {"name", "milan"},
                 {"text", "state active -> draining"},
                 {"needs_restart", false}};
  Json live = change, restart = change;
  live["live_flows"] = 3;
  restart["needs_restart"] = true;
  EXPECT_EQ(RenderPlan({{"changes", {change, live, restart}}}),
            "~ pool milan: state active -> draining\n"
            "~ pool milan: state active -> draining (3 live flows keep their alias)\n"
            "~ pool milan: state active -> draining (when cfr-dataplane is restarted)\n");
}

TEST(RenderChange, SaysWhatIsInForce) {
  EXPECT_EQ(RenderChange({{"changed", false}, {"generation", 3}}), "nothing to change, generation 3\n");
  EXPECT_EQ(RenderChange({{"changed", true}, {"key_version", 2}}), "changed, key version 2\n");
  EXPECT_EQ(RenderChange(
                {{"changed", true}, {"generation", 3}, {"live_flows", 7}, {"needs_restart", {"port core"}}}),
            "changed, generation 3, live flows 7\n"
            "takes effect when cfr-dataplane is restarted: port core\n");
}

TEST(RenderVersions, TellsWhoDoesNotAnswer) {
  EXPECT_EQ(RenderVersions({{"cfrctl", "0.1.0"}, {"control", "0.1.0"}, {"dataplane", "0.2.0"}}),
            "program        version\n"
            "cfrctl         0.1.0\n"
            "cfr-control    0.1.0\n"
            "cfr-dataplane  0.2.0\n");
  EXPECT_EQ(RenderVersions({{"cfrctl", "0.1.0"}, {"control", "0.1.0"}, {"dataplane", nullptr}}),
            "program        version\n"
            "cfrctl         0.1.0\n"
            "cfr-control    0.1.0\n"
            "cfr-dataplane  not attached\n");
  EXPECT_EQ(RenderVersions({{"cfrctl", "0.1.0"}, {"control", nullptr}, {"dataplane", nullptr}}),
            "program        version\n"
            "cfrctl         0.1.0\n"
            "cfr-control    does not answer\n"
            "cfr-dataplane  unknown\n");
}

TEST(RenderTheRest, WorkersPortsFlowStatsEpoch) {
  Json worker = {{"worker", 0},
                 {"flows", {{"ipv4", 5}, {"ipv6", 6}}},
                 {"quarantined", {{"ipv4", 1}, {"ipv6", 2}}},
                 {"received", 100},
                 {"handoff_in", 9},
                 {"handoff_to", {{"0", 0}, {"1", 7}}},
                 {"accounting_mismatch", {{"outbound", 0}, {"inbound", -1}}}};
  EXPECT_EQ(RenderWorkers({{"workers", {worker}}}),
            "worker  flows v4  flows v6  quarantined  received  handed in  mismatch  handed to\n"
            "     0         5         6            3       100          9        -1  1:7\n");
  Json port = {{"side", "core"}, {"device", ""},     {"driver", "net_null"}, {"mac", "02:00:00:00:00:01"},
               {"mtu", 1500},    {"link_up", false}, {"received", 1},        {"sent", 2},
               {"missed", 3},    {"errors", 4},      {"neighbours", 5}};
  EXPECT_EQ(
      RenderPorts({{"ports", {port}}}),
      "side  device  driver    mac                 mtu  link  received  sent  missed  errors  neighbours\n"
      "core  -       net_null  02:00:00:00:00:01  1500  down         1     2       3       4           5\n");
  Json family = {{"flows", 1}, {"quarantined", 2}, {"capacity", 1024}};
  EXPECT_EQ(RenderFlowStats({{"ipv4", family},
                             {"ipv6", family},
                             {"opened", {{"tcp", 1}, {"udp", 2}, {"icmp", 3}}},
                             {"closed", 4}}),
            "family  flows  quarantined  capacity\n"
            "ipv4        1            2      1024\n"
            "ipv6        1            2      1024\n"
            "\n"
            "opened tcp  opened udp  opened icmp  closed\n"
            "         1           2            3       4\n");
  EXPECT_EQ(RenderEpoch({{"length_seconds", 3600}, {"key_version", nullptr}, {"advances", nullptr}}),
            "epoch   key version  keys since start\n"
            "3600 s  -            -\n");
}

// A daemon of another release may leave anything out.
TEST(Renderers, AnotherFormIsAnExceptionAndNoCrash) {
  for (auto render :
       {RenderExport, RenderPools, RenderPool, RenderEpoch, RenderFlows, RenderFlowStats, RenderWorkers,
        RenderPorts, RenderCounters, RenderChecks, RenderPlan, RenderChange, RenderVersions, RenderMeanings})
    for (const char* text :
         {"{}", "{\"pools\":5,\"flows\":5,\"workers\":[{}],\"ports\":[5],\"checks\":[{}],\"changes\":[[]]}"})
      EXPECT_THROW(render(Json::parse(text)), Json::exception);
}

}  // namespace
}  // namespace cfr
