// SPDX-License-Identifier: BSD-3-Clause
// Bugs planted on purpose, one at a time, to prove that the hunt would find a real one. They stand in
// plants.def, apart from the relay's own sources: scripts/plants writes them into a copy of the tree and
// builds that.
#pragma once

#include <string_view>
#include <type_traits>

namespace cfr::hunt {

// The number of a plant, that of its first row; 0 if there is none of that name.
constexpr int PlantNumber(std::string_view name) {
  int row = 0;
#define CFR_PLANT(plant, ...) \
  ++row;                      \
  if (name == #plant) return row;
#include "tests/hunt/plants.def"
#undef CFR_PLANT
  return 0;
}

inline int planted = 0;  // the one that is on

// What PLANTED of plants.def stands for. Constants of the compiler are never planted.
constexpr bool IsPlanted(int number) {
  return !std::is_constant_evaluated() && planted == number;
}

// False if there is no such plant.
inline bool SwitchOn(std::string_view name) {
  return (planted = PlantNumber(name)) != 0;
}

}  // namespace cfr::hunt
