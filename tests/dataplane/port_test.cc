// SPDX-License-Identifier: BSD-3-Clause
// Devices that need no hardware, in a real EAL: a capture file on the access side, a ring on the core side.
#include "dataplane/port.h"

#include <gtest/gtest.h>
#include <rte_dev.h>
#include <rte_eal.h>

#include <cstring>
#include <memory>

#include "absl/strings/match.h"
#include "dataplane/eal.h"
#include "tests/support/literals.h"
#include "tests/support/pcap_file.h"
#include "tests/support/temp_directory.h"

namespace cfr {
namespace {

using test::Frame;
using test::PacketBuilder;
using test::operator""_ip;

class PortTest : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    directory_ = new test::TempDirectory;
    for (size_t n = 0; n < 40; ++n)
      in_.push_back(PacketBuilder()
                        .From("100.64.0.1"_ip, 5000)
                        .To("198.51.100.5"_ip, 443)
                        .Udp()
                        .Payload(n * 30)
                        .Build());
    config_.port[0].kind = PortConfig::Kind::kPcap;
    config_.port[0].rx_pcap = directory_->path("in.pcap");
    config_.port[0].tx_pcap = directory_->path("out.pcap");
    config_.port[1].kind = PortConfig::Kind::kRing;
    config_.port[1].device = "core";
    config_.port[1].mtu = 1400;
    config_.settings.Set(Setting::kPacketBuffers, 8192);
    test::WritePcap(config_.port[0].rx_pcap, in_);
    auto status = StartEal(config_);
    ASSERT_TRUE(status.ok()) << status;
    pool_ = rte_pktmbuf_pool_create("packets", 8191, 0, 0, 2048 + RTE_PKTMBUF_HEADROOM, SOCKET_ID_ANY);
    ASSERT_NE(pool_, nullptr);
    access_ = MustStart(0);
    core_ = MustStart(1);
  }
  static void TearDownTestSuite() {
    core_.Stop();
    rte_mempool_free(pool_);
    rte_eal_cleanup();
    delete directory_;
  }

  static Owner OneWorker() { return Owner(Owner::Key{}, 1); }
  static Port MustStart(uint16_t id) {
    auto port = Port::Start(id, config_.port[id], OneWorker(), pool_);
    EXPECT_TRUE(port.ok()) << port.status();
    return port.ok() ? *port : Port();
  }
  static rte_mbuf* BufferOf(const Frame& frame) {
    rte_mbuf* m = rte_pktmbuf_alloc(pool_);
    std::memcpy(rte_pktmbuf_append(m, static_cast<uint16_t>(frame.size())), frame.data(), frame.size());
    return m;
  }
  static std::vector<Frame> TakeAll(const Port& port, int queue = 0) {
    std::vector<Frame> frames;
    rte_mbuf* buffers[32];
    for (uint16_t n; (n = port.Receive(queue, buffers, 32)) > 0;)
      for (uint16_t i = 0; i < n; ++i) {
        const auto* bytes = rte_pktmbuf_mtod(buffers[i], const uint8_t*);
        frames.emplace_back(bytes, bytes + buffers[i]->data_len);
        rte_pktmbuf_free(buffers[i]);
      }
    return frames;
  }

  static inline test::TempDirectory* directory_;
  static inline std::vector<Frame> in_;
  static inline Config config_;
  static inline rte_mempool* pool_;
  static inline Port access_, core_;
};

TEST_F(PortTest, AFileIsReadOnceAndAnotherWritten) {
  auto narrow = Port::Start(0, config_.port[0], Owner(Owner::Key{}, 2), pool_);
  EXPECT_EQ(narrow.status().code(), absl::StatusCode::kFailedPrecondition) << "a file has one queue";
  EXPECT_TRUE(absl::StrContains(narrow.status().message(), "dataplane.workers = 1")) << narrow.status();
  EXPECT_TRUE(access_.reads_file());
  EXPECT_TRUE(TakeAll(access_, 1).empty()) << "a queue that is not there";
  EXPECT_EQ(TakeAll(access_), in_);
  EXPECT_TRUE(TakeAll(access_).empty());
  std::vector<rte_mbuf*> buffers;
  for (const Frame& frame : in_) buffers.push_back(BufferOf(frame));
  EXPECT_EQ(access_.Transmit(0, buffers.data(), 40), 40);
  auto status = std::make_unique<PortStatus>();
  access_.Report(config_.port[0], status.get());
  EXPECT_EQ(status->device, config_.port[0].rx_pcap.substr(0, sizeof status->device - 1));
  EXPECT_STREQ(status->driver, "net_pcap");
  EXPECT_EQ(status->received.Get(), 40u);
  EXPECT_EQ(status->sent.Get(), 40u);
  EXPECT_GT(status->sent_bytes.Get(), 40u * 42);
  access_.Stop();
  EXPECT_EQ(test::ReadPcap(config_.port[0].tx_pcap), in_);
}

TEST_F(PortTest, ARingGivesBackWhatIsSent) {
  EXPECT_FALSE(core_.reads_file());
  EXPECT_TRUE(TakeAll(core_).empty());
  rte_mbuf* buffers[2] = {BufferOf(in_[1]), BufferOf(in_[2])};
  EXPECT_EQ(core_.Transmit(0, buffers, 2), 2);
  EXPECT_EQ(TakeAll(core_), (std::vector<Frame>{in_[1], in_[2]}));
}

// What does not fit stays with the caller, who counts it.
TEST_F(PortTest, AFullQueueTakesLess) {
  uint16_t sent = 0;
  for (;;) {
    rte_mbuf* buffers[32];
    for (rte_mbuf*& b : buffers) b = BufferOf(in_[0]);
    const uint16_t n = core_.Transmit(0, buffers, 32);
    sent = static_cast<uint16_t>(sent + n);
    for (uint16_t i = n; i < 32; ++i) rte_pktmbuf_free(buffers[i]);
    if (n < 32) break;
    ASSERT_LT(sent, 8000);
  }
  EXPECT_GT(sent, 0);
  EXPECT_EQ(TakeAll(core_).size(), sent);
}

TEST_F(PortTest, TheFactsOfThePacketPath) {
  rte_ether_addr mac;
  ASSERT_EQ(rte_eth_macaddr_get(1, &mac), 0);
  EXPECT_EQ(core_.id(), 1);
  EXPECT_EQ(std::memcmp(core_.facts().mac, mac.addr_bytes, 6), 0);
  EXPECT_EQ(core_.facts().mtu, 1400);
  auto status = std::make_unique<PortStatus>();
  core_.Report(config_.port[1], status.get());
  EXPECT_STREQ(status->device, "core");
  EXPECT_EQ(std::memcmp(status->mac, mac.addr_bytes, 6), 0);
  EXPECT_EQ(status->mtu, 1400u);
  EXPECT_EQ(status->queues, 1);
  EXPECT_EQ(status->link_up.load(), 1u);
}

// Attached later, with what DPDK is told of it at the start.
TEST_F(PortTest, ANullPortNeverReceivesAndSwallowsWhatIsSent) {
  const Config config;  // two of them
  std::string device;
  for (const std::string& argument : EalArguments(config))
    if (absl::StartsWith(argument, "--vdev=net_null1")) device = argument.substr(7);
  ASSERT_EQ(rte_dev_probe(device.c_str()), 0) << device;
  uint16_t id;
  ASSERT_EQ(rte_eth_dev_get_port_by_name("net_null1", &id), 0);
  auto port = Port::Start(id, config.port[1], OneWorker(), pool_);
  ASSERT_TRUE(port.ok()) << port.status();
  const unsigned in_use = rte_mempool_in_use_count(pool_);
  rte_mbuf* buffers[2] = {BufferOf(in_[1]), BufferOf(in_[2])};
  EXPECT_EQ(port->Transmit(0, buffers, 2), 2);
  EXPECT_EQ(rte_mempool_in_use_count(pool_), in_use);
  EXPECT_TRUE(TakeAll(*port).empty());
  port->Stop();
}

TEST_F(PortTest, ADeviceThatIsNotThere) {
  EXPECT_EQ(Port::Start(7, config_.port[0], OneWorker(), pool_).status().code(), absl::StatusCode::kInternal);
}

}  // namespace
}  // namespace cfr
