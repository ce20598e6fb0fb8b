// SPDX-License-Identifier: BSD-3-Clause
// The program itself: a capture file of each side goes in, one of each comes out. A real control process
// stands beside it; the one alias there is makes the replies known beforehand.
//
//   access.in.pcap --> cfr-dataplane --> core.out.pcap
//   access.out.pcap <--              <-- core.in.pcap
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <functional>

#include "common/clock.h"
#include "control/node.h"
#include "tests/support/dissection.h"
#include "tests/support/neighbour_messages.h"
#include "tests/support/pcap_file.h"
#include "tests/support/plain_config.h"
#include "tests/support/relay_inspector.h"
#include "tests/support/temp_directory.h"

namespace cfr {
namespace {

using test::Arp;
using test::Describe;
using test::Dissect;
using test::Frame;
using test::MacAddress;
using test::PacketBuilder;
using test::StationMac;
using test::operator""_ip;
using test::operator""_net;

constexpr uint8_t kSyn = 0x02, kAck = 0x10;
constexpr uint64_t kPatienceMs = 60'000;
constexpr MacAddress kPortMac[kSides] = {{2, 'p', 'c', 'a', 'p', 0},
                                         {2, 'p', 'c', 'a', 'p', 1}};  // the driver's choice
constexpr uint16_t kAliasPort = 2000;

const Address kAlias4 = "203.0.113.7"_ip, kAlias6 = "2001:db8:a000::7"_ip;

// The program, ended with the test.
class Program {
 public:
  Program(const std::string& config, const std::string& runtime_dir, const std::string& log) {
    pid_ = fork();
    if (pid_ != 0) return;
    if (freopen(log.c_str(), "w", stderr) == nullptr) _exit(126);
    execl(CFR_DATAPLANE, "cfr-dataplane", "--config", config.c_str(), "--runtime_dir", runtime_dir.c_str(),
          nullptr);
    _exit(127);
  }
  ~Program() { Stop(); }
  bool running() { return pid_ > 0 && waitpid(pid_, &status_, WNOHANG) == 0; }
  // Its exit code, -1 if it did not exit by itself.
  int Stop() {
    if (running()) {
      kill(pid_, SIGTERM);
      waitpid(pid_, &status_, 0);
    }
    pid_ = -1;
    return WIFEXITED(status_) ? WEXITSTATUS(status_) : -1;
  }

 private:
  pid_t pid_;
  int status_ = 0;
};

class CfrDataplane : public testing::Test {
 protected:
  CfrDataplane() {
    config_.pools[0].prefixes = {"203.0.113.7/32"_net};
    config_.pools[1].prefixes = {"2001:db8:a000::7/128"_net};
    for (PoolConfig& pool : config_.pools) pool.alias_units = 1;
    config_.settings.Set(Setting::kPortFirst, kAliasPort);
    config_.settings.Set(Setting::kPortLast, kAliasPort);
    config_.bypasses = {{"resolver", "198.51.100.200/29"_net, "the provider's own"}};
    for (Side side : {Side::kAccess, Side::kCore}) {
      PortConfig& port = config_.port[static_cast<int>(side)];
      port.kind = PortConfig::Kind::kPcap;
      port.rx_pcap = directory_.path(std::string(Name(side)) + ".in.pcap");
      port.tx_pcap = directory_.path(std::string(Name(side)) + ".out.pcap");
    }
  }

  static PacketBuilder FromSubscriber(const Address& from, uint16_t port, const Address& to,
                                      uint16_t to_port) {
    return PacketBuilder().Stations({2, 0xac, 0, 0, 0, 0x10}, kPortMac[0]).From(from, port).To(to, to_port);
  }
  static PacketBuilder FromRemote(const Address& from, uint16_t port, const Address& to, uint16_t to_port) {
    return PacketBuilder()
        .Stations(StationMac(Side::kCore, from), kPortMac[1])
        .From(from, port)
        .To(to, to_port);
  }
  // The gateway's word for itself, unasked for in the file, asked for by the time it is read.
  Frame GatewaySays(Side side, Family family) const {
    const PortConfig& port = config_.port[static_cast<int>(side)];
    const Address& gateway = *port.gateway[static_cast<int>(family)];
    const MacAddress mac = StationMac(side, gateway), ours = kPortMac[static_cast<int>(side)];
    const Address& own = port.addresses[static_cast<size_t>(family)].address;
    return family == Family::kV4 ? Arp{Arp::kReply, mac, gateway, ours, own}.Build(mac, ours)
                                 : test::Advertisement(gateway, own, mac).Stations(mac, ours).Build();
  }

  // Runs the program over the two files; false with a reason if not all of them came through in time.
  void Relay(const std::vector<Frame>& access, const std::vector<Frame>& core) {
    test::WritePcap(config_.port[0].rx_pcap, access);
    test::WritePcap(config_.port[1].rx_pcap, core);
    Program program(directory_.Write("cfr.toml", WriteConfig(config_)), directory_.path(),
                    directory_.path("log"));
    Node node({config_, 0, {}}, StateFile(directory_.path()), directory_.path("dataplane.sock"));
    const uint64_t deadline_ms = MonotonicMs() + kPatienceMs;
    auto finished = [&] {
      return node.generation() == 1 && node.link().attached() &&
             AllCameThrough(node.link().page(), access.size(), core.size());
    };
    while (!finished() && program.running() && MonotonicMs() < deadline_ms) {
      node.Poll(MonotonicMs());
      usleep(500);
    }
    ASSERT_TRUE(finished()) << directory_.Read("log");
    for (int s = 0; s < kSides; ++s)
      EXPECT_EQ(std::memcmp(node.link().page().port[s].mac, kPortMac[s].data(), 6), 0);
    Remember(node.link().page());
    EXPECT_EQ(program.Stop(), 0) << directory_.Read("log");
    for (int s = 0; s < kSides; ++s) out_[s] = test::ReadPcap(config_.port[s].tx_pcap);
  }

  // Every frame was taken, and every one is accounted for, those that went by way of the main lcore, too.
  static bool AllCameThrough(const DataplanePage& page, size_t access, size_t core) {
    if (page.main_rounds.Get() == 0) return false;  // the first report is still to come
    const CounterPage &worker = page.worker[0], &main = page.main;
    const size_t received[kDirections] = {access, core};
    for (Direction d : {Direction::kOutbound, Direction::kInbound})
      if (worker.Get(d, Counter::kReceived) != received[static_cast<int>(d)] ||
          worker.Get(d, Counter::kConsumed) != main.Get(d, Counter::kHandoffIn) ||
          main.Get(d, Counter::kHandoffOut) != worker.Get(d, Counter::kHandoffIn) ||
          AccountingMismatch(worker, d) != 0 || AccountingMismatch(main, d) != 0) {
        return false;
      }
    return true;
  }
  void Remember(const DataplanePage& page) {
    for (Direction d : {Direction::kOutbound, Direction::kInbound})
      for (int r = 0; r < kDropReasonCount; ++r) {
        const auto reason = static_cast<DropReason>(r);
        if (uint64_t n = page.worker[0].Get(d, reason) + page.main.Get(d, reason))
          drops_[{d, Name(reason)}] = n;
      }
    bypassed_ = page.worker[0].Get(Direction::kOutbound, Counter::kBypassed);
  }

  // What came out for a frame on its way from access to core, or back: no two share protocol, remote and
  // payload.
  const Frame* FindOut(Direction direction, const Frame& in) const {
    auto remote = [&](const test::Dissection& d) {
      return direction == Direction::kOutbound ? d.destination : d.source;
    };
    auto sent = Dissect(in);
    for (const Frame& frame : out_[static_cast<int>(DepartureSide(direction))]) {
      auto d = Dissect(frame);
      if (d.has_value() && d->protocol == sent->protocol && remote(*d) == remote(*sent) &&
          d->payload == sent->payload)
        return &frame;
    }
    return nullptr;
  }

  test::TempDirectory directory_;
  Config config_ = test::PlainConfig();
  std::vector<Frame> out_[kSides];
  std::map<std::pair<Direction, std::string>, uint64_t> drops_;
  uint64_t bypassed_ = 0;
};

TEST_F(CfrDataplane, FilesInFilesOut) {
  const Address c4 = "100.64.0.1"_ip, c6 = "2001:db8:c1::1"_ip, s4 = "198.51.100.5"_ip,
                s6 = "2001:db8:e::5"_ip;
  const std::vector<Frame> relayed = {
      FromSubscriber(c4, 5000, s4, 443).Udp().Payload(100).Ttl(64).Build(),
      FromSubscriber(c4, 5001, s4, 443).Tcp(kSyn, 1000).Payload(0).TcpOptions({2, 4, 5, 0xb4}).Build(),
      FromSubscriber(c6, 5000, s6, 443)
          .Udp()
          .Payload(101)
          .Ttl(64)
          .TrafficClass(0xb9)
          .FlowLabel(0x12345)
          .Build(),
      FromSubscriber(c6, 5001, s6, 443).Tcp(kSyn, 2000).Build(),
      FromSubscriber(c6, 0, s6, 0).EchoRequest(77).Payload(32).Build(),
  };
  const Frame bypassed = FromSubscriber(c4, 5002, "198.51.100.201"_ip, 53).Udp().Payload(40).Build();
  const Frame echo = FromSubscriber(c4, 0, "10.0.0.1"_ip, 0).EchoRequest(78).Payload(33).Build();
  const std::vector<Frame> answers = {
      FromRemote(s4, 443, kAlias4, kAliasPort).Udp().Payload(200).Ttl(60).Build(),
      FromRemote(s4, 443, kAlias4, kAliasPort).Tcp(kSyn | kAck, 9000, 1001).Build(),
      FromRemote(s6, 443, kAlias6, kAliasPort).Udp().Payload(201).Build(),
      FromRemote(s6, 0, kAlias6, 0).EchoReply(kAliasPort).Payload(32).Build(),
  };
  std::vector<Frame> access = relayed, core = answers;
  access.push_back(bypassed);
  access.push_back(echo);
  access.push_back(FromSubscriber("9.9.9.9"_ip, 5000, s4, 443).Build());
  access.push_back(FromSubscriber(c4, 5003, kAlias4, 443).Build());
  access.push_back(FromSubscriber(c4, 5004, "198.51.100.6"_ip, 443).Tcp(kAck).Build());
  access.push_back(
      FromSubscriber(c4, 5000, s4, 443).Stations({2, 0, 0, 0, 0, 1}, {2, 0, 0, 0, 0, 9}).Build());
  access.push_back(GatewaySays(Side::kAccess, Family::kV4));
  access.push_back(GatewaySays(Side::kAccess, Family::kV6));
  core.push_back(FromRemote(s4, 444, kAlias4, kAliasPort).Build());
  core.push_back(FromRemote(c4, 443, kAlias4, kAliasPort).Build());
  core.push_back(GatewaySays(Side::kCore, Family::kV4));
  core.push_back(GatewaySays(Side::kCore, Family::kV6));
  ASSERT_NO_FATAL_FAILURE(Relay(access, core));

  const auto any = [](const test::CoreTuple&, const std::optional<test::Endpoint>&) { return true; };
  test::RelayInspector inspector(any, kPortMac);
  inspector.SetConfig(config_);
  for (const Frame& in : relayed) {
    const Frame* out = FindOut(Direction::kOutbound, in);
    ASSERT_NE(out, nullptr) << Describe(in);
    inspector.Relayed(Direction::kOutbound, in, {*out}, false, 0);
    EXPECT_EQ(Dissect(*out)->source, Dissect(in)->source.family == Family::kV4 ? kAlias4 : kAlias6);
    EXPECT_EQ(Dissect(*out)->source_port, kAliasPort);
  }
  for (const Frame& in : answers) {
    const Frame* out = FindOut(Direction::kInbound, in);
    ASSERT_NE(out, nullptr) << Describe(in);
    inspector.Relayed(Direction::kInbound, in, {*out}, false, 0);
  }
  const Frame* untranslated = FindOut(Direction::kOutbound, bypassed);
  ASSERT_NE(untranslated, nullptr);
  inspector.Relayed(Direction::kOutbound, bypassed, {*untranslated}, true, 0);
  EXPECT_EQ(bypassed_, 1u);
  EXPECT_EQ(std::count_if(out_[0].begin(), out_[0].end(),
                          [&](const Frame& f) {
                            auto d = Dissect(f);
                            return d.has_value() && d->echo_reply() && d->payload == Dissect(echo)->payload;
                          }),
            1);

  // Nothing else left but questions, and no subscriber is named where it must not be.
  std::vector<Frame> made = out_[1];
  std::erase_if(made, [&](const Frame& f) {
    auto d = Dissect(f);
    return d.has_value() && d->icmp_type != 135;
  });
  for (const Frame& frame : made) inspector.MadeByRelay(Side::kCore, frame);
  EXPECT_EQ(made.size(), out_[1].size() - relayed.size() - 1);
  EXPECT_GE(made.size(), 2u) << "the gateways of both families were asked for";
  for (const std::string& sentence : inspector.violations()) ADD_FAILURE() << sentence;
  const std::map<std::pair<Direction, std::string>, uint64_t> expected = {
      {{Direction::kOutbound, "spoof_access"}, 1}, {{Direction::kOutbound, "hairpin"}, 1},
      {{Direction::kOutbound, "tcp_no_flow"}, 1},  {{Direction::kOutbound, "not_my_mac"}, 1},
      {{Direction::kInbound, "no_flow"}, 1},       {{Direction::kInbound, "spoof_core"}, 1}};
  EXPECT_EQ(drops_, expected);
}

TEST_F(CfrDataplane, EmptyFiles) {
  ASSERT_NO_FATAL_FAILURE(Relay({}, {}));
  EXPECT_TRUE(drops_.empty());
}

TEST_F(CfrDataplane, AWrongConfigurationIsNotStarted) {
  const std::string path = directory_.Write("cfr.toml", "[node]\nname = 7\n");
  Program program(path, directory_.path(), directory_.path("log"));
  while (program.running()) usleep(500);
  EXPECT_EQ(program.Stop(), 4);
  EXPECT_NE(directory_.Read("log").find(path + ":2:"), std::string::npos) << directory_.Read("log");
}

}  // namespace
}  // namespace cfr
