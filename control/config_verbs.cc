// SPDX-License-Identifier: BSD-3-Clause
#include <unistd.h>

#include "absl/strings/str_cat.h"
#include "common/config.h"
#include "common/text_file.h"
#include "control/render.h"
#include "control/verbs.h"

namespace cfr {
namespace {

absl::StatusOr<std::string> ReadConfig(const std::string& path) {
  return path == "-" ? ReadText(STDIN_FILENO, "standard input", kConfigBytesMax)
                     : ReadTextFile(path, kConfigBytesMax);
}

// The text if it is valid; else every error is told, in the same form by each command.
std::optional<std::string> ValidText(const Invocation& invocation) {
  const std::string path = invocation.Text("config");
  auto text = ReadConfig(path);
  if (!text.ok()) {
    invocation.Print(Failure{ExitCode::kConfig, std::string(text.status().message()), ""}, RenderChange);
    return std::nullopt;
  }
  ConfigResult parsed = ParseConfig(*text);
  if (parsed.config.has_value()) return *text;
  if (!invocation.json) {
    for (const ConfigError& e : parsed.errors) Talk(Format(e, path));
    return std::nullopt;
  }
  Json errors = Json::array();
  for (const ConfigError& e : parsed.errors)
    errors.push_back(
        {{"file", path}, {"line", e.line}, {"column", e.column}, {"message", e.message}, {"hint", e.hint}});
  Failure failure{ExitCode::kConfig,
                  absl::StrCat(path, ": ", errors.size(), errors.size() == 1 ? " error" : " errors"),
                  "nothing was changed"};
  invocation.Print({{"error", ToJson(failure)}, {"errors", errors}}, RenderChange, failure.code);
  return std::nullopt;
}

Answer AskWith(const Invocation& invocation, const std::string& text) {
  Invocation with_text = invocation;
  with_text.args["file"] = invocation.Text("config");
  with_text.args["config"] = text;
  return with_text.Ask();
}

}  // namespace

ExitCode ConfigCheck(const Invocation& invocation) {
  if (!ValidText(invocation).has_value()) return ExitCode::kConfig;
  return invocation.Print(Json{{"valid", true}}, [](const Json&) { return std::string("valid\n"); });
}

ExitCode ConfigPlan(const Invocation& invocation) {
  auto text = ValidText(invocation);
  if (!text.has_value()) return ExitCode::kConfig;
  Answer answer = AskWith(invocation, *text);
  ExitCode code = invocation.Print(answer, RenderPlan);
  bool changes = code == ExitCode::kOk && !std::get<Json>(answer).at("changes").empty();
  return invocation.Flag("detailed_exitcode") && changes ? kChanges : code;
}

ExitCode ConfigApply(const Invocation& invocation) {
  auto text = ValidText(invocation);
  return text.has_value() ? invocation.Print(AskWith(invocation, *text), RenderChange) : ExitCode::kConfig;
}

}  // namespace cfr
