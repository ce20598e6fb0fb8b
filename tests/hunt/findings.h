// SPDX-License-Identifier: BSD-3-Clause
// What the hunt found: counts by sentence, and the bytes of the first few.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <span>
#include <string>

namespace cfr::hunt {

class Findings {
 public:
  // `where`: a line that says how to come back to this packet.
  explicit Findings(std::function<std::string()> where) : where_(std::move(where)) {}

  void Leak(const std::string& sentence, std::span<const uint8_t> arrived,
            std::span<const uint8_t> departed) {
    ++leaks_;
    Report("LEAK", sentence, arrived, departed);
  }
  void Violation(const std::string& sentence, std::span<const uint8_t> arrived = {},
                 std::span<const uint8_t> departed = {}) {
    ++violations_;
    Report("VIOLATION", sentence, arrived, departed);
  }
  uint64_t leaks() const { return leaks_; }
  uint64_t violations() const { return violations_; }
  uint64_t total() const { return leaks_ + violations_; }
  // Every sentence with its count.
  const std::map<std::string, uint64_t>& sentences() const { return sentences_; }

 private:
  static constexpr uint64_t kShownOfEach = 2;
  void Report(const char* kind, const std::string& sentence, std::span<const uint8_t> arrived,
              std::span<const uint8_t> departed);

  std::function<std::string()> where_;
  uint64_t leaks_ = 0, violations_ = 0;
  std::map<std::string, uint64_t> sentences_;
};

}  // namespace cfr::hunt
