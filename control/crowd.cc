// SPDX-License-Identifier: BSD-3-Clause
#include "control/crowd.h"

#include <openssl/rand.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <numbers>

#include "common/check.h"

namespace cfr {
namespace {

constexpr size_t kEverybodyMax = 4096;        // sampled subscribers until only one in metrics_sample is
constexpr size_t kSampledMax = 65536;         // then half of them go, whenever there are more
constexpr uint32_t kTrailLife_s = 86400;      // the longest lag
constexpr uint32_t kNeighbourDistance = 16;   // of ports, for P3
constexpr uint64_t kSequencePairsMin = 1000;  // 1 % to a third of it
constexpr uint64_t kShannonFlowsMin = 256;
constexpr double kLeakNoiseMax = 0.05 / 3;  // of P2 and P4: their bound is three of it

bool HasPorts(const Opened& opened) {
  return opened.protocol == 6 || opened.protocol == 17;
}

uint64_t HashOf(const SipKey& key, uint8_t family, const uint8_t (&address)[16]) {
  uint64_t words[2];
  std::memcpy(words, address, sizeof words);
  return SipHash(key).Add(family).Add(words[0]).Add(words[1]).Finish();
}

uint64_t TupleHash(const SipKey& key, const Opened& o) {
  uint64_t words[2];
  std::memcpy(words, o.remote, sizeof words);
  return SipHash(key)
      .Add(uint64_t{o.unit} << 48 | uint64_t{o.alias_port} << 32 | uint64_t{o.remote_port} << 16 |
           uint64_t{o.family} << 8 | o.protocol)
      .Add(words[0])
      .Add(words[1])
      .Finish();
}

std::optional<double> Enough(const LeakTable::Leak& leak) {
  if (leak.flows == 0 || leak.noise > kLeakNoiseMax) return std::nullopt;
  return leak.bits;
}

}  // namespace

struct Crowd::UnitWindow {
  DistinctCount subscribers;
  Reservoir reservoir;
  uint64_t flows = 0, sampled_flows = 0;
  std::unordered_map<uint64_t, uint32_t> sampled;  // flows of sampled subscribers
};

struct Crowd::Window {
  Window(uint16_t first_port, uint16_t last_port) : ports(first_port, last_port) {}
  uint64_t flows = 0;
  DistinctCount active;
  std::unordered_map<UnitIndex, UnitWindow> units;
  PortBias ports;
  LeakTable high_slice{16}, low_slice{16}, owners{kWorkersMax};
  uint64_t sequences = 0, near_sequences = 0;
  Lift lift;
  ReuseIntervals reuse;
};

struct Crowd::Pool {
  struct Subscriber {
    Trail trail;
    uint16_t last_port = 0;
    bool has_port = false;
  };
  std::unique_ptr<Window> window;
  std::optional<CrowdFigures> finished;
  std::unordered_map<uint64_t, Subscriber> sampled;
};

SipKey Crowd::KernelKey() {
  SipKey key;
  CFR_CHECK(RAND_priv_bytes(reinterpret_cast<unsigned char*>(&key), sizeof key) == 1,
            "the kernel gives no entropy");
  return key;
}

Crowd::Crowd(DrawKey draw_key)
    : draw_key_(std::move(draw_key)),
      random_(draw_key_().low),
      sample_key_(draw_key_()),
      window_key_(draw_key_()) {}
Crowd::~Crowd() = default;

void Crowd::Configure(const Config& config, Generation generation, const std::vector<Assignment>& units) {
  if (generation == generation_) return;
  generation_ = generation;
  settings_ = config.settings;
  std::fill(pool_of_.begin(), pool_of_.end(), nullptr);
  std::map<std::string, std::unique_ptr<Pool>> former = std::exchange(pools_, {});
  for (const Assignment& a : units) {
    std::unique_ptr<Pool>& pool = pools_[a.pool];
    if (pool == nullptr)
      pool = former.contains(a.pool) ? std::move(former[a.pool]) : std::make_unique<Pool>();
    if (pool->window == nullptr) Begin(pool.get());
    pool_of_[a.index] = pool.get();
  }
}

void Crowd::Begin(Pool* pool) {
  pool->window = std::make_unique<Window>(static_cast<uint16_t>(settings_[Setting::kPortFirst]),
                                          static_cast<uint16_t>(settings_[Setting::kPortLast]));
}

void Crowd::Take(const Opened& opened) {
  const bool lawful = opened.unit < kUnitsMax && pool_of_[opened.unit] != nullptr &&
                      (opened.family == 4 || opened.family == 6) && opened.owner < kWorkersMax;
  if (!lawful) {
    ++refused_;
    return;
  }
  ++taken_;
  Pool* pool = pool_of_[opened.unit];
  Window& window = *pool->window;
  UnitWindow& unit = window.units[opened.unit];
  const uint64_t counted = HashOf(window_key_, opened.family, opened.subscriber);
  ++window.flows;
  ++unit.flows;
  window.active.Add(counted);
  unit.subscribers.Add(counted);
  unit.reservoir.Add(counted, random_);
  window.lift.AddFlow(opened.unit);
  if (HasPorts(opened)) window.ports.Add(opened.alias_port);
  const uint64_t subscriber = HashOf(sample_key_, opened.family, opened.subscriber);
  const auto interval = reuse_.Add(TupleHash(sample_key_, opened), subscriber, opened.at_ms);
  if (interval.has_value()) window.reuse.Add(*interval);
  if (IsSampled(subscriber)) TakeSampled(opened, subscriber, pool);
}

void Crowd::TakeSampled(const Opened& opened, uint64_t subscriber, Pool* pool) {
  Window& window = *pool->window;
  UnitWindow& unit = window.units[opened.unit];
  ++unit.sampled_flows;
  ++unit.sampled[subscriber];
  auto [place, fresh] = pool->sampled.try_emplace(subscriber);
  Pool::Subscriber& s = place->second;
  s.trail.Walk(static_cast<uint32_t>(opened.at_ms / 1000), opened.unit, &window.lift);
  window.owners.Add(subscriber, opened.owner);
  if (HasPorts(opened)) {
    window.high_slice.Add(subscriber, opened.alias_port >> 12);
    window.low_slice.Add(subscriber, opened.alias_port & 15);
    if (s.has_port) {
      const int distance = std::abs(int{opened.alias_port} - int{s.last_port});
      ++window.sequences;
      window.near_sequences += distance <= static_cast<int>(kNeighbourDistance) ? 1 : 0;
    }
    s.has_port = true;
    s.last_port = opened.alias_port;
  }
  if (fresh && ++sampled_ > (sample_one_in_ == 1 ? kEverybodyMax : kSampledMax)) Coarsen();
}

// Too many to follow: fewer are sampled from now on, and what was kept of the others goes.
void Crowd::Coarsen() {
  sample_one_in_ =
      sample_one_in_ == 1 ? std::max<uint64_t>(2, settings_[Setting::kMetricsSample]) : sample_one_in_ * 2;
  auto stays = [this](uint64_t subscriber) { return IsSampled(subscriber); };
  sampled_ = 0;
  for (auto& [name, pool] : pools_) {
    std::erase_if(pool->sampled, [&](const auto& s) { return !stays(s.first); });
    sampled_ += pool->sampled.size();
    Window& window = *pool->window;
    for (LeakTable* table : {&window.high_slice, &window.low_slice, &window.owners}) table->Keep(stays);
    for (auto& [index, unit] : window.units) {
      std::erase_if(unit.sampled, [&](const auto& s) { return !stays(s.first); });
      unit.sampled_flows = 0;
      for (const auto& [subscriber, flows] : unit.sampled) unit.sampled_flows += flows;
    }
  }
}

void Crowd::Tick(uint64_t now_ms) {
  now_ms_ = now_ms;
  if (window_began_ms_ == 0) window_began_ms_ = now_ms;
  if (now_ms - window_began_ms_ < settings_[Setting::kEpochLength] * 1000) return;
  const auto now_s = static_cast<uint32_t>(now_ms / 1000);
  sampled_ = 0;
  for (auto& [name, pool] : pools_) {
    pool->finished = Measure(*pool);
    Begin(pool.get());
    std::erase_if(pool->sampled,
                  [&](const auto& s) { return now_s - s.second.trail.last_s() > kTrailLife_s; });
    sampled_ += pool->sampled.size();
  }
  window_key_ = draw_key_();
  window_began_ms_ = now_ms;
}

std::optional<Crowd::View> Crowd::Of(const std::string& name) const {
  auto found = pools_.find(name);
  if (found == pools_.end()) return std::nullopt;
  const Pool& pool = *found->second;
  return View{pool.finished.has_value() ? *pool.finished : Measure(pool), pool.finished.has_value()};
}

CrowdFigures Crowd::Measure(const Pool& pool) const {
  const Window& window = *pool.window;
  CrowdFigures f;
  f.seconds = (now_ms_ - window_began_ms_) / 1000;
  f.flows = window.flows;
  f.active = std::round(window.active.Estimate());
  f.units = static_cast<uint32_t>(window.units.size());
  if (window.units.empty()) return f;
  std::vector<double> crowds;
  uint64_t low_flows = 0;
  auto worst = [](std::optional<double>* of_pool, std::optional<double> of_unit) {
    if (of_unit.has_value()) *of_pool = std::min(of_pool->value_or(*of_unit), *of_unit);
  };
  for (const auto& [index, unit] : window.units) {
    const double crowd = std::round(unit.subscribers.Estimate());
    crowds.push_back(crowd);
    if (crowd < kHardFloor) low_flows += unit.flows;
    if (crowd < static_cast<double>(settings_[Setting::kCrowdMin])) ++f.units_below_floor;
    worst(&f.effective_set, unit.reservoir.EffectiveSet());
    if (unit.sampled_flows < kShannonFlowsMin) continue;
    double bits = 0;
    const auto n = static_cast<double>(unit.sampled_flows);
    for (const auto& [subscriber, flows] : unit.sampled) bits -= flows / n * std::log2(flows / n);
    bits += static_cast<double>(unit.sampled.size() - 1) / (2 * n * std::numbers::ln2);
    worst(&f.shannon_set, std::exp2(bits) * static_cast<double>(sample_one_in_));
  }
  std::sort(crowds.begin(), crowds.end());
  f.smallest_crowd = crowds.front();
  f.p1_crowd = crowds[crowds.size() / 100];
  f.low_crowd_share = static_cast<double>(low_flows) / static_cast<double>(window.flows);
  for (int b = 0; b < kLagBands; ++b) f.lift[b] = window.lift.Of(static_cast<LagBand>(b));
  f.half_life_s = window.lift.HalfLife_s();
  if (window.ports.flows() >= PortBias::kFlowsMin) {
    f.port_entropy = window.ports.Entropy();
    f.port_chance = window.ports.Chance();
  }
  const auto high = Enough(window.high_slice.Measure()), low = Enough(window.low_slice.Measure());
  if (high.has_value() && low.has_value()) f.slice_leak = std::max(*high, *low);
  f.owner_leak = Enough(window.owners.Measure());
  if (window.sequences >= kSequencePairsMin) {
    const auto range =
        static_cast<double>(settings_[Setting::kPortLast] - settings_[Setting::kPortFirst] + 1);
    f.sequence_leak = static_cast<double>(window.near_sequences) / static_cast<double>(window.sequences) -
                      (2 * kNeighbourDistance + 1) / range;
  }
  f.shortest_reuse_s = window.reuse.Shortest_s();
  f.p1_reuse_s = window.reuse.Percentile_s();
  return f;
}

}  // namespace cfr
