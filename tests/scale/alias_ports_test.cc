// SPDX-License-Identifier: BSD-3-Clause
// Many port draws for one subscriber towards one remote, as an observer there who keeps them all would see:
// they are uniform, no draw says anything of the next, and nobody who guesses the next does better than
// chance.
// `--draws=100000000` for the long run.
#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <cstdlib>
#include <memory>
#include <string_view>
#include <vector>

#include "dataplane/alias_port.h"
#include "tests/support/literals.h"
#include "tests/support/uniformity.h"

namespace cfr {
namespace {

using test::ExpectUniform;
using test::PairCounts;
using test::operator""_ip;

uint64_t draws = 5'000'000;

constexpr uint32_t kFirst = 1024, kPorts = 65536 - kFirst;
static_assert(kFirst == kDefaultSettings[Setting::kPortFirst] &&
              kDefaultSettings[Setting::kPortLast] == 65535);

// The production draw towards a remote where no port is in use.
class PortStream {
 public:
  PortStream(int workers, int worker)
      : owner_(OwnerKey(), workers), ports_(worker, owner_, exclusive_, random_) {
    flow_.protocol = kProtocolTcp;
    flow_.alias = LoadAddress<V4>("203.0.113.7"_ip.bytes.data());
    flow_.remote = LoadAddress<V4>("198.51.100.1"_ip.bytes.data());
    flow_.remote_port = Be16::From(443).raw;
  }
  // From 0.
  uint32_t Next() {
    EXPECT_TRUE(ports_.Draw(snapshot_, *flows_, 1'000'000, &flow_));
    return Be16{flow_.alias_port}.host() - kFirst;
  }

 private:
  // The same for every stream.
  static Owner::Key OwnerKey() {
    RandomSource random(std::array<uint8_t, 32>{8});
    Owner::Key key;
    for (uint8_t& byte : key) byte = static_cast<uint8_t>(random.Next16());
    return key;
  }

  RandomSource random_{std::array<uint8_t, 32>{7}};
  Owner owner_;
  ExclusivePorts exclusive_;
  AliasPort ports_;
  const Snapshot snapshot_;
  std::unique_ptr<FlowTable<V4>> flows_ =
      std::make_unique<FlowTable<V4>>(64, FlowHash::Key{1, 2, 3, 4, 5, 6, 7, 8});
  Flow<V4> flow_{};
};

// Guesses of somebody who has seen all draws so far.
struct Guesser {
  const char* method;
  uint32_t guess = 0;
  uint64_t hits = 0;
};

TEST(AliasPorts, AreUniformAndSayNothingOfTheNext) {
  constexpr uint32_t kLags = 8, kCells = 64;
  PortStream stream(1, 0);
  std::vector<uint64_t> counts(kPorts);
  PairCounts high(kCells), low(kCells);
  std::array<double, kLags> products{};
  std::array<double, kLags> former{};  // in standard deviations
  const double mean = (kPorts - 1) / 2.0, deviation = std::sqrt((double{kPorts} * kPorts - 1) / 12);
  Guesser guessers[] = {{"the same again"},
                        {"one more"},
                        {"the same step again"},
                        {"what followed the last time"},
                        {"what stood as far back"}};
  std::vector<uint32_t> follower(kPorts), history(kPorts);
  uint32_t last = 0, before = 0;
  for (uint64_t n = 0; n < draws; ++n) {
    const uint32_t port = stream.Next();
    ++counts[port];
    for (Guesser& g : guessers) g.hits += n > 1 && g.guess == port;
    const double scaled = (port - mean) / deviation;
    for (uint32_t lag = 0; lag < kLags; ++lag)
      products[lag] += scaled * former[(n + kLags - 1 - lag) % kLags];
    former[n % kLags] = scaled;
    if (n % 2 == 1) {
      high.Add(uint64_t{last} * kCells / kPorts, uint64_t{port} * kCells / kPorts);
      low.Add(last % kCells, port % kCells);
    }
    follower[last] = port;
    history[n % kPorts] = port;
    before = last;
    last = port;
    guessers[0].guess = last;
    guessers[1].guess = (last + 1) % kPorts;
    guessers[2].guess = (2 * last + kPorts - before) % kPorts;
    guessers[3].guess = follower[last];
    guessers[4].guess = history[(n + 1) % kPorts];
  }
  const auto total = static_cast<double>(draws);
  ExpectUniform(counts);
  high.ExpectIndependent();
  low.ExpectIndependent();
  for (uint32_t lag = 0; lag < kLags; ++lag)
    EXPECT_LT(std::abs(products[lag] / total), 6 / std::sqrt(total)) << "correlation at lag " << lag + 1;
  const double chance = total / kPorts;
  for (const Guesser& g : guessers)
    EXPECT_NEAR(static_cast<double>(g.hits), chance, 6 * std::sqrt(chance)) << g.method;
}

// Of four workers each draws from its own quarter, which no remote can tell: together they are uniform, and
// each covers ports all over the range.
TEST(AliasPorts, OfFourWorkersAreUniformTogether) {
  std::vector<uint64_t> counts(kPorts), worker_of(kPorts, 0);
  std::vector<std::unique_ptr<PortStream>> streams;
  for (int w = 0; w < 4; ++w) streams.push_back(std::make_unique<PortStream>(4, w));
  for (uint64_t n = 0; n < draws; ++n) {
    const uint32_t port = streams[n % 4]->Next();
    ++counts[port];
    worker_of[port] |= uint64_t{1} << n % 4;
  }
  ExpectUniform(counts);
  std::array<uint64_t, 4> owned{};
  for (uint64_t workers : worker_of) {
    if (workers == 0) continue;
    ASSERT_EQ(workers & (workers - 1), 0u) << "a port of two workers";
    ++owned[static_cast<size_t>(__builtin_ctzll(workers))];
  }
  for (uint64_t count : owned) EXPECT_NEAR(static_cast<double>(count), kPorts / 4.0, 512);
}

}  // namespace
}  // namespace cfr

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  constexpr std::string_view kFlag = "--draws=";
  for (int i = 1; i < argc; ++i)
    if (std::string_view(argv[i]).starts_with(kFlag))
      cfr::draws = std::strtoull(argv[i] + kFlag.size(), nullptr, 10);
  return RUN_ALL_TESTS();
}
