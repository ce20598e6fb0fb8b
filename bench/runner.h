// SPDX-License-Identifier: BSD-3-Clause
// Runs the registered benchmarks and tells in the exit status what became of them: Google Benchmark itself
// prints an error of a benchmark and exits with 0.
#pragma once

#include <benchmark/benchmark.h>

#include <memory>
#include <vector>

namespace cfr::bench {

// Whatever --benchmark_format asks for, and a note of every error.
class NotingReporter : public benchmark::BenchmarkReporter {
 public:
  bool ReportContext(const Context& context) override { return wanted_->ReportContext(context); }
  void ReportRuns(const std::vector<Run>& runs) override {
    for (const Run& run : runs) failed_ |= run.error_occurred;
    wanted_->ReportRuns(runs);
  }
  void Finalize() override { wanted_->Finalize(); }
  bool failed() const { return failed_; }

 private:
  std::unique_ptr<benchmark::BenchmarkReporter> wanted_{benchmark::CreateDefaultDisplayReporter()};
  bool failed_ = false;
};

// After benchmark::Initialize. 0: all that the filter names ran without an error, and it names some.
inline int RunBenchmarks() {
  NotingReporter reporter;
  return benchmark::RunSpecifiedBenchmarks(&reporter) > 0 && !reporter.failed() ? 0 : 1;
}

}  // namespace cfr::bench
