// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/owner.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>

#include <random>
#include <vector>

namespace cfr {
namespace {

// The key and the verification suite Microsoft publishes for receive side scaling.
constexpr uint8_t kPublishedKey[] = {0x6d, 0x5a, 0x56, 0xda, 0x25, 0x5b, 0x0e, 0xc2, 0x41, 0x67,
                                     0x25, 0x3d, 0x43, 0xa3, 0x8f, 0xb0, 0xd0, 0xca, 0x2b, 0xcb,
                                     0xae, 0x7b, 0x30, 0xb4, 0x77, 0xcb, 0x2d, 0xa3, 0x80, 0x30,
                                     0xf2, 0x0c, 0x6a, 0x42, 0xb7, 0x3b, 0xbe, 0xac, 0x01, 0xfa};
struct Vector {
  const char *destination, *source;
  uint16_t destination_port, source_port;
  uint32_t hash;
};
constexpr Vector kPublished[] = {
    {"161.142.100.80", "66.9.149.187", 1766, 2794, 0x51ccc178},
    {"65.69.140.83", "199.92.111.2", 4739, 14230, 0xc626b0ea},
    {"12.22.207.184", "24.19.198.95", 38024, 12898, 0x5c2b394a},
    {"209.142.163.6", "38.27.205.30", 2217, 48228, 0xafc7327f},
    {"202.188.127.2", "153.39.163.191", 1303, 44251, 0x10e828a2},
    {"3ffe:2501:200:3::1", "3ffe:2501:200:1fff::7", 1766, 2794, 0x40207d3d},
    {"ff02::1", "3ffe:501:8::260:97ff:fe40:efab", 4739, 14230, 0xdde51bbf},
    {"fe80::200:f8ff:fe21:67cf", "3ffe:1900:4545:3:200:f8ff:fe21:67cf", 38024, 44251, 0x02d1feef},
};

Owner::Key PublishedKey() {
  Owner::Key key{};
  std::copy(std::begin(kPublishedKey), std::end(kPublishedKey), key.begin());
  return key;
}

template <class A>
A Parsed(const char* text) {
  return LoadAddress<A>(ParseAddress(text)->bytes.data());
}

template <class A>
uint32_t HashOf(const Owner& owner, const Vector& v) {
  return owner.Hash(Parsed<A>(v.source), Parsed<A>(v.destination), htons(v.source_port),
                    htons(v.destination_port));
}

// The definition, a bit at a time: for every set input bit XOR the 32 key bits that start there.
uint32_t BitByBit(const Owner::Key& key, const std::vector<uint8_t>& input) {
  uint32_t hash = 0;
  auto key_bit = [&](size_t n) -> uint32_t { return n / 8 < key.size() ? key[n / 8] >> (7 - n % 8) & 1 : 0; };
  for (size_t b = 0; b < input.size() * 8; ++b) {
    if ((input[b / 8] >> (7 - b % 8) & 1) == 0) continue;
    for (size_t j = 0; j < 32; ++j) hash ^= key_bit(b + j) << (31 - j);
  }
  return hash;
}

template <class A>
struct Tuple {
  A source, destination;
  uint16_t source_port, destination_port;
};

class OwnerTest : public testing::Test {
 protected:
  template <class A>
  Tuple<A> Draw() {
    Tuple<A> t;
    for (auto* bytes : {reinterpret_cast<uint8_t*>(&t.source), reinterpret_cast<uint8_t*>(&t.destination)})
      for (size_t i = 0; i < sizeof(A); ++i) bytes[i] = static_cast<uint8_t>(random_());
    t.source_port = static_cast<uint16_t>(random_());
    t.destination_port = static_cast<uint16_t>(random_());
    return t;
  }
  Owner::Key DrawKey() {
    Owner::Key key;
    for (uint8_t& b : key) b = static_cast<uint8_t>(random_());
    return key;
  }
  template <class A>
  static uint32_t HashOf(const Owner& o, const Tuple<A>& t) {
    return o.Hash(t.source, t.destination, t.source_port, t.destination_port);
  }
  template <class A>
  static std::vector<uint8_t> Bytes(const Tuple<A>& t) {
    std::vector<uint8_t> bytes(2 * sizeof(A) + 4);
    std::memcpy(&bytes[0], &t.source, sizeof(A));
    std::memcpy(&bytes[sizeof(A)], &t.destination, sizeof(A));
    std::memcpy(&bytes[2 * sizeof(A)], &t.source_port, 2);
    std::memcpy(&bytes[2 * sizeof(A) + 2], &t.destination_port, 2);
    return bytes;
  }
  template <class A>
  void CompareWithDefinition() {
    for (int k = 0; k < 20; ++k) {
      Owner::Key key = DrawKey();
      Owner owner(key, 4);
      for (int i = 0; i < 500; ++i) {
        auto t = Draw<A>();
        ASSERT_EQ(HashOf(owner, t), BitByBit(key, Bytes(t)));
      }
    }
  }
  template <class A>
  void CheckLinear() {
    Owner owner(DrawKey(), 8);
    for (int i = 0; i < 10'000; ++i) {
      auto t = Draw<A>();
      uint32_t whole = HashOf(owner, t);
      uint16_t port = t.destination_port;
      t.destination_port = 0;
      ASSERT_EQ(whole, HashOf(owner, t) ^ owner.DestinationPortHash<A>(port));
    }
  }

  std::mt19937_64 random_{1};
};

TEST_F(OwnerTest, PublishedVectors) {
  Owner owner(PublishedKey(), 1);
  for (const Vector& v : kPublished) {
    bool v4 = std::string(v.source).find(':') == std::string::npos;
    EXPECT_EQ(v4 ? cfr::HashOf<V4>(owner, v) : cfr::HashOf<V6>(owner, v), v.hash) << v.source;
  }
}

TEST_F(OwnerTest, IsTheBitByBitDefinition) {
  CompareWithDefinition<V4>();
  CompareWithDefinition<V6>();
}

TEST_F(OwnerTest, ThePortCanBeSolvedFor) {
  CheckLinear<V4>();
  CheckLinear<V6>();
}

TEST_F(OwnerTest, BothDirectionsOfAKeyAreHashedAsSeenOnTheWire) {
  Owner owner(DrawKey(), 4);
  auto t = Draw<V4>();
  FlowKey<V4> out{t.source, t.destination, t.source_port, t.destination_port, 17, Direction::kOutbound};
  EXPECT_EQ(owner.Hash(out), HashOf(owner, t));
  FlowKey<V4> in{t.destination, t.source, t.destination_port, t.source_port, 17, Direction::kInbound};
  EXPECT_EQ(owner.Hash(in), HashOf(owner, t));
}

TEST_F(OwnerTest, FlowsSpreadEvenlyOverTheWorkers) {
  for (int workers : {1, 2, 3, 7, 16, 64}) {
    Owner owner(DrawKey(), workers);
    std::vector<int> load(static_cast<size_t>(workers));
    constexpr int kFlows = 200'000;
    for (int i = 0; i < kFlows; ++i) ++load[static_cast<size_t>(owner.WorkerOf(HashOf(owner, Draw<V4>())))];
    for (int count : load) {
      // 128 entries over the workers: some have one entry more than others.
      EXPECT_GE(count, kFlows / 128 * (128 / workers) * 9 / 10) << workers;
      EXPECT_LE(count, kFlows / 128 * ((128 + workers - 1) / workers) * 11 / 10) << workers;
    }
  }
}

// Draft R3: the flows of one subscriber must not gather on one worker.
TEST_F(OwnerTest, OneSubscriberSpreadsOverTheWorkers) {
  Owner owner(DrawKey(), 4);
  auto t = Draw<V6>();
  std::vector<int> load(4);
  for (int i = 0; i < 4000; ++i) {
    t.source_port = static_cast<uint16_t>(random_());
    ++load[static_cast<size_t>(owner.WorkerOf(HashOf(owner, t)))];
  }
  for (int count : load) EXPECT_NEAR(count, 1000, 150);
}

}  // namespace
}  // namespace cfr
