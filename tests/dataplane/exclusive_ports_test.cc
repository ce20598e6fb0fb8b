// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/exclusive_ports.h"

#include <gtest/gtest.h>

#include <set>
#include <thread>
#include <vector>

#include "tests/support/dissection.h"
#include "tests/support/plain_config.h"
#include "tests/support/relay.h"

namespace cfr {
namespace {

TEST(ExclusivePorts, APortIsTakenOnceUntilItIsReleased) {
  ExclusivePorts ports;
  for (uint16_t port : {0, 1, 63, 64, 1024, 65535}) {
    EXPECT_TRUE(ports.Take(7, kProtocolUdp, Be16::From(port)));
    EXPECT_FALSE(ports.Take(7, kProtocolUdp, Be16::From(port))) << port;
  }
  ports.Release(7, kProtocolUdp, Be16::From(64));
  EXPECT_FALSE(ports.Take(7, kProtocolUdp, Be16::From(63)));
  EXPECT_TRUE(ports.Take(7, kProtocolUdp, Be16::From(64)));
}

TEST(ExclusivePorts, UnitsAndProtocolsAreApart) {
  ExclusivePorts ports;
  for (UnitIndex unit : {0, 1, kUnitsMax - 1})
    for (uint8_t protocol : {kProtocolTcp, kProtocolUdp, kProtocolIcmp}) {
      EXPECT_TRUE(ports.Take(unit, protocol, Be16::From(0)));
      EXPECT_TRUE(ports.Take(unit, protocol, Be16::From(65535)));
    }
  EXPECT_FALSE(ports.Take(0, kProtocolIcmp6, Be16::From(0))) << "echo is one kind, a unit has one family";
}

TEST(ExclusivePorts, OfTwoWorkersOneGetsEachPort) {
  ExclusivePorts ports;
  std::vector<int> taken[2] = {std::vector<int>(65536), std::vector<int>(65536)};
  auto work = [&](int worker) {
    for (int i = 0; i < 65536; ++i) {
      const int port = worker == 0 ? i : 65535 - i;
      taken[worker][static_cast<size_t>(port)] =
          ports.Take(3, kProtocolTcp, Be16::From(static_cast<uint16_t>(port)));
    }
  };
  std::thread other(work, 1);
  work(0);
  other.join();
  for (size_t port = 0; port < 65536; ++port) ASSERT_EQ(taken[0][port] + taken[1][port], 1) << port;
}

// MAP-4: more flows than there are ports, towards many remotes, over two workers.
TEST(ExclusivePorts, SeventyThousandFlowsShareNoPort) {
  constexpr int kFlows = 70'000, kPorts = 65536 - 1024 - 3;  // three are avoided for UDP
  test::Relay relay({.workers = 2, .flows_v4 = 1u << 17});
  Config config = test::PlainConfig();
  config.pools[0].alias_units = 1;
  config.pools[0].port_mode = PortMode::kExclusive;
  ASSERT_EQ(relay.Apply(config), AckStatus::kOk);
  relay.AdvanceEpoch();
  relay.RenewLease(1'000'000);
  std::set<uint16_t> given;
  int sent = 0;
  for (int n = 0; n < kFlows; n += kBurstMax) {
    std::vector<test::Frame> burst;
    for (int i = n; i < n + kBurstMax; ++i) {
      const Address remote = *ParseAddress("198.51.100." + std::to_string(1 + i % 250));
      burst.push_back(test::PacketBuilder()
                          .From(*ParseAddress("100.64.1.10"), static_cast<uint16_t>(1 + i / 250))
                          .To(remote, 443)
                          .Udp()
                          .Build());
    }
    for (const test::Outcome& o : relay.SendBurst(Side::kAccess, burst, n / kBurstMax % 2)) {
      if (o.kind != test::Outcome::Kind::kSent) {
        ASSERT_EQ(o.reason, DropReason::kPortsExhausted);
        continue;
      }
      ++sent;
      const uint16_t port = test::Dissect(o.frame)->source_port;
      ASSERT_TRUE(given.insert(port).second) << "port " << port << " twice";
    }
  }
  EXPECT_TRUE(relay.violations().empty()) << relay.violations().front();
  // The last ports may belong to the other worker towards every remote that asks within a second.
  EXPECT_LE(sent, kPorts);
  EXPECT_GT(sent, kPorts - 100);
}

}  // namespace
}  // namespace cfr
