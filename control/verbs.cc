// SPDX-License-Identifier: BSD-3-Clause
#include "control/verbs.h"

#include <algorithm>
#include <iterator>

#include "common/check.h"
#include "common/counters.h"
#include "common/version.h"
#include "control/doctor.h"
#include "control/reference.h"
#include "control/render.h"

namespace cfr {
namespace {

ExitCode Counters(const Invocation& invocation) {
  Answer answer = invocation.Ask();
  const bool explain = invocation.Flag("explain");
  const auto* failure = std::get_if<Failure>(&answer);
  // The sentences need no daemon.
  if (explain && failure != nullptr && failure->code != ExitCode::kUsage) {
    Talk("cfrctl: no counters: " + failure->message);
    return invocation.Print(Json{{"meanings", Meanings()}}, RenderMeanings);
  }
  if (!explain || failure != nullptr) return invocation.Print(answer, RenderCounters);
  Json counters = std::get<Json>(answer);
  counters["meanings"] = Meanings();
  return invocation.Print(counters, RenderCounters);
}

ExitCode Checks(const Invocation& invocation, const Answer& answer) {
  if (std::holds_alternative<Failure>(answer)) return invocation.Print(answer, RenderChecks);
  const Json& result = std::get<Json>(answer);
  return invocation.Print(result, RenderChecks,
                          result.at("healthy").get<bool>() ? ExitCode::kOk : ExitCode::kFailed);
}

ExitCode Health(const Invocation& invocation) {
  return Checks(invocation, invocation.Ask());
}

ExitCode Doctor(const Invocation& invocation) {
  std::string config = invocation.Text("config");
  return Checks(invocation, Examine(config.empty() ? "/etc/cfr/cfr.toml" : config, invocation.socket));
}

ExitCode Version(const Invocation& invocation) {
  Json versions = {{"control", nullptr}, {"dataplane", nullptr}, {"generation", nullptr}};
  Answer answer = invocation.Ask();
  if (const auto* of_daemons = std::get_if<Json>(&answer)) versions = *of_daemons;
  versions["cfrctl"] = kVersion;
  return invocation.Print(versions, RenderVersions);
}

std::string RenderText(const Json& result) {
  return result.at("text");
}

ExitCode Completion(const Invocation& invocation) {
  return invocation.Print(Json{{"text", BashCompletion()}}, RenderText);
}

ExitCode Reference(const Invocation& invocation) {
  return invocation.Print(Json{{"text", CommandReference()}}, RenderText);
}

// Exactly one of `render` and `run` is set.
struct Row {
  const char* name;
  Renderer render;
  ExitCode (*run)(const Invocation&);
};

constexpr Row kRows[] = {
    {"config check", nullptr, ConfigCheck},
    {"config plan", nullptr, ConfigPlan},
    {"config apply", nullptr, ConfigApply},
    {"config export", RenderExport, nullptr},
    {"pool list", RenderPools, nullptr},
    {"pool show", RenderPool, nullptr},
    {"pool add", RenderChange, nullptr},
    {"pool del", RenderChange, nullptr},
    {"pool drain", nullptr, PoolDrain},
    {"pool undrain", RenderChange, nullptr},
    {"pool merge", RenderChange, nullptr},
    {"pool unmerge", RenderChange, nullptr},
    {"geofeed export", nullptr, GeofeedExport},
    {"geofeed check", nullptr, GeofeedCheck},
    {"epoch show", RenderEpoch, nullptr},
    {"epoch advance", RenderChange, nullptr},
    {"privacy show", RenderPrivacy, nullptr},
    {"privacy watch", nullptr, PrivacyWatch},
    {"privacy size", nullptr, PrivacySize},
    {"flow list", RenderFlows, nullptr},
    {"flow stats", RenderFlowStats, nullptr},
    {"worker list", RenderWorkers, nullptr},
    {"port list", RenderPorts, nullptr},
    {"counters", nullptr, Counters},
    {"record keygen", nullptr, RecordKeygen},
    {"record open", nullptr, RecordOpen},
    {"record check", nullptr, RecordCheck},
    {"health", nullptr, Health},
    {"doctor", nullptr, Doctor},
    {"version", nullptr, Version},
    {"completion bash", nullptr, Completion},
    {"reference", nullptr, Reference},
};

}  // namespace

ExitCode Run(const Invocation& invocation) {
  const std::string name = invocation.command->name();
  auto row = std::find_if(std::begin(kRows), std::end(kRows), [&](const Row& r) { return name == r.name; });
  CFR_CHECK(row != std::end(kRows), "a command of the table without a row");
  return row->run != nullptr ? row->run(invocation) : invocation.Print(invocation.Ask(), row->render);
}

}  // namespace cfr
