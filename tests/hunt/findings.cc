// SPDX-License-Identifier: BSD-3-Clause
#include "tests/hunt/findings.h"

#include <algorithm>
#include <cstdio>

namespace cfr::hunt {
namespace {

constexpr size_t kShownBytes = 160;

void Print(const char* name, std::span<const uint8_t> bytes) {
  if (bytes.empty()) return;
  std::printf("  %-9s%4zu bytes:", name, bytes.size());
  for (size_t i = 0; i < std::min(bytes.size(), kShownBytes); ++i)
    std::printf(i % 4 == 2 ? " %02x" : "%02x", bytes[i]);
  std::printf("%s\n", bytes.size() > kShownBytes ? " ..." : "");
}

}  // namespace

void Findings::Report(const char* kind, const std::string& sentence, std::span<const uint8_t> arrived,
                      std::span<const uint8_t> departed) {
  if (++sentences_[sentence] > kShownOfEach) return;
  std::printf("%s: %s\n  at       %s\n", kind, sentence.c_str(), where_().c_str());
  Print("arrived", arrived);
  Print("departed", departed);
  std::fflush(stdout);
}

}  // namespace cfr::hunt
