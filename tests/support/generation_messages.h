// SPDX-License-Identifier: BSD-3-Clause
// The commands of one generation, for tests that need no control process: the units of a pool are the
// first addresses of its prefixes.
#pragma once

#include <map>
#include <vector>

#include "common/config.h"
#include "common/messages.h"

namespace cfr::test {

class GenerationMaker {
 public:
  // kBegin ... kCommit for `config`. A unit keeps its number from one generation to the next.
  std::vector<Message> Make(const Config& config, Generation generation);
  // Gives every unit the number of another: what a control process must never do while flows live.
  void Rotate();

 private:
  UnitIndex NumberOf(const Address& unit);
  std::map<Address, UnitIndex> numbers_;
};

}  // namespace cfr::test
