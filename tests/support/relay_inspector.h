// SPDX-License-Identifier: BSD-3-Clause
// What must hold for every packet, whatever the test is about (docs/architecture.md "invariants"):
// addresses, checksums, lengths, payload, header fields, and one alias per live flow. Knows the relay
// only through its configuration and the bytes that go in and come out.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "common/config.h"
#include "tests/support/datagrams.h"
#include "tests/support/dissection.h"

namespace cfr::test {

// The MAC of the fake station that has an address on a link.
MacAddress StationMac(Side side, const Address& a);

// The VLAN tags a frame of that port carries, four bytes each.
std::vector<uint8_t> TagsOf(const PortConfig& port);

struct Endpoint {
  Address address;
  uint16_t port = 0;
  friend auto operator<=>(const Endpoint&, const Endpoint&) = default;
};

// An inbound tuple as the core sees it.
struct CoreTuple {
  uint8_t protocol;
  Endpoint alias, remote;
  friend auto operator<=>(const CoreTuple&, const CoreTuple&) = default;
};

class RelayInspector {
 public:
  // Whether a live flow holds this inbound tuple; of this subscriber's, if one is named.
  using IsLive = std::function<bool(const CoreTuple&, const std::optional<Endpoint>& subscriber)>;

  // `port_mac`: the relay's own.
  RelayInspector(IsLive is_live, const MacAddress (&port_mac)[kSides])
      : is_live_(std::move(is_live)), port_mac_{port_mac[0], port_mac[1]} {}

  void SetConfig(const Config& config);
  // A frame that left by the other side, as one frame or cut into several.
  void Relayed(Direction direction, const Frame& in, const std::vector<Frame>& outs, bool bypassed,
               uint64_t now_ms);
  // A frame the relay made.
  void MadeByRelay(Side side, const Frame& frame);
  // One it made of a packet that came on that side and was dropped.
  void Answered(Side side, const Frame& in, const Frame& answer, uint64_t now_ms);
  void Violation(std::string sentence) { violations_.push_back(std::move(sentence)); }
  const std::vector<std::string>& violations() const { return violations_; }

 private:
  struct Alias {
    Endpoint endpoint;
    uint32_t flow_label;
    bool offset_wanted;                        // by the setting when the flow was first seen
    std::optional<uint32_t> timestamp_offset;  // as seen
    uint64_t seen_ms;
  };
  using FlowTuple = std::tuple<uint8_t, Endpoint, Endpoint>;  // protocol, subscriber, remote

  void CheckPacket(Direction direction, const Frame& in_frame, const Frame& out_frame, bool bypassed);
  void CheckFragment(Direction direction, const Frame& in, const std::vector<Frame>& outs, bool bypassed,
                     uint64_t now_ms);
  void CheckPieces(Direction direction, const std::vector<Frame>& outs, bool bypassed);
  void CheckSame(Direction direction, const Dissection& in, const Dissection& out, bool bypassed);
  void CheckChecksum(const Dissection& in, const Dissection& out);
  void CheckHeader(Direction direction, const Dissection& in, const Dissection& out, bool bypassed);
  void CheckEcho(Alias* alias, const Dissection& in, const Dissection& out);
  void CheckTimestamps(Alias* alias, const Dissection& in, const Dissection& out);
  void CheckOptions(Direction direction, uint32_t offset, const Dissection& in, const Dissection& out);
  void CheckStations(Direction direction, const Dissection& out);
  void CheckOutboundFlow(const Dissection& in, const Dissection& out);
  void CheckExclusive(const CoreTuple& tuple);
  void CheckInboundFlow(const Dissection& in, const Dissection& out);
  void CheckIcmpError(Direction direction, const Dissection& in, const Dissection& out);
  void CheckQuote(Direction direction, const Dissection& in, const Dissection& out);
  void CheckErrorStripped(const Dissection& in, const Dissection& out);
  void CheckOwnError(Side side, const Frame& in, const Dissection& error);
  void CheckReset(Side side, const Frame& in, const Dissection& reset);
  void CheckRate(const Address& receiver, uint64_t now_ms);
  bool IsOwn(Side side, const Address& a) const;
  void CheckNoSubscriber(const Frame& frame, size_t end);
  void Remember(const std::vector<uint8_t>& secret);
  bool InPool(const Address& a) const;
  bool IsSubscriber(const Address& a) const;
  void Expect(bool holds, const std::string& what);

  IsLive is_live_;
  const MacAddress port_mac_[kSides];
  Config config_;
  uint64_t now_ms_ = 0;
  std::vector<Prefix> pools_;  // of every configuration so far: flows outlive their pool
  std::map<FlowTuple, Alias> aliases_;
  std::map<CoreTuple, Endpoint> subscribers_of_;
  std::map<Address, std::vector<uint64_t>> answered_at_;  // under the settings in force
  Datagrams datagrams_;
  std::vector<std::vector<uint8_t>> secrets_;  // subscriber addresses and MACs seen
  std::string packet_;                         // of the packet in hand, for sentences
  std::vector<std::string> violations_;
};

}  // namespace cfr::test
