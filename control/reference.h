// SPDX-License-Identifier: BSD-3-Clause
// What is made from the command table: the page of the manual and the completion of the shell.
#pragma once

#include <string>

namespace cfr {

std::string CommandReference();  // docs/cli.md
std::string BashCompletion();

}  // namespace cfr
