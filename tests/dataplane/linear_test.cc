// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/linear.h"

#include <gtest/gtest.h>
#include <rte_eal.h>

#include <cstring>
#include <vector>

#include "dataplane/eal.h"

namespace cfr {
namespace {

constexpr uint16_t kRoom = 2048;

class LinearTest : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    Config config;  // two null ports
    config.settings.Set(Setting::kPacketBuffers, 8192);
    auto status = StartEal(config);
    ASSERT_TRUE(status.ok()) << status;
    pool_ = rte_pktmbuf_pool_create("packets", 255, 0, 0, RTE_PKTMBUF_HEADROOM + kRoom, SOCKET_ID_ANY);
    ASSERT_NE(pool_, nullptr);
  }
  static void TearDownTestSuite() {
    rte_mempool_free(pool_);
    rte_eal_cleanup();
  }
  void TearDown() override { EXPECT_EQ(rte_mempool_in_use_count(pool_), 0u) << "a segment was lost"; }

  // A frame of bytes that count up, in segments of these lengths.
  static rte_mbuf* Segments(const std::vector<uint16_t>& lengths) {
    rte_mbuf* first = nullptr;
    uint8_t next = 0;
    for (uint16_t length : lengths) {
      rte_mbuf* segment = rte_pktmbuf_alloc(pool_);
      auto* bytes = reinterpret_cast<uint8_t*>(rte_pktmbuf_append(segment, length));
      for (int i = 0; i < length; ++i) bytes[i] = next++;
      if (first == nullptr)
        first = segment;
      else
        EXPECT_EQ(rte_pktmbuf_chain(first, segment), 0);
    }
    return first;
  }

  static rte_mempool* pool_;
};
rte_mempool* LinearTest::pool_ = nullptr;

TEST_F(LinearTest, SegmentsBecomeOneRunOfBytes) {
  for (const std::vector<uint16_t>& lengths : std::vector<std::vector<uint16_t>>{
           {60}, {14, 1500}, {13, 1, 6, 20, 600}, {1, 1, 1, 61}, {0, 64}, {64, 0}}) {
    rte_mbuf* frame = Segments(lengths);
    const uint32_t bytes = frame->pkt_len;
    MakeLinear(frame);
    EXPECT_EQ(frame->nb_segs, 1);
    ASSERT_EQ(frame->data_len, bytes);
    const auto* data = rte_pktmbuf_mtod(frame, const uint8_t*);
    for (uint32_t i = 0; i < bytes; ++i) ASSERT_EQ(data[i], static_cast<uint8_t>(i)) << lengths.size();
    rte_pktmbuf_free(frame);
  }
}

TEST_F(LinearTest, WhatDoesNotFitHasNoBytes) {
  rte_mbuf* frame = Segments({kRoom - 1, 2});
  MakeLinear(frame);
  EXPECT_EQ(frame->data_len, 0);
  rte_pktmbuf_free(frame);
}

}  // namespace
}  // namespace cfr
