// SPDX-License-Identifier: BSD-3-Clause
// Time of a benchmark loop in TSC cycles, as a whole and in short windows: on a shared machine the mean
// says what the neighbours did, the 5th percentile of the windows what the code costs.
#pragma once

#include <benchmark/benchmark.h>
#include <time.h>
#include <x86intrin.h>

#include <algorithm>
#include <cstdint>
#include <vector>

namespace cfr::bench {

class Stopwatch {
 public:
  Stopwatch() : start_ns_(NowNs()), start_(__rdtsc()), window_(start_) { windows_.reserve(1 << 16); }

  // After `items` more packets or look-ups were done.
  void Add(uint64_t items) {
    items_ += items;
    window_items_ += items;
    if (window_items_ < kWindowItems) return;
    uint64_t now = __rdtsc();
    windows_.push_back(static_cast<float>(now - window_) / static_cast<float>(window_items_));
    window_ = now;
    window_items_ = 0;
  }

  // Fills `ns_per_NAME`, `cycles_per_NAME` (mean) and the percentiles of the windows.
  void Report(benchmark::State& state, const std::string& name) {
    auto cycles = static_cast<double>(__rdtsc() - start_), ns = static_cast<double>(NowNs() - start_ns_);
    const auto items = static_cast<double>(items_);
    state.counters["ns_per_" + name] = ns / items;
    state.counters["cycles_per_" + name] = cycles / items;
    std::sort(windows_.begin(), windows_.end());
    for (auto [label, part] : {std::pair("ns_p5", 0.05), std::pair("ns_p50", 0.5), std::pair("ns_p99", 0.99)}) {
      if (windows_.empty()) break;
      auto at = static_cast<size_t>(part * static_cast<double>(windows_.size() - 1));
      state.counters[label] = static_cast<double>(windows_[at]) * ns / cycles;
    }
    state.counters["tsc_mhz"] = cycles / ns * 1000;
    state.SetItemsProcessed(static_cast<int64_t>(items_));
  }

 private:
  static constexpr uint64_t kWindowItems = 2048;
  static uint64_t NowNs() {
    timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return static_cast<uint64_t>(t.tv_sec) * 1'000'000'000 + static_cast<uint64_t>(t.tv_nsec);
  }
  uint64_t start_ns_, start_, window_, items_ = 0, window_items_ = 0;
  std::vector<float> windows_;
};

}  // namespace cfr::bench
