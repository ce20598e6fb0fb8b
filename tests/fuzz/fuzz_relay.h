// SPDX-License-Identifier: BSD-3-Clause
// A relay with four open conversations, the hunt's auditor at its ports, and frames of the fuzzer's making.
#pragma once

#include <optional>
#include <vector>

#include "tests/fuzz/fuzzer.h"
#include "tests/hunt/hunt.h"

namespace cfr::fuzz {

class FuzzRelay {
 public:
  static constexpr int kConversations = 4;  // UDP, TCP and echo over IPv4, UDP over IPv6

  FuzzRelay();

  // Any bytes. The choices put right what a random frame never has: bit 0 access side; 1 stations and
  // ethertype; 2 IPv4 header checksum; 3 transport checksum; 4 addresses and ports of conversation bits 5-6.
  void Send(uint8_t choices, hunt::Bytes bytes);

  struct Piece {
    bool outbound = false, more = false;
    int conversation = 0, datagram = 0;
    uint32_t offset_units = 0, bytes = 0;  // of eight bytes; of the datagram's payload
  };
  void Send(const Piece& piece);
  // The first packet of a conversation, and its answer.
  void Open(int conversation);
  void Wait(uint64_t ms);
  // Everything is over, and nothing is left.
  void Finish();

 private:
  using Frame = std::vector<uint8_t>;
  static hunt::Tuple TupleOf(int conversation);
  hunt::IpFields Addresses(const hunt::Tuple& t, bool outbound) const;
  uint16_t AliasPort(const hunt::Tuple& t) const;
  Frame Whole(const hunt::Tuple& t, bool outbound) const;
  void Aim(Frame* frame, const hunt::Tuple& t, bool outbound) const;
  void Deliver(bool outbound, const Frame& frame);

  hunt::Findings findings_{[] { return "the input"; }};
  hunt::Tally tally_;
  hunt::Hunt hunt_;
};

}  // namespace cfr::fuzz
