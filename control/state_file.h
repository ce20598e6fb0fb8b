// SPDX-License-Identifier: BSD-3-Clause
// What survives a restart of the control process: the last committed configuration, its generation, the
// assignments, which pools are merged and since when each prefix is what it is. Keys do not.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/config.h"
#include "control/assignments.h"
#include "control/prefix_lives.h"

namespace cfr {

struct State {
  Config config;
  Generation generation = 0;
  std::vector<Assignment> assignments;
  Merges merges = {};
  std::vector<PrefixLife> prefixes = {};
};

class StateFile {
 public:
  explicit StateFile(const std::string& directory) : path_(directory + "/state.json") {}
  // Replaces the file as a whole: written aside, flushed to disk, renamed. Mode 0600.
  absl::Status Save(const State& state) const;
  // kNotFound: there is none. kDataLoss: torn or foreign; it was renamed to state.json.bad and nothing of it
  // is used. Anything else: it may be good but cannot be read.
  absl::StatusOr<State> Load(uint64_t now_ms) const;

 private:
  const std::string path_;
};

}  // namespace cfr
