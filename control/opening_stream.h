// SPDX-License-Identifier: BSD-3-Clause
// Reads the flows the workers opened and shows each to those who make something of it; then it is erased.
#pragma once

#include <functional>
#include <vector>

#include "control/dataplane_link.h"

namespace cfr {

class OpeningStream {
 public:
  // Keeps nothing of what it is shown but what its own header says.
  using Reader = std::function<void(const Opened&)>;

  explicit OpeningStream(DataplaneLink& link) : link_(link) {}
  void Add(Reader reader) { readers_.push_back(std::move(reader)); }
  // All there is, at most one ring of each worker; call every few milliseconds.
  void Poll();

 private:
  DataplaneLink& link_;
  std::vector<Reader> readers_;
};

}  // namespace cfr
