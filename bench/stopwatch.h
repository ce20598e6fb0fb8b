// SPDX-License-Identifier: BSD-3-Clause
// Time of a benchmark loop in TSC cycles, as a whole and in short windows: on a shared machine the mean
// says what the neighbours did, the 5th percentile of the windows what the code costs.
#pragma once

#include <benchmark/benchmark.h>
#include <time.h>
#include <x86intrin.h>

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

namespace cfr::bench {

// TSC cycles and nanoseconds since it was made, and so the length of a cycle.
class Elapsed {
 public:
  Elapsed() : start_ns_(NowNs()), start_(__rdtsc()) {}
  double cycles() const { return static_cast<double>(__rdtsc() - start_); }
  double ns() const { return static_cast<double>(NowNs() - start_ns_); }

 private:
  static uint64_t NowNs() {
    timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return static_cast<uint64_t>(t.tv_sec) * 1'000'000'000 + static_cast<uint64_t>(t.tv_nsec);
  }
  uint64_t start_ns_, start_;
};

// One value of each window.
class Windows {
 public:
  Windows() { values_.reserve(1 << 16); }
  void Add(double value) { values_.push_back(static_cast<float>(value)); }
  void RemoveLast() { values_.pop_back(); }
  size_t count() const { return values_.size(); }
  // The value that `part` (0..1) of the windows do not exceed; 0 without windows.
  double Quantile(double part) {
    if (values_.empty()) return 0;
    std::sort(values_.begin(), values_.end());
    return static_cast<double>(values_[static_cast<size_t>(part * static_cast<double>(values_.size() - 1))]);
  }

 private:
  std::vector<float> values_;
};

class Stopwatch {
 public:
  // A window of `window_items` should take some ten microseconds: longer than a reading of the clock by
  // far, shorter by far than the turn of a neighbour.
  explicit Stopwatch(uint64_t window_items = 2048) : window_items_max_(window_items) {}

  // After `items` more packets or look-ups were done.
  void Add(uint64_t items) {
    items_ += items;
    window_items_ += items;
    if (window_items_ < window_items_max_) return;
    uint64_t now = __rdtsc();
    windows_.Add(static_cast<double>(now - window_) / static_cast<double>(window_items_));
    window_ = now;
    window_items_ = 0;
  }

  // Fills `ns_per_NAME`, `cycles_per_NAME` (mean) and the percentiles of the windows.
  void Report(benchmark::State& state, const std::string& name) {
    const double cycles = elapsed_.cycles(), ns = elapsed_.ns(), items = static_cast<double>(items_);
    state.counters["ns_per_" + name] = ns / items;
    state.counters["cycles_per_" + name] = cycles / items;
    if (windows_.count() > 0) {
      state.counters["ns_p5"] = windows_.Quantile(0.05) * ns / cycles;
      state.counters["ns_p50"] = windows_.Quantile(0.5) * ns / cycles;
      state.counters["ns_p99"] = windows_.Quantile(0.99) * ns / cycles;
    }
    state.counters["tsc_mhz"] = cycles / ns * 1000;
    state.SetItemsProcessed(static_cast<int64_t>(items_));
  }

 private:
  const uint64_t window_items_max_;
  Elapsed elapsed_;
  uint64_t window_ = __rdtsc(), items_ = 0, window_items_ = 0;
  Windows windows_;
};

}  // namespace cfr::bench
