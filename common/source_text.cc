// SPDX-License-Identifier: BSD-3-Clause
#include "common/source_text.h"

#include <algorithm>

namespace cfr {
namespace {

constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";

bool BeginsCharacter(char c) {
  return (static_cast<unsigned char>(c) & 0xc0) != 0x80;
}

}  // namespace

SourceText::SourceText(std::string_view text) : text_(text), starts_{0} {
  if (text.starts_with(kByteOrderMark)) starts_[0] = kByteOrderMark.size();
  for (size_t end = text.find('\n'); end != std::string_view::npos; end = text.find('\n', end + 1))
    starts_.push_back(end + 1);
}

Place SourceText::At(size_t offset) const {
  auto next = std::upper_bound(starts_.begin() + 1, starts_.end(), offset);
  size_t start = *(next - 1);
  offset = std::clamp(offset, start, text_.size());
  auto characters = std::count_if(text_.begin() + static_cast<ptrdiff_t>(start),
                                  text_.begin() + static_cast<ptrdiff_t>(offset), BeginsCharacter);
  return {static_cast<int>(next - starts_.begin()), static_cast<int>(characters) + 1};
}

size_t SourceText::LineStart(int line) const {
  return starts_[std::clamp<size_t>(static_cast<size_t>(std::max(line, 1)), 1, starts_.size()) - 1];
}

std::string_view SourceText::Line(int line) const {
  size_t start = LineStart(line);
  std::string_view rest = text_.substr(start);
  rest = rest.substr(0, rest.find('\n'));
  if (rest.ends_with('\r')) rest.remove_suffix(1);
  return rest;
}

}  // namespace cfr
