// SPDX-License-Identifier: BSD-3-Clause
// Rows about wrong configuration files: a good file, one change to it, and the one error that follows.
#pragma once

#include <string>
#include <vector>

namespace cfr {

struct ConfigRow {
  const char* sentence;
  const char* instead_of;  // text of GoodConfig() that is replaced where it first stands; "": appended
  const char* text;        // what stands there; '^' is left out and marks the place of the error
  const char* message;     // part of the error's message
  const char* hint;        // part of its hint
};

// A small file that uses every table.
const std::string& GoodConfig();
// Expects exactly the one error of each row.
void ExpectRows(const std::vector<ConfigRow>& rows);

}  // namespace cfr
