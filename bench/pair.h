// SPDX-License-Identifier: BSD-3-Clause
// Ours and a rival at the same task, in one process, a short window of each in turn: what the neighbours
// of the machine do meets both. Which of the two goes first changes every time.
//
//   ours | rival   rival | ours   ours | rival   ...        one window: some ten microseconds
#pragma once

#include "bench/stopwatch.h"

namespace cfr::bench {

class Pair {
 public:
  // Each of the two does `items` items.
  template <class Ours, class Rival>
  void Run(uint64_t items, Ours ours, Rival rival) {
    double ours_cycles, rival_cycles;
    if (ours_first_) {
      ours_cycles = Cycles(ours);
      rival_cycles = Cycles(rival);
    } else {
      rival_cycles = Cycles(rival);
      ours_cycles = Cycles(ours);
    }
    Add(items, ours_cycles, rival_cycles);
  }

  // One task after two ways to prepare for it, which are not timed.
  template <class Ours, class Rival, class Task>
  void RunPrepared(uint64_t items, Ours prepare_ours, Rival prepare_rival, Task task) {
    double cycles[2];
    for (int turn = 0; turn < 2; ++turn) {
      const bool ours = ours_first_ == (turn == 0);
      ours ? prepare_ours() : prepare_rival();
      cycles[ours ? 0 : 1] = Cycles(task);
    }
    Add(items, cycles[0], cycles[1]);
  }

  // The last run does not count: something else than the two was measured.
  void Withdraw() {
    for (Windows* windows : {&ours_, &rival_, &ratio_}) windows->RemoveLast();
  }

  // Per item, 5th percentile of the windows: `ours_ns`, `rival_ns`, `ours_cycles`, `rival_cycles`; and
  // `ratio`, the median of ours / rival over the pairs of windows (below 1: ours is faster), with the
  // quartiles `ratio_q1` and `ratio_q3`. `pairs`: how many counted.
  void Report(benchmark::State& state) {
    const double ns_per_cycle = elapsed_.ns() / elapsed_.cycles();
    state.counters["ours_cycles"] = ours_.Quantile(0.05);
    state.counters["rival_cycles"] = rival_.Quantile(0.05);
    state.counters["ours_ns"] = ours_.Quantile(0.05) * ns_per_cycle;
    state.counters["rival_ns"] = rival_.Quantile(0.05) * ns_per_cycle;
    state.counters["ratio"] = ratio_.Quantile(0.5);
    state.counters["ratio_q1"] = ratio_.Quantile(0.25);
    state.counters["ratio_q3"] = ratio_.Quantile(0.75);
    state.counters["pairs"] = static_cast<double>(ratio_.count());
    state.counters["tsc_mhz"] = 1000 / ns_per_cycle;
  }

 private:
  void Add(uint64_t items, double ours_cycles, double rival_cycles) {
    ours_first_ = !ours_first_;
    ours_.Add(ours_cycles / static_cast<double>(items));
    rival_.Add(rival_cycles / static_cast<double>(items));
    ratio_.Add(ours_cycles / rival_cycles);
  }
  template <class Task>
  static double Cycles(Task& task) {
    uint64_t start = __rdtsc();
    task();
    return static_cast<double>(__rdtsc() - start);
  }

  Elapsed elapsed_;
  bool ours_first_ = true;
  Windows ours_, rival_, ratio_;
};

}  // namespace cfr::bench
