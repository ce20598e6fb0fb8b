// SPDX-License-Identifier: BSD-3-Clause
#include "control/doctor.h"

#include <gtest/gtest.h>

#include <atomic>
#include <map>
#include <thread>

#include "control/api_server.h"
#include "tests/control/sample_config.h"
#include "tests/support/temp_directory.h"

namespace cfr {
namespace {

class DoctorTest : public testing::Test {
 protected:
  // The findings that are not ok, by check, each with its command.
  std::map<std::string, Json> Findings(const std::string& config_path) {
    Json report = Examine(config_path, directory_.path("control.sock"));
    std::map<std::string, Json> bad;
    for (const Json& check : report["checks"]) {
      if (!check["ok"].get<bool>()) {
        bad[check["check"]] = check;
        EXPECT_NE(check["fix"], "") << check;
      }
      EXPECT_EQ(check["ok"].get<bool>(), check["fix"] == "") << check;
    }
    EXPECT_EQ(report["healthy"], bad.empty());
    return bad;
  }
  std::string Sample(const std::string& from = "", const std::string& to = "") {
    std::string text = test::kSampleText;
    if (!from.empty()) text.replace(text.find(from), from.size(), to);
    return directory_.Write("cfr.toml", text);
  }
  // A cfr-control that gives these answers.
  std::map<std::string, Json> FindingsWith(const std::map<std::string, Json>& answers) {
    auto server = ApiServer::Open(directory_.path(), [&](const ApiRequest& request, Answered answered) {
      answered(answers.at(request.command));
    });
    EXPECT_TRUE(server.ok()) << server.status();
    std::atomic<bool> done = false;
    std::thread serving([&] {
      while (!done) (*server)->Poll(1, 0);
    });
    auto findings = Findings(Sample());
    done = true;
    serving.join();
    return findings;
  }
  test::TempDirectory directory_;
};

TEST_F(DoctorTest, AMachineWithoutDaemons) {
  auto bad = Findings(Sample());
  ASSERT_TRUE(bad.contains("cfr-control"));
  EXPECT_EQ(bad["cfr-control"]["fix"], "cfr-control --config " + directory_.path("cfr.toml"));
  EXPECT_FALSE(bad.contains("config"));
}

TEST_F(DoctorTest, NoConfiguration) {
  auto bad = Findings(directory_.path("none.toml"));
  EXPECT_EQ(bad["config"]["text"], directory_.path("none.toml") + ": No such file or directory");
}

TEST_F(DoctorTest, ABadConfigurationHasItsPlace) {
  auto bad = Findings(Sample("[node]", "[nod]"));
  EXPECT_EQ(bad["config"]["text"], directory_.path("cfr.toml") + ":1:1: error: unknown table 'nod'");
  EXPECT_EQ(bad["config"]["fix"], "cfrctl config check " + directory_.path("cfr.toml"));
}

TEST_F(DoctorTest, AnInterfaceThatIsNotThere) {
  auto bad = Findings(Sample("null = true", "netdev = \"nowhere0\""));
  EXPECT_EQ(bad["port access"]["text"], "no interface 'nowhere0' here");
}

TEST_F(DoctorTest, ACardThatIsNotThere) {
  auto bad = Findings(Sample("null = true", "pci = \"ffff:ff:1f.7\""));
  EXPECT_EQ(bad["port access"]["text"], "no device ffff:ff:1f.7 on the PCI bus");
}

TEST_F(DoctorTest, HugePagesThatAreRequired) {
  auto bad = Findings(Sample("[dataplane]", "[dataplane]\nhugepages = true"));
  std::ifstream reserved("/proc/sys/vm/nr_hugepages");
  int pages = 0;
  reserved >> pages;
  EXPECT_EQ(bad.contains("hugepages"), pages == 0);
}

TEST_F(DoctorTest, WhatTheDaemonsSay) {
  Json health = {{"healthy", false},
                 {"checks",
                  {{{"check", "dataplane"}, {"ok", false}, {"text", "gone"}},
                   {{"check", "lease"}, {"ok", true}, {"text", "t"}}}}};
  auto bad = FindingsWith({{"health", health}, {"config plan", {{"changes", {1, 2}}}}});
  EXPECT_EQ(bad["dataplane"]["text"], "gone");
  EXPECT_EQ(bad["dataplane"]["fix"], "cfr-dataplane --config " + directory_.path("cfr.toml"));
  EXPECT_EQ(bad["running config"]["text"], "differs from the file in 2 places");
  EXPECT_FALSE(bad.contains("lease"));
  EXPECT_FALSE(FindingsWith({{"health", health}, {"config plan", {{"changes", Json::array()}}}})
                   .contains("running config"));
}

TEST_F(DoctorTest, AStrangerOnTheSocketIsAFinding) {
  auto bad = FindingsWith({{"health", {{"x", 1}}}});
  EXPECT_EQ(bad["cfr-control"]["text"],
            directory_.path("control.sock") + ": not a cfr-control of this release");
}

}  // namespace
}  // namespace cfr
