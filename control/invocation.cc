// SPDX-License-Identifier: BSD-3-Clause
#include "control/invocation.h"

#include <cstdio>

#include "absl/strings/str_cat.h"
#include "common/printable.h"
#include "control/client.h"

namespace cfr {
namespace {

constexpr int kPatienceMs = 12'000;  // cfr-control answers earlier, if only that it waits
constexpr int kSchemaVersion = 1;

ExitCode Write(const std::string& text) {
  bool written = std::fwrite(text.data(), 1, text.size(), stdout) == text.size();
  if (std::fflush(stdout) == 0 && written) return ExitCode::kOk;
  std::perror("cfrctl: stdout");
  return ExitCode::kFailed;
}

std::string Document(Json json) {
  json["schema_version"] = kSchemaVersion;
  return ToLine(json);
}

}  // namespace

Answer Invocation::Ask() const {
  Json sent = args;
  for (const ArgumentRow& row : command->arguments)
    if (row.use == ArgumentRow::Use::kLocal) sent.erase(row.key());
  return Ask(command->name(), sent);
}

Answer Invocation::Ask(const std::string& name, const Json& other_args) const {
  return cfr::Ask(socket, name, other_args, kPatienceMs);
}

void Talk(const std::string& text) {
  std::fprintf(stderr, "%s\n", Printable(text).c_str());
}

ExitCode Invocation::Print(const Answer& answer, Renderer render) const {
  if (const auto* result = std::get_if<Json>(&answer)) return Print(*result, render, ExitCode::kOk);
  const auto& failure = std::get<Failure>(answer);
  if (json) {
    Write(Document({{"error", ToJson(failure)}}));
  } else {
    Talk(absl::StrCat("cfrctl: ", failure.message, failure.hint.empty() ? "" : "\n  hint: ", failure.hint));
  }
  return failure.code;
}

ExitCode Invocation::Print(const Json& result, Renderer render, ExitCode code) const {
  ExitCode written = Write(json ? Document(result) : Printable(render(result)));
  return written == ExitCode::kOk ? code : written;
}

}  // namespace cfr
