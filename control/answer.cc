// SPDX-License-Identifier: BSD-3-Clause
#include "control/answer.h"

#include "common/limits.h"

namespace cfr {
namespace {

// Brackets inside strings do not count; what else is wrong is the parser's to say.
bool IsShallow(std::string_view text) {
  int depth = 0;
  bool quoted = false;
  for (size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    if (quoted && c == '\\') ++i;
    if (c == '"') quoted = !quoted;
    if (quoted) continue;
    if ((c == '[' || c == '{') && ++depth > kApiNestingMax) return false;
    if (c == ']' || c == '}') --depth;
  }
  return true;
}

}  // namespace

Json ToJson(const Failure& failure) {
  return {{"code", Name(failure.code)}, {"message", failure.message}, {"hint", failure.hint}};
}

std::string ToLine(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
}

Json ParseJson(std::string_view text) {
  return IsShallow(text) ? Json::parse(text, nullptr, false) : Json(Json::value_t::discarded);
}

}  // namespace cfr
