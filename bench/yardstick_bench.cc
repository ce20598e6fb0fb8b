// SPDX-License-Identifier: BSD-3-Clause
// The whole pipeline against the least a relay could do (yardstick.h): the same packets of the same flows, a
// few bursts of each in turn. `ratio`: how often the yardstick's time the pipeline takes, the making of the
// headers in both. Method and pitfalls: README.md.
#include <benchmark/benchmark.h>
#include <gflags/gflags.h>

#include <memory>

#include "bench/bench_relay.h"
#include "bench/pair.h"
#include "bench/runner.h"
#include "bench/yardstick.h"

DEFINE_uint32(flows_max, 1 << 20, "Largest population: 1024, 65536, 1048576 or 16777216 flows");

namespace cfr::bench {
namespace {

constexpr size_t kBurstsPerWindow = 16;

// Both forward every packet of a burst to the same address, port and transport checksum.
template <class A, class Rival>
bool Agree(BenchRelay& relay, Rival& rival, const TraceEntry<A>* entries, Direction direction) {
  constexpr size_t kIp = A::kFamily == Family::kV4 ? sizeof(Ipv4Header) : sizeof(Ipv6Header);
  constexpr size_t kFrom = kEthernetBytes + (A::kFamily == Family::kV4 ? 12 : 8);
  Burst ours, theirs;
  ours.Fill(entries, direction);
  theirs.Fill(entries, direction);
  relay.Process(direction, ours);
  rival.Process(direction, theirs.packets(), relay.now_ms());
  for (size_t i = 0; i < kBurst; ++i) {
    const Packet &p = ours.packets()[i], &q = theirs.packets()[i];
    if (p.verdict != Verdict::kForward) return false;
    if (std::memcmp(p.data + kFrom, q.data + kFrom, kEthernetBytes + kIp + sizeof(UdpHeader) - kFrom) != 0)
      return false;
  }
  return true;
}

template <class A, template <class> class Rival>
void Against(benchmark::State& state, Direction direction) {
  const auto flows = static_cast<uint32_t>(state.range(0));
  BenchRelay relay(flows, {A::kFamily});
  Rival<A> rival(relay.Table<A>(), flows);
  const size_t length = std::clamp<size_t>(size_t{flows} * 4, 1 << 16, 1 << 22);
  auto trace = relay.Trace<A>(direction, length);
  Burst burst;
  size_t at = 0;
  auto window = [&](auto process) {
    for (size_t i = 0; i < kBurstsPerWindow; ++i) {
      burst.Fill(&trace[at], direction);
      process();
      at = (at + kBurst) % (length - kBurst) / kBurst * kBurst;
    }
  };
  if (!Agree(relay, rival, &trace[0], direction)) return state.SkipWithError("the two rewrite differently");
  Pair pair;
  for (auto _ : state)
    pair.Run(
        kBurstsPerWindow * kBurst, [&] { window([&] { relay.Process(direction, burst); }); },
        [&] { window([&] { rival.Process(direction, burst.packets(), relay.now_ms()); }); });
  pair.Report(state);
  state.SetLabel("in-memory packets, no NIC");
}

void Register() {
  auto populations = [](benchmark::internal::Benchmark* b) {
    b->ArgName("flows")->Unit(benchmark::kMicrosecond)->Iterations(20'000);
    for (uint32_t flows : {1u << 10, 1u << 16, 1u << 20, 1u << 24})
      if (flows <= FLAGS_flows_max) b->Arg(flows);
  };
  constexpr Direction kOut = Direction::kOutbound, kIn = Direction::kInbound;
  using Function = void (*)(benchmark::State&);
  const std::pair<const char*, Function> rows[] = {
      {"yardstick/ipv4/outbound", [](auto& s) { Against<V4, Yardstick>(s, kOut); }},
      {"yardstick/ipv4/inbound", [](auto& s) { Against<V4, Yardstick>(s, kIn); }},
      {"yardstick/ipv6/outbound", [](auto& s) { Against<V6, Yardstick>(s, kOut); }},
      {"yardstick/ipv6/inbound", [](auto& s) { Against<V6, Yardstick>(s, kIn); }},
      {"rte_hash/ipv4/outbound", [](auto& s) { Against<V4, RteYardstick>(s, kOut); }},
      {"rte_hash/ipv6/outbound", [](auto& s) { Against<V6, RteYardstick>(s, kOut); }}};
  for (auto [name, function] : rows) populations(benchmark::RegisterBenchmark(name, function));
}

}  // namespace
}  // namespace cfr::bench

int main(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);
  gflags::ParseCommandLineFlags(&argc, &argv, true);
  if (argc > 1) {
    std::fprintf(stderr, "unexpected argument '%s'\n", argv[1]);
    return 2;
  }
  cfr::bench::StartEal();
  cfr::bench::Register();
  return cfr::bench::RunBenchmarks();
}
