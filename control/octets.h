// SPDX-License-Identifier: BSD-3-Clause
// Numbers and texts as octets in network order, as record files hold them. Reading never goes past the end:
// the first thing that is missing makes the reader bad, and everything after it zero.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>

#include "control/secret.h"

namespace cfr {

class OctetWriter {
 public:
  explicit OctetWriter(std::string* out) : out_(*out) {}

  template <class Number>
  void Put(Number value) {
    for (size_t i = sizeof value; i-- > 0;) out_ += static_cast<char>(value >> (8 * i));
  }
  void Put(Bytes bytes) { out_.append(reinterpret_cast<const char*>(bytes.data()), bytes.size()); }
  // At most 255 bytes, their number before them.
  void PutText(std::string_view text) {
    Put(static_cast<uint8_t>(text.size()));
    out_ += text;
  }

 private:
  std::string& out_;
};

class OctetReader {
 public:
  explicit OctetReader(Bytes bytes) : rest_(bytes) {}

  template <class Number>
  Number Get() {
    Number value = 0;
    for (uint8_t octet : Take(sizeof value)) value = static_cast<Number>(value << 8 | octet);
    return value;
  }
  // Fills what `out` spans.
  void Get(std::span<uint8_t> out) {
    Bytes taken = Take(out.size());
    std::copy(taken.begin(), taken.end(), out.begin());
  }
  std::string GetText() {
    Bytes taken = Take(Get<uint8_t>());
    return {reinterpret_cast<const char*>(taken.data()), taken.size()};
  }
  Bytes Take(size_t bytes) {
    if (bytes > rest_.size()) {
      good_ = false;
      rest_ = {};
      return {};
    }
    Bytes taken = rest_.first(bytes);
    rest_ = rest_.subspan(bytes);
    return taken;
  }
  bool good() const { return good_; }
  // Nothing missing and nothing left.
  bool done() const { return good_ && rest_.empty(); }
  Bytes rest() const { return rest_; }

 private:
  Bytes rest_;
  bool good_ = true;
};

}  // namespace cfr
