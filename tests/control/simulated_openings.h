// SPDX-License-Identifier: BSD-3-Clause
// A day of openings under a policy whose every figure can be counted: subscribers keep their alias unit for
// an epoch and draw ports at random, but for what a test plants.
#pragma once

#include <algorithm>
#include <cstring>
#include <functional>
#include <random>
#include <vector>

#include "common/opened.h"
#include "common/siphash.h"

namespace cfr::test {

struct Simulation {
  uint32_t subscribers = 400, flows_each = 100, units = 4, workers = 4;
  uint32_t seconds = 86'400, epoch_s = 3600;
  std::function<void(uint32_t subscriber, Opened* opened)> plant = [](uint32_t, Opened*) {};
};

inline Opened OpeningOf(uint32_t subscriber, uint64_t at_ms, UnitIndex unit, uint16_t alias_port) {
  Opened opened{};
  opened.at_ms = at_ms;
  std::memcpy(opened.subscriber, &subscriber, sizeof subscriber);
  opened.remote[0] = 198;
  opened.alias_port = alias_port;
  opened.remote_port = 443;
  opened.unit = unit;
  opened.family = 4;
  opened.protocol = 17;
  return opened;
}

// In the order of time.
inline std::vector<Opened> Simulate(const Simulation& simulation, uint64_t seed = 1) {
  std::mt19937_64 random(seed);
  std::vector<Opened> openings;
  for (uint32_t s = 0; s < simulation.subscribers; ++s)
    for (uint32_t n = 0; n < simulation.flows_each; ++n) {
      const uint64_t at_ms = 1'000'000 + random() % (uint64_t{simulation.seconds} * 1000);
      const uint64_t phase = SipHash({9, 9}).Add(s).Finish() % simulation.epoch_s;
      const uint64_t epoch = (at_ms / 1000 + phase) / simulation.epoch_s;
      const uint64_t draw = SipHash({7, 7}).Add(s).Add(epoch).Finish();
      Opened opened = OpeningOf(s, at_ms, static_cast<UnitIndex>(draw % simulation.units),
                                static_cast<uint16_t>(1024 + random() % 64'512));
      opened.remote[3] = static_cast<uint8_t>(random());
      opened.owner = static_cast<uint8_t>(random() % simulation.workers);
      openings.push_back(opened);
    }
  std::sort(openings.begin(), openings.end(),
            [](const Opened& a, const Opened& b) { return a.at_ms < b.at_ms; });
  for (Opened& opened : openings) {
    uint32_t subscriber;
    std::memcpy(&subscriber, opened.subscriber, sizeof subscriber);
    simulation.plant(subscriber, &opened);
  }
  return openings;
}

}  // namespace cfr::test
