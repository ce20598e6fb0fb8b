// SPDX-License-Identifier: BSD-3-Clause
#include "bench/privacy/pairs.h"

#include <algorithm>
#include <optional>

namespace cfr::privacy {
namespace {

constexpr size_t kSameTraining = 40'000, kSameTest = 20'000;
constexpr size_t kStrangerTraining = 120'000, kStrangerTest = 60'000;
constexpr size_t kConsecutiveSame = 60'000, kConsecutiveStranger = 120'000;
constexpr size_t kTriesPerPair = 60;

// Up to `wanted` pairs from `attempt() -> optional<Pair>`.
template <class Attempt>
Pairs Collect(size_t wanted, Attempt attempt) {
  Pairs pairs;
  for (size_t tries = wanted * kTriesPerPair; tries > 0 && pairs.size() < wanted; --tries)
    if (std::optional<Pair> pair = attempt()) pairs.push_back(*pair);
  return pairs;
}

class Sampler {
 public:
  Sampler(const Observer& observer, uint64_t stream)
      : observer_(observer), random_(observer.trace().scenario.seed, stream), everybody_(observer.size()) {
    for (uint32_t i = 0; i < everybody_.size(); ++i) everybody_[i] = i;
    for (uint32_t i : everybody_) of_parity_[observer.Truth(i).subscriber & 1].push_back(i);
  }

  std::optional<Pair> Same(const LagBand& band, uint32_t parity) {
    const std::vector<uint32_t>& from = of_parity_[parity];
    if (from.empty()) return std::nullopt;
    const uint32_t x = from[random_.Below(from.size())];
    const Opening& a = observer_.Truth(x);
    std::optional<uint32_t> y = DrawLater(observer_.Of(a.subscriber), x, band);
    if (!y) return std::nullopt;
    const Opening& b = observer_.Truth(*y);
    if (a.site == b.site || (band.first_ms > 0 && a.visit == b.visit)) return std::nullopt;
    return Pair{x, *y};
  }

  std::optional<Pair> Strangers(const LagBand& band) {
    if (everybody_.empty()) return std::nullopt;
    const uint32_t x = random_.Below(everybody_.size());
    std::optional<uint32_t> y = DrawLater(everybody_, x, band);
    if (!y) return std::nullopt;
    const Opening &a = observer_.Truth(x), &b = observer_.Truth(*y);
    if (a.site == b.site || a.subscriber == b.subscriber) return std::nullopt;
    return Pair{x, *y};
  }

  std::optional<Pair> Previous() {
    const std::vector<uint32_t>& from = of_parity_[0];
    if (from.empty()) return std::nullopt;
    const uint32_t x = from[random_.Below(from.size())];
    return LatestBefore(observer_.Truth(x).subscriber, x);
  }

  std::optional<Pair> LatestOfAnother() {
    if (everybody_.empty()) return std::nullopt;
    const uint32_t x = random_.Below(everybody_.size());
    const uint32_t other = random_.Below(observer_.trace().population.subscribers.size());
    if (other == observer_.Truth(x).subscriber) return std::nullopt;
    return LatestBefore(other, x);
  }

 private:
  // Uniform over those of `ordered` that are later than `x` with a lag in the band.
  std::optional<uint32_t> DrawLater(std::span<const uint32_t> ordered, uint32_t x, const LagBand& band) {
    const uint32_t start = observer_.Truth(x).time_ms;
    auto earlier = [&](uint32_t i, uint32_t time_ms) { return observer_.Truth(i).time_ms < time_ms; };
    auto first = std::lower_bound(ordered.begin(), ordered.end(), start + band.first_ms, earlier);
    if (band.first_ms == 0) first = std::upper_bound(ordered.begin(), ordered.end(), x);
    const auto last = std::lower_bound(first, ordered.end(), start + band.last_ms + 1, earlier);
    if (first == last) return std::nullopt;
    return first[random_.Below(static_cast<uint64_t>(last - first))];
  }

  std::optional<Pair> LatestBefore(uint32_t subscriber, uint32_t x) const {
    std::span<const uint32_t> own = observer_.Of(subscriber);
    auto next = std::lower_bound(own.begin(), own.end(), x);
    if (next == own.begin()) return std::nullopt;
    return Pair{next[-1], x};
  }

  const Observer& observer_;
  Random random_;
  std::vector<uint32_t> everybody_, of_parity_[2];
};

}  // namespace

BandPairs SamplePairs(const Observer& observer, const LagBand& band) {
  Sampler sampler(observer, Hash({0x9a12, band.first_ms}));
  BandPairs pairs;
  pairs.same_training = Collect(kSameTraining, [&] { return sampler.Same(band, 0); });
  pairs.same_test = Collect(kSameTest, [&] { return sampler.Same(band, 1); });
  pairs.stranger_training = Collect(kStrangerTraining, [&] { return sampler.Strangers(band); });
  pairs.stranger_test = Collect(kStrangerTest, [&] { return sampler.Strangers(band); });
  return pairs;
}

ConsecutivePairs SampleConsecutive(const Observer& observer) {
  Sampler sampler(observer, Hash({0xc025}));
  return {Collect(kConsecutiveSame, [&] { return sampler.Previous(); }),
          Collect(kConsecutiveStranger, [&] { return sampler.LatestOfAnother(); })};
}

AllPairs::AllPairs(const Observer& observer) : consecutive(SampleConsecutive(observer)) {
  for (int i = 0; i < kLagBands; ++i) band[i] = SamplePairs(observer, kBands[i]);
}

}  // namespace cfr::privacy
