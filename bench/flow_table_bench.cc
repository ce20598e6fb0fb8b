// SPDX-License-Identifier: BSD-3-Clause
// Finding, missing, opening and closing flows, ours against the same records behind DPDK's rte_hash.
// Every look-up draws its flow uniformly from the whole population, both keys of a flow equally often.
// Method and pitfalls: README.md.
#include <benchmark/benchmark.h>
#include <gflags/gflags.h>

#include <memory>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "bench/pair.h"
#include "bench/rte_flow_table.h"
#include "bench/runner.h"
#include "dataplane/flow_table.h"

DEFINE_uint32(flows_max, 1 << 20, "Largest population: 1024, 65536, 1048576 or 4194304 flows");

namespace cfr::bench {
namespace {

constexpr uint32_t kBurst = 32, kFindsPerWindow = 2048, kChurnsPerWindow = 256;
constexpr uint64_t kNowMs = 1'000'000, kFarMs = kNowMs + 1'000'000;

// One to one on 30 bits: flow numbers in a row give remotes, units and ports without a pattern.
uint32_t Scramble(uint32_t n) {
  constexpr uint32_t kMask = (1u << 30) - 1;
  n = n * 2654435761u & kMask;
  n ^= n >> 15;
  n = n * 2246822519u & kMask;
  return n ^ n >> 13;
}

V4 Host(uint32_t n, V4) {
  return {__builtin_bswap32(0x0a000000 + n)};
}
V6 Host(uint32_t n, V6) {
  return {__builtin_bswap64(0x20010db880000000 + (uint64_t{n} << 8)), 1};
}
V4 Remote(uint32_t n, V4) {
  return {__builtin_bswap32(0xc6120000 + n)};
}
V6 Remote(uint32_t n, V6) {
  return {__builtin_bswap64(0x20010db800050000), n};
}
V4 Alias(uint32_t n, V4) {
  return {__builtin_bswap32(0xcb007100 + n)};
}
V6 Alias(uint32_t n, V6) {
  return {__builtin_bswap64(0x20010db800010000), n};
}

// Flow `n`: 63 flows a host, 1024 remotes, 16 alias units, ports as they come; no two share a key.
template <class A>
Flow<A> MakeFlow(uint32_t n) {
  const uint32_t drawn = Scramble(n);
  Flow<A> f{};
  f.subscriber = Host(n / 63, A{});
  f.subscriber_port = static_cast<uint16_t>(2000 + n % 63);
  f.remote = Remote(drawn & 1023, A{});
  f.remote_port = 443;
  f.alias = Alias(drawn >> 10 & 15, A{});
  f.alias_port = static_cast<uint16_t>(drawn >> 14);
  f.protocol = 17;
  f.state = FlowState::kUdp;
  return f;
}

// The same flows in both tables. Numbers 0 .. flows-1 are open, at the record of their number; churn
// replaces them by higher ones.
template <class A>
struct Population {
  Population(uint32_t capacity, uint32_t flows) : capacity(capacity), flows(flows), next(flows) {
    ours.Start(kNowMs);
    for (uint32_t n = 0; n < flows; ++n) {
      ours.Open(MakeFlow<A>(n), kFarMs);
      rival.Open(n, MakeFlow<A>(n));
    }
  }
  const uint32_t capacity, flows;
  uint32_t next;
  FlowTable<A> ours{capacity, FlowHash::Key{1, 2, 3, 4, 5, 6, 7, 8}};
  RteFlowTable<A> rival{capacity};
  std::mt19937_64 draw{1};
};

// Google Benchmark calls a function several times to find its number of iterations: the last population
// is kept, one of both families.
template <class A>
std::unique_ptr<Population<A>>& Kept() {
  static std::unique_ptr<Population<A>> kept;
  return kept;
}
template <class A>
Population<A>& Populate(uint32_t capacity, uint32_t flows) {
  std::unique_ptr<Population<A>>& kept = Kept<A>();
  if (kept == nullptr || kept->capacity != capacity || kept->flows != flows) {
    Kept<V4>().reset();
    Kept<V6>().reset();
    kept = std::make_unique<Population<A>>(capacity, flows);
  }
  return *kept;
}

// Keys of flows `first` .. `first + flows - 1`, a whole number of windows, as both tables want them.
template <class A>
struct Trace {
  Trace(Population<A>& population, uint32_t first)
      : Trace(population, first, std::clamp<size_t>(size_t{population.flows} * 4, 1 << 16, 1 << 21)) {}
  Trace(Population<A>& population, uint32_t first, size_t keys) : ours(keys), rival(keys) {
    for (size_t i = 0; i < keys; ++i) {
      const uint64_t drawn = population.draw();
      const Flow<A> flow = MakeFlow<A>(first + static_cast<uint32_t>(drawn % population.flows));
      ours[i] = drawn >> 63 != 0 ? OutboundKey(flow) : InboundKey(flow);
      rival[i] = RteKey<A>(ours[i]);
    }
  }
  // Where the next window starts.
  size_t Advance() { return at = at + kFindsPerWindow == ours.size() ? 0 : at + kFindsPerWindow; }
  std::vector<FlowKey<A>> ours;
  std::vector<RteKey<A>> rival;
  size_t at = 0;
};

// The three passes of Pipeline::Process. `found` flows are written to, as a packet does.
template <class A>
uint32_t FindOurs(FlowTable<A>& table, const FlowKey<A>* keys) {
  uint32_t found = 0;
  for (uint32_t done = 0; done < kFindsPerWindow; done += kBurst, keys += kBurst) {
    uint64_t hashes[kBurst];
    for (uint32_t i = 0; i < kBurst; ++i) table.Prefetch(hashes[i] = table.Hash(keys[i]));
    for (uint32_t i = 0; i < kBurst; ++i) table.PrefetchFlow(hashes[i]);
    for (uint32_t i = 0; i < kBurst; ++i) {
      FlowIndex flow = table.Find(keys[i], hashes[i]);
      if (flow == kNoFlow) continue;
      ++table[flow].packets_out;
      ++found;
    }
  }
  return found;
}

template <class A>
uint32_t FindRival(RteFlowTable<A>& table, const RteKey<A>* keys) {
  uint32_t found = 0;
  for (uint32_t done = 0; done < kFindsPerWindow; done += kBurst, keys += kBurst) {
    void* flows[kBurst];
    table.Find(keys, kBurst, flows);
    for (void* flow : flows) __builtin_prefetch(flow, 1);
    for (void* flow : flows) {
      if (flow == nullptr) continue;
      ++static_cast<Flow<A>*>(flow)->packets_out;
      ++found;
    }
  }
  return found;
}

// Adds bytes per flow of the capacity; small tables do not fill the arena's 2 MiB pages.
template <class A>
void Report(benchmark::State& state, Pair& pair, const Population<A>& population) {
  pair.Report(state);
  state.counters["ours_bytes"] = static_cast<double>(population.ours.bytes()) / population.capacity;
  state.counters["rival_bytes"] = static_cast<double>(population.rival.bytes()) / population.capacity;
}

// Windows of `trace`, all of whose keys are in the tables, or none.
template <class A>
void RunFinds(benchmark::State& state, Population<A>& population, Trace<A> trace, uint32_t expected) {
  Pair pair;
  bool right = true;
  for (auto _ : state) {
    const size_t at = trace.Advance();
    pair.Run(
        kFindsPerWindow, [&] { right &= FindOurs(population.ours, &trace.ours[at]) == expected; },
        [&] { right &= FindRival(population.rival, &trace.rival[at]) == expected; });
  }
  if (!right) state.SkipWithError("a table found what it should not, or did not");
  Report(state, pair, population);
}

template <class A>
void Hit(benchmark::State& state) {
  const auto flows = static_cast<uint32_t>(state.range(0));
  Population<A>& population = Populate<A>(flows, flows);
  RunFinds(state, population, Trace<A>(population, population.next - flows), kFindsPerWindow);
}

template <class A>
void Miss(benchmark::State& state) {
  const auto flows = static_cast<uint32_t>(state.range(0));
  Population<A>& population = Populate<A>(flows, flows);
  RunFinds(state, population, Trace<A>(population, 1u << 29), 0);
}

// A table of which `percent` is in use. At this capacity our index gains nothing from rounding up to a
// power of two buckets: the worst case, five keys a bucket when full (README.md).
template <class A>
void Load(benchmark::State& state) {
  const auto capacity = static_cast<uint32_t>(state.range(0));
  Population<A>& population = Populate<A>(capacity, capacity / 100 * static_cast<uint32_t>(state.range(1)));
  RunFinds(state, population, Trace<A>(population, 0), kFindsPerWindow);
}

// The oldest flow closes for good and a new one opens, in a full table, one by one as packets ask for it.
// Ours arms, disarms and passes quarantine with each.
template <class A>
void Churn(benchmark::State& state) {
  const auto flows = static_cast<uint32_t>(state.range(0));
  Population<A>& population = Populate<A>(flows, flows);
  Pair pair;
  auto churn_ours = [&] {
    for (uint32_t n = 0; n < kChurnsPerWindow; ++n) {
      FlowTable<A>& table = population.ours;
      const FlowIndex oldest = (population.next + n) % flows;
      table.Close(oldest, static_cast<uint32_t>(kNowMs));
      table.Rearm(oldest, kNowMs);
      table.Release(table.TakeDue(kNowMs));
      table.Open(MakeFlow<A>(population.next + n), kFarMs);
    }
  };
  auto churn_rival = [&] {
    for (uint32_t n = 0; n < kChurnsPerWindow; ++n) {
      const FlowIndex oldest = (population.next + n) % flows;
      population.rival.Close(oldest);
      population.rival.Open(oldest, MakeFlow<A>(population.next + n));
    }
  };
  for (auto _ : state) {
    pair.Run(kChurnsPerWindow, churn_ours, churn_rival);
    population.next += kChurnsPerWindow;
  }
  Report(state, pair, population);
}

// What follows another can use its population; churn changes it.
template <class A>
void Register(const std::string& family) {
  for (int64_t flows : {1 << 10, 1 << 16, 1 << 20, 1 << 22}) {
    if (flows > FLAGS_flows_max) break;
    using Function = void (*)(benchmark::State&);
    const std::pair<const char*, Function> tasks[] = {
        {"/hit", Hit<A>}, {"/miss", Miss<A>}, {"/churn", Churn<A>}};
    for (auto [name, function] : tasks)
      benchmark::RegisterBenchmark((family + name).c_str(), function)
          ->ArgName("flows")
          ->Arg(flows)
          ->UseRealTime();
  }
  const int64_t capacity = std::min(FLAGS_flows_max, 1u << 20) / 8 * 10;
  for (int64_t percent : {50, 75, 90, 100})
    benchmark::RegisterBenchmark((family + "/load").c_str(), Load<A>)
        ->ArgNames({"capacity", "percent"})
        ->Args({capacity, percent})
        ->UseRealTime();
}

}  // namespace
}  // namespace cfr::bench

int main(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);
  gflags::ParseCommandLineFlags(&argc, &argv, true);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 2;
  cfr::bench::StartEal();
  cfr::bench::Register<cfr::V4>("ipv4");
  cfr::bench::Register<cfr::V6>("ipv6");
  return cfr::bench::RunBenchmarks();
}
