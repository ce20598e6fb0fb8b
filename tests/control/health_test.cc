// SPDX-License-Identifier: BSD-3-Clause
#include "control/health.h"

#include <map>

#include "tests/control/control_rig.h"

namespace cfr {
namespace {

class HealthTest : public test::ControlRig {
 protected:
  // What is wrong, with its sentence.
  std::map<std::string, std::string> Findings() {
    Json health = HealthView(node_, heartbeats_, records_, now_ms_);
    std::map<std::string, std::string> bad;
    for (const Json& check : health["checks"])
      if (!check["ok"].get<bool>()) bad[check["check"]] = check["text"];
    EXPECT_EQ(health["healthy"], bad.empty());
    return bad;
  }
  using Bad = std::map<std::string, std::string>;
};

TEST_F(HealthTest, ARelayThatWorksIsHealthy) {
  EXPECT_EQ(Findings(), Bad());
  EXPECT_EQ(HealthView(node_, heartbeats_, records_, now_ms_)["checks"].size(), 9u);
}

TEST_F(HealthTest, NoDataplane) {
  StopDataplane();
  EXPECT_EQ(Findings(),
            (Bad{{"dataplane", directory_.path("dataplane.sock") + ": No such file or directory"}}));
}

TEST_F(HealthTest, AStoppedDataplaneIsNoticedThoughItsSocketIsOpen) {
  dataplane_stands_ = true;
  Turn(Heartbeats::kSilentMs - 1);
  EXPECT_EQ(Findings(), Bad());
  Turn(1);
  EXPECT_EQ(Findings(), (Bad{{"heartbeat", "main lcore, worker 0, worker 1 stands still"}}));
  Turn(60'000);
  EXPECT_EQ(Findings()["lease"], "lapsed");
}

TEST_F(HealthTest, AnotherGeneration) {
  double_->page().generation.Set(7);
  EXPECT_EQ(Findings(), (Bad{{"generation", "control 1, dataplane 7"}}));
}

TEST_F(HealthTest, NoKey) {
  double_->page().key_version.Set(0);
  EXPECT_EQ(Findings(), (Bad{{"epoch_key", "version 0"}}));
}

TEST_F(HealthTest, PacketsTheGuardStopped) {
  double_->page().worker[1].Count(Direction::kOutbound, DropReason::kEgressGuard, 3);
  EXPECT_EQ(Findings(), (Bad{{"egress_guard", "3 packets stopped"}}));
}

TEST_F(HealthTest, ARingThatCannotBe) {
  double_->page().ring_corrupt.Set(1);
  EXPECT_EQ(Findings(), (Bad{{"ring", "corrupt"}}));
}

TEST_F(HealthTest, ARegionWhoseLastPoolDrainsOpensNoFlows) {
  Ask("pool drain", {{"name", "milan"}});
  EXPECT_EQ(Findings(), (Bad{{"pools", "no active one for IT-25 ipv4"}}));
  Ask("pool drain", {{"name", "milan6"}});
  EXPECT_EQ(Findings(), (Bad{{"pools", "no active one for IT-25 ipv4, IT-25 ipv6"}}));
  Ask("pool undrain", {{"name", "milan"}});
  EXPECT_EQ(Findings(), (Bad{{"pools", "no active one for IT-25 ipv6"}}));
}

TEST_F(HealthTest, ARegionOfAMergedPoolIsServedIfTheParentIsActive) {
  Config next = node_.config();
  next.pools[0].parent = "rome";
  next.pools[0].cross_border = true;
  Ask("config apply", {{"config", WriteConfig(next)}});
  Ask("pool merge", {{"name", "milan"}});
  EXPECT_EQ(Findings(), (Bad{{"pools", "no active one for IT-25 ipv4"}})) << "rome is staged";
  next.pools[2].state = PrefixState::kActive;
  Ask("config apply", {{"config", WriteConfig(next)}});
  EXPECT_EQ(Findings(), Bad{});
}

}  // namespace
}  // namespace cfr
