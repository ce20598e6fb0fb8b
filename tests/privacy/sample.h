// SPDX-License-Identifier: BSD-3-Clause
// A small day of traffic that the tests share, and policies whose outcome is known beforehand.
#pragma once

#include <string>
#include <utility>

#include "bench/privacy/laboratory.h"

namespace cfr::privacy {

inline Laboratory& Sample() {
  static Laboratory laboratory({1024, 24, 1});
  return laboratory;
}

template <class One>
Policy Planted(std::string name, One one) {
  return {name, name, [one](const Trace& trace) {
            Random random(trace.scenario.seed, 77);
            Aliases aliases;
            for (const Opening& o : trace.openings) aliases.push_back(one(o, random));
            return aliases;
          }};
}
inline uint16_t AnyPort(Random& random) {
  return static_cast<uint16_t>(random.Between(1024, 65535));
}
// One unit for everybody: nothing is told.
inline Policy Nothing() {
  return Planted("nothing", [](const Opening&, Random& r) -> Alias { return {0, AnyPort(r)}; });
}
// A unit of one's own: everything is told.
inline Policy Everything() {
  return Planted("everything", [](const Opening& o, Random& r) -> Alias {
    return {o.subscriber, AnyPort(r)};
  });
}

}  // namespace cfr::privacy
