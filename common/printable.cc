// SPDX-License-Identifier: BSD-3-Clause
#include "common/printable.h"

#include <cstdint>

namespace cfr {
namespace {

bool IsC1(uint8_t byte) {
  return byte >= 0x80 && byte < 0xa0;
}

}  // namespace

std::string Printable(std::string_view text) {
  std::string out;
  int following = 0;  // bytes of the character in hand still to come
  for (size_t i = 0; i < text.size(); ++i) {
    auto byte = static_cast<uint8_t>(text[i]);
    if (following > 0 && (byte & 0xc0) == 0x80) {
      --following;
      out += text[i];
      continue;
    }
    following = byte >= 0xf0 ? 3 : byte >= 0xe0 ? 2 : byte >= 0xc0 ? 1 : 0;
    bool c1 = IsC1(byte);
    if (byte == 0xc2 && i + 1 < text.size() && IsC1(static_cast<uint8_t>(text[i + 1]))) {
      c1 = true;
      following = 0;
      ++i;
    }
    out += c1 || (byte < 0x20 && byte != '\n') || byte == 0x7f ? '?' : text[i];
  }
  return out;
}

}  // namespace cfr
