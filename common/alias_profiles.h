// SPDX-License-Identifier: BSD-3-Clause
// What stands for the keys of [alias] that are left out, by `profile`; a profile is no value of its own.
#pragma once

#include <array>
#include <string_view>
#include <utility>

#include "common/settings.h"

namespace cfr {

inline constexpr std::string_view kAliasProfileWords = "default|strict|compat";
using AliasProfile = std::array<std::pair<Setting, uint64_t>, 3>;
constexpr AliasProfile MakeAliasProfile(uint64_t epoch, uint64_t idle, uint64_t cap) {
  return {{{Setting::kEpochLength, epoch}, {Setting::kAffinityIdle, idle}, {Setting::kAffinityCap, cap}}};
}
// In the order of the words. Strict: a quarter of the site sessions see a change; compat: hardly one does,
// and a subscriber is linked over a day.
inline constexpr AliasProfile kAliasProfiles[] = {MakeAliasProfile(3600, 1800, 4 * 3600),
                                                  MakeAliasProfile(600, 600, 2 * 3600),
                                                  MakeAliasProfile(86400, 3600, 4 * 3600)};
static_assert(sizeof kAliasProfiles / sizeof kAliasProfiles[0] == CountWords(kAliasProfileWords));
static_assert(kAliasProfiles[0] == MakeAliasProfile(Row(Setting::kEpochLength).default_value,
                                                    Row(Setting::kAffinityIdle).default_value,
                                                    Row(Setting::kAffinityCap).default_value),
              "the rows of settings.def are the default profile");

}  // namespace cfr
