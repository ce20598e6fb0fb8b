// SPDX-License-Identifier: BSD-3-Clause
// The rings between lcores, in a real EAL without huge pages or hardware.
#include "dataplane/exchange.h"

#include <gtest/gtest.h>
#include <rte_eal.h>

#include <thread>
#include <vector>

#include "dataplane/eal.h"

namespace cfr {
namespace {

constexpr int kWorkers = 2;

class ExchangeTest : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    Config config;  // two null ports
    config.settings.Set(Setting::kPacketBuffers, 8192);
    auto status = StartEal(config);
    ASSERT_TRUE(status.ok()) << status;
    pool_ = rte_pktmbuf_pool_create("packets", 8191, 0, kBufferNoteBytes, 2048, SOCKET_ID_ANY);
    ASSERT_NE(pool_, nullptr);
    auto exchange = Exchange::Create(kWorkers);
    ASSERT_TRUE(exchange.ok()) << exchange.status();
    exchange_ = new Exchange(*exchange);
  }
  static void TearDownTestSuite() {
    delete exchange_;
    rte_mempool_free(pool_);
    rte_eal_cleanup();
  }
  void TearDown() override { EXPECT_EQ(rte_mempool_in_use_count(pool_), 0u) << "a buffer was lost"; }

  static std::vector<rte_mbuf*> Buffers(unsigned count) {
    std::vector<rte_mbuf*> buffers(count);
    EXPECT_EQ(rte_pktmbuf_alloc_bulk(pool_, buffers.data(), count), 0);
    return buffers;
  }
  // All that `take` gives, in order.
  template <class Take>
  static std::vector<rte_mbuf*> Drain(Take take) {
    std::vector<rte_mbuf*> all;
    rte_mbuf* burst[32];
    for (unsigned n; (n = take(burst, 32)) > 0;) all.insert(all.end(), burst, burst + n);
    return all;
  }
  static void Free(std::vector<rte_mbuf*> buffers) {
    rte_pktmbuf_free_bulk(buffers.data(), static_cast<unsigned>(buffers.size()));
  }

  static rte_mempool* pool_;
  static Exchange* exchange_;
};
rte_mempool* ExchangeTest::pool_ = nullptr;
Exchange* ExchangeTest::exchange_ = nullptr;

TEST_F(ExchangeTest, EachRingKeepsItsOwnInOrder) {
  auto first = Buffers(100), second = Buffers(100), consumed = Buffers(100), made = Buffers(100);
  for (size_t i = 0; i < 100; ++i) {
    ASSERT_TRUE(exchange_->HandOff(0, first[i]));
    ASSERT_TRUE(exchange_->HandOff(1, second[i]));
    ASSERT_TRUE(exchange_->Consume(consumed[i]));
    ASSERT_TRUE(exchange_->Make(made[i]));
  }
  EXPECT_EQ(Drain([](auto* b, unsigned n) { return exchange_->TakeHandoffs(0, b, n); }), first);
  EXPECT_EQ(Drain([](auto* b, unsigned n) { return exchange_->TakeHandoffs(1, b, n); }), second);
  EXPECT_EQ(Drain([](auto* b, unsigned n) { return exchange_->TakeConsumed(b, n); }), consumed);
  EXPECT_EQ(Drain([](auto* b, unsigned n) { return exchange_->TakeMade(b, n); }), made);
  for (auto& buffers : {first, second, consumed, made}) Free(buffers);
}

TEST_F(ExchangeTest, AFullRingLeavesTheBufferWithTheCaller) {
  auto fill = [](auto put, auto take) {
    size_t held = 0;
    rte_mbuf* last = nullptr;
    while (held < 5000) {
      last = Buffers(1)[0];
      if (!put(last)) break;
      ++held;
    }
    rte_pktmbuf_free(last);
    auto all = Drain(take);
    EXPECT_EQ(all.size(), held);
    Free(all);
    return held;
  };
  EXPECT_EQ(fill([](rte_mbuf* b) { return exchange_->HandOff(0, b); },
                 [](auto* b, unsigned n) { return exchange_->TakeHandoffs(0, b, n); }),
            4095u);
  EXPECT_EQ(fill([](rte_mbuf* b) { return exchange_->Consume(b); },
                 [](auto* b, unsigned n) { return exchange_->TakeConsumed(b, n); }),
            1023u);
  EXPECT_EQ(fill([](rte_mbuf* b) { return exchange_->Make(b); },
                 [](auto* b, unsigned n) { return exchange_->TakeMade(b, n); }),
            1023u);
}

TEST_F(ExchangeTest, TheNoteRidesWithTheBuffer) {
  auto buffers = Buffers(2);
  Address hop;
  hop.bytes[15] = 9;
  NoteOf(buffers[0]) = {Direction::kInbound, 1, Side::kCore, true, hop, {}};
  NoteOf(buffers[1]) = {Direction::kOutbound, 0, Side::kAccess, false, {}, {}};
  ASSERT_NE(rte_pktmbuf_append(buffers[0], 1500), nullptr) << "it takes no room of the packet's";
  for (rte_mbuf* b : buffers) ASSERT_TRUE(exchange_->Consume(b));
  auto taken = Drain([](auto* b, unsigned n) { return exchange_->TakeConsumed(b, n); });
  ASSERT_EQ(taken, buffers);
  EXPECT_EQ(NoteOf(taken[0]).direction, Direction::kInbound);
  EXPECT_EQ(NoteOf(taken[0]).worker, 1);
  EXPECT_EQ(NoteOf(taken[0]).hop, hop);
  EXPECT_FALSE(NoteOf(taken[1]).hop_wanted);
  Free(taken);
}

// Both workers hand off to the same third at once: nothing is lost, nothing comes twice.
TEST_F(ExchangeTest, SeveralWorkersFillARingAtOnce) {
  auto mine = Buffers(2000), others = Buffers(2000);
  auto put = [](const std::vector<rte_mbuf*>& buffers) {
    for (rte_mbuf* b : buffers)
      while (!exchange_->HandOff(1, b)) std::this_thread::yield();
  };
  std::thread one(put, mine), two(put, others);
  std::vector<rte_mbuf*> taken;
  rte_mbuf* burst[32];
  while (taken.size() < 4000) {
    const unsigned n = exchange_->TakeHandoffs(1, burst, 32);
    taken.insert(taken.end(), burst, burst + n);
  }
  one.join();
  two.join();
  Free(taken);
  std::sort(taken.begin(), taken.end());
  mine.insert(mine.end(), others.begin(), others.end());
  std::sort(mine.begin(), mine.end());
  EXPECT_EQ(taken, mine);
}

}  // namespace
}  // namespace cfr
