// SPDX-License-Identifier: BSD-3-Clause
// Every 5-tuple the hunt's subscribers use, numbered, and what was seen of each: its alias on the core
// side, when it last passed, where its TCP stands. Kept by the auditor from frames alone; the generator
// reads it to answer as a remote would.
//
//   number = ((family, protocol, host) * ports + port) * remotes + remote, and the remote's port
#pragma once

#include <cstdint>
#include <optional>

#include "dataplane/arena.h"
#include "tests/hunt/address_plan.h"

namespace cfr::hunt {

enum class Protocol : uint8_t { kUdp, kTcp, kEcho };
inline constexpr int kProtocols = 3;
uint8_t NumberOf(Protocol protocol, Family family);  // IANA's

struct Tuple {
  Family family;
  Protocol protocol;
  int host, port, remote, remote_port;  // indices of the plan; echo has remote_port 0

  Address subscriber() const { return SubscriberAddress(family, host); }
  Address remote_address() const { return RemoteAddress(family, remote); }
  uint16_t subscriber_port() const;
  uint16_t remote_port_number() const { return protocol == Protocol::kEcho ? 0 : kRemotePorts[remote_port]; }
  uint8_t number() const { return NumberOf(protocol, family); }
};

// As read from a frame; for echo `subscriber_port` is the identifier and `remote_port` 0.
struct WireTuple {
  uint8_t protocol;
  Address subscriber, remote;
  uint16_t subscriber_port, remote_port;
  friend auto operator<=>(const WireTuple&, const WireTuple&) = default;
};

enum class TcpStage : uint8_t { kOpen, kAnswered, kEstablished, kClosing };

struct Conversation {
  Address alias;
  uint16_t alias_port = 0;
  bool known = false;   // it has an alias
  bool unseen = false;  // a packet that has not left may have opened a flow
  TcpStage stage = TcpStage::kOpen;
  bool unsure = false;       // its SYN was not seen, or its flow replaced by one with the same alias
  bool fin_pending = false;  // the remote's FIN, which ends at server_fin, is not acknowledged
  bool reset = false;        // the last segment that passed was a RST its receiver believes
  uint64_t opened_ms = 0;    // kClosing or reset: when that began
  uint64_t last_out_ms = 0, last_in_ms = 0;  // that passed
  uint32_t client_next = 0, client_ack = 0;  // TCP, as the subscriber sent them
  uint32_t server_next = 0;                  // TCP, the generator's
  uint32_t server_fin = 0;
  uint32_t label = 0;  // IPv6, 0: not seen
};
static_assert(sizeof(Conversation) <= 80, "the book stays small enough for a cache");

class Conversations {
 public:
  Conversations() : all_(kCount) {}

  static constexpr int kCount = kFamilies * kProtocols * kHosts * kPortsOfHost * kRemotes * 2;
  static int NumberOf(const Tuple& t);
  static Tuple TupleOf(int number);
  static std::optional<int> Find(const WireTuple& t);

  Conversation& operator[](int number) { return all_[static_cast<size_t>(number)]; }
  const Conversation& operator[](int number) const { return all_[static_cast<size_t>(number)]; }

 private:
  Arena<Conversation> all_;  // zeroed: of nobody, and touched only as it is used
};

}  // namespace cfr::hunt
