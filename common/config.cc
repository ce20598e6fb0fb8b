// SPDX-License-Identifier: BSD-3-Clause
#include "common/config.h"

#include <algorithm>
#include <tuple>

#include "absl/strings/str_cat.h"
#include "common/config_reader.h"
#include "common/config_rules.h"

namespace cfr {
namespace {

constexpr size_t kErrorsMax = 1000;  // nobody reads more, and answers to cfrctl have a bound

void Shorten(std::vector<ConfigError>* errors) {
  if (errors->size() <= kErrorsMax) return;
  size_t more = errors->size() - kErrorsMax;
  errors->resize(kErrorsMax);
  errors->push_back({0, 0, absl::StrCat(more, " more errors are not shown"), "mend these first"});
}

}  // namespace

const PoolConfig* Config::FindPool(std::string_view name) const {
  auto found = std::find_if(pools.begin(), pools.end(), [&](const PoolConfig& p) { return p.name == name; });
  return found == pools.end() ? nullptr : &*found;
}

ConfigResult ParseConfig(std::string_view text) {
  ReadResult read = ReadConfigText(text);
  if (read.parsed) CheckRules(read.config, read.places, &read.errors);
  std::stable_sort(read.errors.begin(), read.errors.end(), [](const ConfigError& a, const ConfigError& b) {
    return std::tie(a.line, a.column) < std::tie(b.line, b.column);
  });
  Shorten(&read.errors);
  ConfigResult result;
  result.errors = std::move(read.errors);
  if (result.errors.empty()) result.config = std::move(read.config);
  return result;
}

std::string Format(const ConfigError& error, std::string_view file) {
  std::string text(file);
  if (error.line > 0) absl::StrAppend(&text, ":", error.line, ":", error.column);
  absl::StrAppend(&text, ": error: ", error.message);
  if (!error.hint.empty()) absl::StrAppend(&text, "\n  hint: ", error.hint);
  return text;
}

}  // namespace cfr
