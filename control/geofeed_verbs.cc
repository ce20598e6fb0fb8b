// SPDX-License-Identifier: BSD-3-Clause
#include <unistd.h>

#include "absl/strings/str_cat.h"
#include "common/geofeed.h"
#include "common/text_file.h"
#include "control/render.h"
#include "control/verbs.h"

namespace cfr {
namespace {

std::string RenderFeed(const Json& result) {
  return result.at("geofeed");
}

std::string RenderVerdict(const Json& result) {
  if (!result.at("valid").get<bool>()) return "";  // what is wrong is talk
  return result.at("compared").get<bool>() ? "valid, and says of the pools what they are\n" : "valid\n";
}

ExitCode Tell(const Invocation& invocation, const std::string& path,
              const std::vector<GeofeedFinding>& findings, bool compared) {
  Json list = Json::array();
  for (const GeofeedFinding& f : findings) {
    list.push_back({{"line", f.line}, {"message", f.message}});
    if (!invocation.json)
      Talk(absl::StrCat(path, f.line > 0 ? absl::StrCat(":", f.line) : "", ": ", f.message));
  }
  return invocation.Print({{"valid", findings.empty()}, {"compared", compared}, {"findings", list}},
                          RenderVerdict, findings.empty() ? ExitCode::kOk : ExitCode::kFailed);
}

}  // namespace

ExitCode GeofeedExport(const Invocation& invocation) {
  Answer answer = invocation.Ask();
  if (const auto* result = std::get_if<Json>(&answer); result != nullptr && !invocation.json)
    for (const Json& pool : result->at("omitted"))
      Talk(absl::StrCat("cfrctl: pool '", pool.get<std::string>(),
                        "' is left out: its region is no code of ISO 3166"));
  return invocation.Print(answer, RenderFeed);
}

// First the file by itself; what it says is compared only if all of it can be read.
ExitCode GeofeedCheck(const Invocation& invocation) {
  const std::string path = invocation.Text("config");
  auto text = path == "-" ? ReadText(STDIN_FILENO, "standard input", kConfigBytesMax)
                          : ReadTextFile(path, kConfigBytesMax);
  if (!text.ok())
    return invocation.Print(Failure{ExitCode::kFailed, std::string(text.status().message()), ""},
                            RenderVerdict);
  const Geofeed feed = ReadGeofeed(*text);
  if (!feed.findings.empty() || invocation.Flag("syntax"))
    return Tell(invocation, path, feed.findings, false);
  Answer answer = invocation.Ask("geofeed export", Json::object());
  if (std::holds_alternative<Failure>(answer)) return invocation.Print(answer, RenderVerdict);
  const std::string wanted = std::get<Json>(answer).at("geofeed");
  return Tell(invocation, path, CompareGeofeed(feed.entries, ReadGeofeed(wanted).entries), true);
}

}  // namespace cfr
