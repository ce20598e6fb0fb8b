// SPDX-License-Identifier: BSD-3-Clause
// The configuration file: any bytes are refused with places that exist in them, or are a configuration that
// survives being written and read, and that compiles to a generation the dataplane accepts.
#include <algorithm>

#include "common/config.h"
#include "control/assignments.h"
#include "control/generation.h"
#include "dataplane/snapshot_builder.h"
#include "tests/fuzz/fuzzer.h"

namespace cfr {
namespace {

void ExpectErrorsAreOfText(const ConfigResult& result, std::string_view text) {
  FUZZ_EXPECT(!result.errors.empty(), "a refused text has an error");
  const auto lines = 1 + std::count(text.begin(), text.end(), '\n');
  for (const ConfigError& error : result.errors) {
    FUZZ_EXPECT(error.line >= 0 && error.line <= lines && error.column >= 0,
                "an error is about a place of the text");
    FUZZ_EXPECT(!error.message.empty(), "an error has a message");
  }
}

void ExpectAccepted(const Config& config) {
  uint64_t state = 1;
  auto random = [&](uint64_t bound) {
    return (state = state * 6364136223846793005u + 1442695040888963407u) % bound;
  };
  auto assignments = Assign(config, {}, random, 0);
  if (!assignments.ok()) return;  // a pool may be smaller than the units it is to have
  std::vector<Prefix> allowed = config.egress_allowed;
  if (allowed.empty())
    for (const PoolConfig& pool : config.pools)
      allowed.insert(allowed.end(), pool.prefixes.begin(), pool.prefixes.end());
  SnapshotBuilder builder(allowed, std::vector<uint64_t>(kUnitsMax));
  std::shared_ptr<const Snapshot> snapshot;
  uint32_t position = 0;
  for (const Message& m : CompileGeneration(config, *assignments, 1)) {
    AckStatus status =
        m.kind == MessageKind::kCommit ? builder.Commit(m, &snapshot, &position) : builder.Take(m, 0);
    FUZZ_EXPECT(status == AckStatus::kOk, "the dataplane accepts what a valid configuration compiles to");
  }
}

}  // namespace
}  // namespace cfr

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t bytes) {
  using namespace cfr;
  std::string_view text(reinterpret_cast<const char*>(data), bytes);
  ConfigResult result = ParseConfig(text);
  FUZZ_EXPECT(result.config.has_value() == result.errors.empty(), "a text is a configuration or has errors");
  if (!result.config.has_value()) {
    ExpectErrorsAreOfText(result, text);
    return 0;
  }
  ConfigResult again = ParseConfig(WriteConfig(*result.config));
  FUZZ_EXPECT(again.config.has_value(), "what is written is readable");
  FUZZ_EXPECT(*again.config == *result.config, "what is written says the same");
  ExpectAccepted(*result.config);
  return 0;
}
