// SPDX-License-Identifier: BSD-3-Clause
// The oracle is the test library's sum, one byte pair at a time.
#include "dataplane/checksum.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <vector>

#include "dataplane/headers.h"
#include "tests/support/packet_builder.h"

namespace cfr {
namespace {

std::vector<uint8_t> RandomBytes(std::mt19937& random, size_t count) {
  std::vector<uint8_t> bytes(count);
  for (uint8_t& b : bytes) b = static_cast<uint8_t>(random());
  return bytes;
}

uint16_t WordAt(const std::vector<uint8_t>& bytes, size_t offset) {
  uint16_t word;
  std::memcpy(&word, &bytes[offset], sizeof word);
  return word;
}

// One's complement has two zeros.
bool SameValue(uint16_t a, uint16_t b) {
  return a % 0xffff == b % 0xffff;
}

TEST(Checksum, FoldKeepsTheValueAndNeverMakesAZero) {
  std::mt19937_64 random(1);
  for (int i = 0; i < 100'000; ++i) {
    uint64_t sum = random() >> (random() % 64);
    ASSERT_EQ(Fold(sum) % 0xffff, sum % 0xffff) << sum;
    ASSERT_EQ(Fold(sum) == 0, sum == 0) << sum;
  }
  EXPECT_EQ(Fold(~uint64_t{0}), 0xffff);
  EXPECT_EQ(Fold(0x1'0000), 1);
}

TEST(Checksum, SumOfEveryLengthAndAlignment) {
  std::mt19937 random(2);
  const std::vector<uint8_t> bytes = RandomBytes(random, 1600);
  for (size_t offset = 0; offset < 8; ++offset)
    for (size_t count = 0; count < 200; ++count)
      ASSERT_EQ(Be16{Sum(&bytes[offset], count)}.host(), test::NaiveSum(&bytes[offset], count))
          << offset << " " << count;
  EXPECT_EQ(Be16{Sum(bytes.data(), 1500)}.host(), test::NaiveSum(bytes.data(), 1500));
  const std::vector<uint8_t> ones(1500, 0xff);
  EXPECT_EQ(Sum(ones.data(), ones.size()), 0xffff);
}

TEST(Checksum, SumStartsWhereItIsTold) {
  const uint8_t bytes[] = {0x12, 0x34, 0x56};
  EXPECT_EQ(Be16{Sum(bytes, 3, Be16::From(0xfff0).raw)}.host(), test::NaiveSum(bytes, 3, 0xfff0));
}

TEST(Checksum, TheExampleOfTheRfc) {  // RFC 1624 4, where equation 2 would give 0xffff
  EXPECT_EQ(Updated(0xdd2f, Delta(uint16_t{0x5555}, uint16_t{0x3285})), 0x0000);
}

// A right header stays right, a wrong one stays wrong by as much.
TEST(Checksum, UpdatingIsComputingAnew) {
  std::mt19937 random(3);
  for (int i = 0; i < 100'000; ++i) {
    std::vector<uint8_t> header = RandomBytes(random, 20);
    const uint16_t right = static_cast<uint16_t>(~Sum(header.data(), header.size()));
    const auto wrong_by = static_cast<uint16_t>(random());
    const size_t at = random() % 10 * 2;
    const uint16_t before = WordAt(header, at), after = static_cast<uint16_t>(random());
    std::memcpy(&header[at], &after, sizeof after);
    const uint16_t anew = static_cast<uint16_t>(~Sum(header.data(), header.size()));
    ASSERT_TRUE(SameValue(Updated(right, Delta(before, after)), anew));
    ASSERT_TRUE(
        SameValue(Updated(Combined(right, wrong_by), Delta(before, after)), Combined(anew, wrong_by)));
  }
}

TEST(Checksum, TheWayBackIsTheNegation) {
  std::mt19937 random(4);
  for (int d = 0; d < 200; ++d) {
    const uint16_t delta = Delta(static_cast<uint16_t>(random()), static_cast<uint16_t>(random()));
    for (uint32_t c = 0; c <= 0xffff; ++c) {
      const auto checksum = static_cast<uint16_t>(c);
      ASSERT_TRUE(SameValue(Updated(Updated(checksum, delta), Negated(delta)), checksum))
          << c << " " << delta;
    }
  }
}

TEST(Checksum, NoChangeLeavesTheChecksum) {
  for (uint32_t c = 0; c < 0xffff; ++c)
    ASSERT_EQ(Updated(static_cast<uint16_t>(c), Delta(uint16_t{0x1234}, uint16_t{0x1234})), c);
}

// Words may be taken in any order and from anywhere: only their multiset counts.
TEST(Checksum, ADeltaOverMemoryIsTheSumOfItsWords) {
  std::mt19937 random(5);
  for (int i = 0; i < 10'000; ++i) {
    const std::vector<uint8_t> before = RandomBytes(random, 16), after = RandomBytes(random, 16);
    std::vector<size_t> order = {0, 2, 4, 6, 8, 10, 12, 14};
    std::shuffle(order.begin(), order.end(), random);
    uint16_t sum = Delta(WordAt(before, order[0]), WordAt(after, order[0]));
    for (size_t n = 1; n < order.size(); ++n)
      sum = Combined(sum, Delta(WordAt(before, order[n]), WordAt(after, order[n])));
    ASSERT_TRUE(SameValue(sum, Delta(before.data(), after.data(), 16)));
  }
}

}  // namespace
}  // namespace cfr
