// SPDX-License-Identifier: BSD-3-Clause
#include "control/log.h"

#include <algorithm>
#include <cstdio>

#include "absl/strings/str_cat.h"
#include "common/printable.h"

namespace cfr {
namespace {

std::string Value(const std::string& text) {
  std::string plain = Printable(text);
  std::replace(plain.begin(), plain.end(), '\n', '?');
  if (!plain.empty() && plain.find_first_of(" \"\\=") == std::string::npos) return plain;
  std::string quoted = "\"";
  for (char c : plain) {
    if (c == '"' || c == '\\') quoted += '\\';
    quoted += c;
  }
  return quoted + '"';
}

}  // namespace

void Log(LogLevel level, const std::string& message,
         std::initializer_list<std::pair<const char*, std::string>> fields) {
  std::string line = absl::StrCat("<", static_cast<int>(level), ">msg=", Value(message));
  for (const auto& [key, value] : fields) absl::StrAppend(&line, " ", key, "=", Value(value));
  std::fprintf(stderr, "%s\n", line.c_str());
}

}  // namespace cfr
