// SPDX-License-Identifier: BSD-3-Clause
// Whether the kernel keeps its hands off an interface of the relay. With an address, IPv6 or forwarding
// there, it would answer or forward what the relay drops.
#pragma once

#include <string>
#include <vector>

namespace cfr {

struct InterfaceFinding {
  bool ok;
  std::string text;     // what is so
  std::string command;  // that mends it, when it is not ok
};

// One finding about its existence, or one of each of the three.
std::vector<InterfaceFinding> ExamineInterface(const std::string& device);

}  // namespace cfr
