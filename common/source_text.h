// SPDX-License-Identifier: BSD-3-Clause
// A text and where its lines begin, so that a byte's place costs a search and not a count from the top.
#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

namespace cfr {

// As an editor shows it: both count from 1, a column is a character. 0: unknown.
struct Place {
  int line = 0, column = 0;
};

class SourceText {
 public:
  explicit SourceText(std::string_view text);  // `text` outlives it

  std::string_view text() const { return text_; }
  Place At(size_t offset) const;          // one past the end is a place, too
  size_t LineStart(int line) const;       // offset of its first byte; `line` from 1, the last one if larger
  std::string_view Line(int line) const;  // without its line end

 private:
  std::string_view text_;
  std::vector<size_t> starts_;
};

}  // namespace cfr
