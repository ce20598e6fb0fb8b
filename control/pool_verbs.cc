// SPDX-License-Identifier: BSD-3-Clause
#include <unistd.h>

#include "absl/strings/str_cat.h"
#include "common/clock.h"
#include "control/render.h"
#include "control/verbs.h"

namespace cfr {
namespace {

constexpr int kLookEveryUs = 200'000;

std::string Sentence(const Json& state) {
  const Json& flows = state.at("flows");
  return absl::StrCat(
      state.at("pool").get<std::string>(), ": ",
      flows.is_null() ? "no dataplane, flows unknown" : absl::StrCat(flows.dump(), " flows left"));
}

std::string RenderState(const Json& state) {
  return Sentence(state) + "\n";
}

// Follows a draining pool until its last flow is gone: one line whenever the number changes. Ctrl-C only
// stops the watching.
ExitCode WaitUntilEmpty(const Invocation& invocation, std::optional<uint64_t> seconds) {
  const std::string pool = invocation.Text("name");
  const uint64_t began_ms = MonotonicMs();
  for (Json shown;; usleep(kLookEveryUs)) {
    Answer answer = invocation.Ask("pool show", {{"name", pool}});
    if (std::holds_alternative<Failure>(answer)) return invocation.Print(answer, RenderState);
    Json state = {{"pool", pool}, {"flows", std::get<Json>(answer).at("flows")}};
    if (state != shown)
      if (ExitCode code = invocation.Print(state, RenderState); code != ExitCode::kOk) return code;
    shown = state;
    if (state["flows"] == 0) return ExitCode::kOk;
    if (seconds.has_value() && MonotonicMs() - began_ms >= *seconds * 1000)
      return invocation.Print(Failure{ExitCode::kDeadline, Sentence(state),
                                      "it goes on draining: cfrctl flow list --pool " + pool},
                              RenderState);
  }
}

}  // namespace

ExitCode PoolDrain(const Invocation& invocation) {
  ExitCode code = invocation.Print(invocation.Ask(), RenderChange);
  std::optional<uint64_t> seconds;
  if (invocation.args.contains("deadline")) seconds = invocation.args.at("deadline").get<uint64_t>();
  bool wait = invocation.Flag("wait") || seconds.has_value();
  return code == ExitCode::kOk && wait ? WaitUntilEmpty(invocation, seconds) : code;
}

}  // namespace cfr
