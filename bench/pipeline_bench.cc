// SPDX-License-Identifier: BSD-3-Clause
// What one packet costs in the pipeline: in-memory bursts of 32, no NIC, no PCIe, the headers made in
// place included (`source` alone is a benchmark of its own). Method and pitfalls: README.md.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <memory>
#include <random>
#include <tuple>
#include <utility>

#include "bench/bench_relay.h"
#include "bench/pair.h"
#include "bench/runner.h"
#include "bench/stopwatch.h"
#include "dataplane/checksum.h"

namespace cfr::bench {
namespace {

constexpr char kLabel[] = "in-memory packets, no NIC";

// Google Benchmark calls a function several times to find its number of iterations; opening a million
// flows each time would be most of the run, so the last population is kept.
BenchRelay& Population(uint32_t flows, Family family, Segment data) {
  static std::unique_ptr<BenchRelay> relay;
  static std::tuple<uint32_t, Family, Segment> made;
  if (relay == nullptr || made != std::tuple(flows, family, data)) {
    relay.reset();
    relay = std::make_unique<BenchRelay>(flows, std::vector{family}, 0, data);
    made = {flows, family, data};
  }
  return *relay;
}

size_t TraceLength(uint32_t flows) {
  return std::clamp<size_t>(size_t{flows} * 4, 1 << 16, 1 << 22) / kBurst * kBurst;
}

template <class A>
void Established(benchmark::State& state, Direction direction, Segment data) {
  BenchRelay& relay = Population(static_cast<uint32_t>(state.range(0)), A::kFamily, data);
  auto trace = relay.Trace<A>(direction, TraceLength(relay.flows()));
  Burst burst;
  size_t at = 0;
  Stopwatch watch;
  for (auto _ : state) {
    burst.Fill(&trace[at], direction, data);
    relay.Process(direction, burst);
    at = at + kBurst == trace.size() ? 0 : at + kBurst;
    watch.Add(kBurst);
  }
  watch.Report(state, "packet");
  for (const Packet& p : burst.packets())
    if (p.verdict != Verdict::kForward) state.SkipWithError("a packet of a live flow was not forwarded");
  state.SetLabel(kLabel);
}

template <class A>
void Source(benchmark::State& state, Segment data) {
  BenchRelay& relay = Population(static_cast<uint32_t>(state.range(0)), A::kFamily, data);
  auto trace = relay.Trace<A>(Direction::kOutbound, TraceLength(relay.flows()));
  Burst burst;
  size_t at = 0;
  Stopwatch watch;
  for (auto _ : state) {
    burst.Fill(&trace[at], Direction::kOutbound, data);
    benchmark::DoNotOptimize(burst.packets().data());
    benchmark::ClobberMemory();
    at = at + kBurst == trace.size() ? 0 : at + kBurst;
    watch.Add(kBurst);
  }
  watch.Report(state, "packet");
  state.SetLabel(kLabel);
}

constexpr int kOpenBursts = 1 << 13;  // 262,144 new flows
constexpr int kMixedRounds = 1 << 13;

template <class A>
void Open(benchmark::State& state) {
  BenchRelay relay(static_cast<uint32_t>(state.range(0)), {A::kFamily}, kOpenBursts * kBurst);
  auto trace = relay.NewFlows<A>(size_t{kOpenBursts} * kBurst);
  Burst burst;
  size_t at = 0;
  Stopwatch watch;
  for (auto _ : state) {
    burst.Fill(&trace[at], Direction::kOutbound);
    relay.Process(Direction::kOutbound, burst);
    at += kBurst;
    watch.Add(kBurst);
  }
  watch.Report(state, "packet");
  if (relay.page().Get(Direction::kOutbound, Counter::kOpenedUdp) != relay.flows() + kOpenBursts * kBurst)
    state.SkipWithError("not every packet opened a flow");
  state.SetLabel(kLabel);
}

// What it costs to tell the control process of each flow (ours) against nobody listening (rival). The ring is
// read between two bursts, which is not timed.
template <class A>
void OpenTold(benchmark::State& state) {
  const auto flows = static_cast<uint32_t>(state.range(0));
  BenchRelay told(flows, {A::kFamily}, kOpenBursts * kBurst),
      silent(flows, {A::kFamily}, kOpenBursts * kBurst);
  auto told_trace = told.NewFlows<A>(size_t{kOpenBursts} * kBurst);
  auto silent_trace = silent.NewFlows<A>(size_t{kOpenBursts} * kBurst);
  auto ring = std::make_unique<OpenedRing>();
  OpenedConsumer control(ring.get());
  told.TellOpenings(ring.get());
  Burst told_burst, silent_burst;
  std::array<Opened, kBurst> read;
  uint32_t count = 0;
  size_t at = 0;
  Pair pair;
  for (auto _ : state) {
    told_burst.Fill(&told_trace[at], Direction::kOutbound);
    silent_burst.Fill(&silent_trace[at], Direction::kOutbound);
    pair.Run(
        kBurst, [&] { told.Process(Direction::kOutbound, told_burst); },
        [&] { silent.Process(Direction::kOutbound, silent_burst); });
    control.PopBurst(read.data(), kBurst, &count);
    at += kBurst;
  }
  pair.Report(state);
  if (count != kBurst) state.SkipWithError("an opening was not told");
  state.SetLabel(kLabel);
}

// Opening flows (ours), and what the alias policy alone takes for the same ones (rival), one after the other
// as packets are. `policy_share`: how much dearer opening is than with an alias out of nowhere.
template <class A>
void OpenPolicy(benchmark::State& state, uint8_t per) {
  BenchRelay relay(static_cast<uint32_t>(state.range(0)), {A::kFamily}, kOpenBursts * kBurst);
  const Snapshot& snapshot = *relay.world().snapshot;
  AliasPolicy policy({1, 2}, snapshot.settings[Setting::kAffinityPairs], {1, 2, 3, 4, 5, 6, 7, 8});
  const AliasRules rules(snapshot.settings);
  const AliasOffer offer{*relay.world().keys, snapshot.drawable[0][static_cast<int>(A::kFamily)],
                         snapshot.units};
  auto trace = relay.NewFlows<A>(size_t{kOpenBursts} * kBurst);
  Burst burst;
  size_t at = 0;
  auto draw = [&](const TraceEntry<A>& e) {
    const Address subscriber = Masked(ToAddress(e.source), per);
    AliasDraw units = policy.Begin(subscriber, ToAddress(e.destination), relay.now_ms(), rules, offer);
    benchmark::DoNotOptimize(policy.Opened(units, units.Next()));
    _mm_lfence();
  };
  Pair pair;
  for (auto _ : state) {
    burst.Fill(&trace[at], Direction::kOutbound);
    pair.Run(
        kBurst, [&] { relay.Process(Direction::kOutbound, burst); },
        [&] { std::for_each_n(&trace[at], kBurst, draw); });
    at += kBurst;
  }
  pair.Report(state);
  const double open = state.counters["ours_ns"], alone = state.counters["rival_ns"];
  state.counters["policy_share"] = alone / (open - alone);
  if (relay.page().Get(Direction::kOutbound, Counter::kOpenedUdp) != relay.flows() + kOpenBursts * kBurst)
    state.SkipWithError("not every packet opened a flow");
  state.SetLabel(kLabel);
}

// Bursts of both families and directions in turn, every hundredth packet the first of a flow.
void Mixed(benchmark::State& state) {
  BenchRelay relay(static_cast<uint32_t>(state.range(0)), {Family::kV4, Family::kV6}, kMixedRounds * 2);
  const size_t length = size_t{kMixedRounds} * kBurst;
  auto out4 = relay.Trace<V4>(Direction::kOutbound, length),
       in4 = relay.Trace<V4>(Direction::kInbound, length);
  auto out6 = relay.Trace<V6>(Direction::kOutbound, length),
       in6 = relay.Trace<V6>(Direction::kInbound, length);
  auto fresh4 = relay.NewFlows<V4>(kMixedRounds);
  auto fresh6 = relay.NewFlows<V6>(kMixedRounds);
  for (size_t i = 0; i < kMixedRounds; ++i) out4[i * kBurst + i % kBurst] = fresh4[i];
  for (size_t i = 0; i < kMixedRounds; i += 2) out6[i * kBurst + i % kBurst] = fresh6[i];
  Burst burst;
  size_t at = 0;
  Stopwatch watch;
  auto run = [&](const auto& trace, Direction direction) {
    burst.Fill(&trace[at], direction);
    relay.Process(direction, burst);
  };
  for (auto _ : state) {
    run(out4, Direction::kOutbound);
    run(in4, Direction::kInbound);
    run(out6, Direction::kOutbound);
    run(in6, Direction::kInbound);
    at += kBurst;
    watch.Add(4 * kBurst);
  }
  watch.Report(state, "packet");
  state.SetLabel(kLabel);
}

// Later fragments of datagrams that have no first one, each with an id of its own: they are held, push one
// another out, and none ever passes.
void MakeFragments(Burst& burst, std::mt19937& draw) {
  for (Packet& p : burst.packets()) {
    Ipv4Header& ip = p.ip4();
    ip.flags_offset = Be16::From(185);
    ip.id.raw = static_cast<uint16_t>(draw());
    ip.checksum.raw = 0;
    ip.checksum.raw = static_cast<uint16_t>(~Sum(&ip, sizeof ip));
  }
}

// What a burst of live flows costs behind a burst of such fragments (ours), and behind one of live flows
// (rival): the flood is half of all packets. Only the burst of live flows is timed.
void FragmentFlood(benchmark::State& state) {
  constexpr size_t kPairsPerMs = 64;  // 8 million packets a second
  BenchRelay& relay = Population(static_cast<uint32_t>(state.range(0)), Family::kV4, Segment::kUdp);
  constexpr Direction kOut = Direction::kOutbound;
  auto trace = relay.Trace<V4>(kOut, TraceLength(relay.flows()));
  Burst before, timed;
  std::mt19937 draw{1};
  size_t at = 0, pairs = 0;
  auto next = [&] { return &trace[at = at + 2 * kBurst > trace.size() - kBurst ? 0 : at + kBurst]; };
  auto prepare = [&](bool flood) {
    before.Fill(next(), kOut);
    if (flood) MakeFragments(before, draw);
    relay.Process(kOut, before);
    relay.ForgetReleased(kOut);
    timed.Fill(next(), kOut);
  };
  Pair pair;
  for (auto _ : state) {
    if (++pairs % kPairsPerMs == 0) relay.Pass(1);
    pair.RunPrepared(
        kBurst, [&] { prepare(true); }, [&] { prepare(false); }, [&] { relay.Process(kOut, timed); });
  }
  pair.Report(state);
  state.counters["held"] = relay.pipeline().fragments().held();
  for (const Packet& p : timed.packets())
    if (p.verdict != Verdict::kForward) state.SkipWithError("a packet of a live flow was not forwarded");
  if (relay.pipeline().fragments().held() == 0) state.SkipWithError("there was no flood");
  state.SetLabel(kLabel);
}

void Register() {
  using Function = void (*)(benchmark::State&);
  auto populations = [](benchmark::internal::Benchmark* b) {
    return b->ArgName("flows")->Arg(1 << 10)->Arg(1 << 16)->Arg(1 << 20);
  };
  constexpr Direction kOut = Direction::kOutbound, kIn = Direction::kInbound;
  constexpr Segment kUdp = Segment::kUdp, kTcp = Segment::kTcpData;
  const std::pair<const char*, Function> established[] = {
      {"established/ipv4/outbound", [](auto& state) { Established<V4>(state, kOut, kUdp); }},
      {"established/ipv4/inbound", [](auto& state) { Established<V4>(state, kIn, kUdp); }},
      {"established/ipv6/outbound", [](auto& state) { Established<V6>(state, kOut, kUdp); }},
      {"established/ipv6/inbound", [](auto& state) { Established<V6>(state, kIn, kUdp); }},
      {"established_tcp/ipv4/outbound", [](auto& state) { Established<V4>(state, kOut, kTcp); }},
      {"established_tcp/ipv4/inbound", [](auto& state) { Established<V4>(state, kIn, kTcp); }},
      {"established_tcp/ipv6/outbound", [](auto& state) { Established<V6>(state, kOut, kTcp); }},
      {"established_tcp/ipv6/inbound", [](auto& state) { Established<V6>(state, kIn, kTcp); }}};
  for (auto [name, function] : established) populations(benchmark::RegisterBenchmark(name, function));
  populations(benchmark::RegisterBenchmark("open/ipv4", Open<V4>))->Iterations(kOpenBursts);
  populations(benchmark::RegisterBenchmark("open/ipv6", Open<V6>))->Iterations(kOpenBursts);
  populations(benchmark::RegisterBenchmark("open_told/ipv4", OpenTold<V4>))->Iterations(kOpenBursts);
  populations(benchmark::RegisterBenchmark("open_told/ipv6", OpenTold<V6>))->Iterations(kOpenBursts);
  populations(benchmark::RegisterBenchmark("open_policy/ipv4", [](auto& state) {
    OpenPolicy<V4>(state, 32);
  }))->Iterations(kOpenBursts);
  populations(benchmark::RegisterBenchmark("open_policy/ipv6", [](auto& state) {
    OpenPolicy<V6>(state, 56);
  }))->Iterations(kOpenBursts);
  populations(benchmark::RegisterBenchmark("mixed", Mixed))->Iterations(kMixedRounds);
  populations(benchmark::RegisterBenchmark("fragment_flood/ipv4", FragmentFlood));
  const std::pair<const char*, Function> sources[] = {
      {"source/ipv4", [](auto& state) { Source<V4>(state, kUdp); }},
      {"source/ipv6", [](auto& state) { Source<V6>(state, kUdp); }},
      {"source_tcp/ipv4", [](auto& state) { Source<V4>(state, kTcp); }},
      {"source_tcp/ipv6", [](auto& state) { Source<V6>(state, kTcp); }}};
  for (auto [name, function] : sources) benchmark::RegisterBenchmark(name, function)->Arg(1 << 20);
}

}  // namespace
}  // namespace cfr::bench

int main(int argc, char** argv) {
  cfr::bench::Register();
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 2;
  return cfr::bench::RunBenchmarks();
}
