// SPDX-License-Identifier: BSD-3-Clause
#include "control/heartbeats.h"

#include "absl/strings/str_cat.h"

namespace cfr {

void Heartbeats::Look(const DataplanePage& page, int workers, uint64_t now_ms) {
  if (page.boot != boot_) beats_.clear();
  boot_ = page.boot;
  beats_.resize(static_cast<size_t>(workers) + 1, Beat{~uint64_t{0}, now_ms});
  for (size_t i = 0; i < beats_.size(); ++i) {
    uint64_t rounds = i == 0 ? page.main_rounds.Get() : page.worker[i - 1].rounds.Get();
    if (rounds != beats_[i].rounds) beats_[i] = {rounds, now_ms};
  }
}

std::vector<std::string> Heartbeats::Silent(uint64_t now_ms) const {
  std::vector<std::string> silent;
  for (size_t i = 0; i < beats_.size(); ++i)
    if (now_ms - beats_[i].changed_ms >= kSilentMs)
      silent.push_back(i == 0 ? "main lcore" : absl::StrCat("worker ", i - 1));
  return silent;
}

}  // namespace cfr
