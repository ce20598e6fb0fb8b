// SPDX-License-Identifier: BSD-3-Clause
// What the control process pays for a sealed record, and for the encapsulation of a minute. No file is
// written. Method and pitfalls: README.md.
#include <benchmark/benchmark.h>
#include <openssl/rand.h>

#include <vector>

#include "bench/runner.h"
#include "control/record_sealer.h"

namespace cfr::bench {
namespace {

constexpr uint64_t kUtcS = 1'800'000'000;
constexpr size_t kFlows = 4096;

std::vector<Opened> Flows() {
  std::vector<Opened> flows(kFlows);
  for (Opened& flow : flows) {
    RAND_bytes(flow.subscriber, 4);
    RAND_bytes(flow.remote, 4);
    RAND_bytes(reinterpret_cast<uint8_t*>(&flow.alias_port), sizeof flow.alias_port);
    flow.remote_port = 443;
    flow.family = 4;
    flow.protocol = 6;
  }
  return flows;
}

RecordSealer SealerFor(RecordMode mode) {
  return RecordSealer(mode, "edge1", {{DayOf(kUtcS), hpke::PublicOf(hpke::GenerateKey())}});
}

void Seal(benchmark::State& state, RecordMode mode) {
  const std::vector<Opened> flows = Flows();
  RecordSealer sealer = SealerFor(mode);
  size_t bytes = 0;
  for (auto _ : state) {
    for (const Opened& flow : flows)
      if (!sealer.Take(flow, {0, kUtcS * 1000})) return state.SkipWithError("not taken");
    sealer.Flush();
    for (const SealedEntry& entry : sealer.entries()) bytes += entry.payload.size();
    sealer.entries().clear();
  }
  const auto records = static_cast<double>(state.iterations()) * kFlows;
  state.counters["records"] = benchmark::Counter(records, benchmark::Counter::kIsRate);
  state.counters["bytes"] = static_cast<double>(bytes) / records;
}
BENCHMARK_CAPTURE(Seal, batch, RecordMode::kBatch);
BENCHMARK_CAPTURE(Seal, tuple, RecordMode::kTuple);

void BeginMinute(benchmark::State& state) {
  RecordSealer sealer = SealerFor(RecordMode::kTuple);
  const Opened flow{};
  for (auto _ : state) {
    if (!sealer.Take(flow, {0, kUtcS * 1000})) return state.SkipWithError("not taken");
    sealer.EndMinute();
    sealer.entries().clear();
  }
}
BENCHMARK(BeginMinute);

}  // namespace
}  // namespace cfr::bench

int main(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 2;
  return cfr::bench::RunBenchmarks();
}
