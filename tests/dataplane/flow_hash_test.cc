// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/flow_hash.h"

#include <gtest/gtest.h>

#include <bit>
#include <cstring>
#include <random>
#include <vector>

#include "dataplane/headers.h"
#include "tests/support/uniformity.h"

namespace cfr {
namespace {

FlowHash::Key DrawKey(std::mt19937_64& random) {
  FlowHash::Key key;
  for (uint64_t& word : key) word = random();
  return key;
}

// The bits of a key that mean something, one after the other.
template <class A>
void FlipBit(FlowKey<A>* key, size_t bit) {
  constexpr size_t kAddressBits = sizeof(A) * 8;
  auto flip = [&](void* field) {
    static_cast<uint8_t*>(field)[bit / 8] ^= static_cast<uint8_t>(1 << bit % 8);
  };
  if (bit < kAddressBits) return flip(&key->local);
  bit -= kAddressBits;
  if (bit < kAddressBits) return flip(&key->remote);
  bit -= kAddressBits;
  if (bit < 16) return flip(&key->local_port);
  bit -= 16;
  if (bit < 16) return flip(&key->remote_port);
  bit -= 16;
  if (bit < 8) return flip(&key->protocol);
  key->direction = key->direction == Direction::kOutbound ? Direction::kInbound : Direction::kOutbound;
}

template <class A>
class FlowHashTest : public testing::Test {
 protected:
  static constexpr size_t kBits = sizeof(A) * 16 + 16 + 16 + 8 + 1;
  FlowKey<A> Draw() {
    const uint64_t words[5] = {random_(), random_(), random_(), random_(), random_()};
    return {LoadAddress<A>(&words[0]),
            LoadAddress<A>(&words[2]),
            static_cast<uint16_t>(words[4]),
            static_cast<uint16_t>(words[4] >> 16),
            static_cast<uint8_t>(words[4] >> 32),
            Direction::kOutbound};
  }
  std::mt19937_64 random_{1};
};
using Families = testing::Types<V4, V6>;
TYPED_TEST_SUITE(FlowHashTest, Families);

TYPED_TEST(FlowHashTest, SameKeySameHash) {
  FlowHash::Key secret = DrawKey(this->random_);
  FlowHash one(secret), other(secret);
  for (int n = 0; n < 1000; ++n) {
    auto key = this->Draw();
    ASSERT_EQ(one(key), other(key));
  }
}

// Each input bit turns each output bit half of the time: no field is left out, no sender can aim.
TYPED_TEST(FlowHashTest, EveryBitOfTheKeyTurnsHalfOfTheHash) {
  constexpr int kTrials = 400;
  for (size_t bit = 0; bit < this->kBits; ++bit) {
    std::vector<int> turned(64);
    for (int n = 0; n < kTrials; ++n) {
      FlowHash hash(DrawKey(this->random_));
      auto key = this->Draw();
      const uint64_t before = hash(key);
      FlipBit(&key, bit);
      for (uint64_t difference = before ^ hash(key); difference != 0; difference &= difference - 1)
        ++turned[static_cast<size_t>(std::countr_zero(difference))];
    }
    for (int count : turned) ASSERT_NEAR(count, kTrials / 2, 6 * 10) << bit;  // 6 standard deviations
  }
}

// One subscriber to one remote, port after port: what the buckets and tags of the index are made of.
TYPED_TEST(FlowHashTest, ConsecutivePortsSpreadEvenly) {
  FlowHash hash(DrawKey(this->random_));
  std::vector<uint64_t> low(256), high(256);
  FlowKey<TypeParam> key = this->Draw();
  for (uint32_t port = 0; port < 65536; ++port) {
    key.local_port = Be16::From(static_cast<uint16_t>(port)).raw;
    const uint64_t h = hash(key);
    ++low[h & 255];
    ++high[h >> 56];
  }
  test::ExpectUniform(low);
  test::ExpectUniform(high);
}

}  // namespace
}  // namespace cfr
