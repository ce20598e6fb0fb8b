// SPDX-License-Identifier: BSD-3-Clause
// The datagrams that crossed the relay in fragments: every fragment once, none overlapping, all under one
// id that no other datagram has, and together what the subscriber or remote had sent.
#pragma once

#include <compare>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "common/settings.h"
#include "common/types.h"
#include "tests/support/dissection.h"

namespace cfr::test {

class Datagrams {
 public:
  struct Whole {
    Frame in, out;
  };
  struct Seen {
    std::vector<std::string> wrong;  // sentences
    std::optional<Whole> whole;      // this fragment completed its datagram
  };
  // A fragment `in` that left as `outs`, one frame or more.
  Seen Add(Direction direction, const Frame& in, const std::vector<Frame>& outs, bool bypassed,
           const Settings& settings, uint64_t now_ms);
  // Whether the id `out` has was free for another datagram of its addresses and protocol (RFC 6864). `number`
  // tells datagrams apart.
  bool TakeId(const Dissection& out, uint64_t number, uint64_t now_ms);
  uint64_t NextNumber() { return ++numbers_; }

 private:
  struct Key {
    Direction direction;
    Address source, destination;
    uint8_t protocol;  // IPv6: 0
    uint32_t id;
    friend auto operator<=>(const Key&, const Key&) = default;
  };
  struct Datagram {
    std::vector<Frame> in, out;
    uint64_t since_ms, number;
    bool whole = false;
  };
  struct Taken {
    uint64_t number, at_ms;
  };
  static Key KeyOf(Direction direction, const Dissection& d);

  std::map<Key, Datagram> datagrams_;
  std::map<Key, Taken> ids_;
  uint64_t numbers_ = 0;
};

}  // namespace cfr::test
