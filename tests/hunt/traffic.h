// SPDX-License-Identifier: BSD-3-Clause
// Makes frames: ordinary ones of the conversations' book, and everything a sender can do wrong or on purpose,
// on either side and in either family. Which kind comes next is drawn by weight (the rows in traffic.cc).
//
// Payloads, numbers and text contain no canary; what must not get through does: options, extension headers,
// quotes, extension objects, trailers, inner packets, foreign fields.
#pragma once

#include <deque>
#include <vector>

#include "common/types.h"
#include "tests/hunt/conversations.h"
#include "tests/hunt/draft.h"
#include "tests/hunt/random.h"

namespace cfr::hunt {

struct Shot {
  uint8_t* bytes = nullptr;  // kFrameMax of them
  uint16_t length = 0;
  Side side{};                   // where it arrives
  int kind = 0;                  // row of the traffic table
  int conversation = -1;         // that it belongs to, or -1
  bool ordinary = false;         // a stack would send it now: it has to pass if its flow lives
  bool opens = false;            // and opens its flow if there is none
  bool l4_checksum_bad = false;  // the network card says so
};

struct Piece {  // of a datagram's payload
  size_t offset, bytes;
  bool more;
};

class Traffic {
 public:
  // `hot`: how many conversations most packets belong to.
  Traffic(uint64_t seed, const Conversations& book, int hot);

  static int kinds();
  static const char* NameOf(int kind);

  // The next frame that arrives at `side`.
  void Make(Side side, Shot* shot);
  // One of a certain kind; what is waiting waits.
  void MakeKind(int kind, Side side, Shot* shot);
  void Reseed(uint64_t seed) { random_ = Random(seed); }
  // Greatest IP packet that ordinary senders send, and whether the world is one in which more is possible.
  void SetMtu(uint16_t mtu) { mtu_ = mtu; }
  // The alias units now, so that unsolicited packets find them.
  void SetUnits(std::vector<Address> units) { units_ = std::move(units); }

 private:
  struct Row;
  static const Row kRows[];

  // Ordinary and nearly so (traffic_flows.cc).
  void Udp();
  void Tcp();
  void Echo();
  void Unsolicited();
  void Forged();    // segments and errors about a live flow by a stranger
  void Datagram();  // what UDP may look like
  void Segment();   // what TCP may look like: flags, options, offsets
  void WrongChecksum();
  // The link (traffic_link.cc).
  void WrongLink();
  void Tagged();
  void Trailer();
  void Arp();
  void Discovery();
  // IP (traffic_ip.cc).
  void WrongHeader();
  void Options();
  void Addresses();
  void Protocols();
  void Chain();
  void Damaged();
  // ICMP (traffic_icmp.cc).
  void IcmpTypes();
  void Error();
  // Fragments (traffic_fragments.cc).
  void Fragments();
  void LoneFragment();

  // A conversation, one that has an alias if possible; sets shot_->conversation.
  Tuple Pick(bool known);
  Tuple Pick(Protocol protocol, bool known);
  Draft Begin(Family family);
  // The IP header of a packet of the tuple towards the other side, its addresses as seen here.
  IpFields Fields(const Tuple& t);
  // Source and destination port as seen here.
  struct Ports {
    uint16_t source, destination;
  };
  Ports PortsOf(const Tuple& t) const;
  Address AliasOf(const Tuple& t) const;
  // A whole packet of the tuple: IP, transport header, payload, right in every way.
  void Write(Draft& d, const Tuple& t, size_t payload);
  void WriteTcp(Draft& d, const Tuple& t, const IpFields& f, size_t payload);
  size_t TcpOptions(uint8_t* options, bool syn);
  size_t Payload();
  // Of TCP: any half of the circle.
  uint32_t Sequence32() { return Number32() ^ (random_.OneIn(2) ? 0x80000000 : 0); }
  uint32_t Number32() { return static_cast<uint32_t>(random_.Next()) & 0x7f7f7f7f; }
  // Some address: a subscriber's, a remote's, a pool's, or one of the odd ones.
  Address AnyAddress(Family family);
  Family AnyFamily() { return random_.OneIn(2) ? Family::kV4 : Family::kV6; }
  void Finish(const Draft& d) { shot_->length = d.length(); }
  // Four or sixteen bytes that must not be seen on the core side.
  size_t PutSecret(uint8_t* bytes, Family family);
  void Queue(const uint8_t* bytes, size_t length, int conversation);
  Draft WritePiece(const Tuple& t, IpFields f, uint32_t id, const Piece& p, const uint8_t* payload,
                   size_t total);
  uint32_t FragmentId();
  Draft Quoted(uint8_t* scratch, const Tuple& t);
  size_t PutObjects(uint8_t* bytes);

  Random random_;
  const Conversations& book_;
  Shot* shot_ = nullptr;
  uint16_t mtu_ = 1500;
  bool secret_options_ = false;  // of TCP, in the packet being written
  std::vector<Address> units_;
  std::vector<int> hot_;
  struct Waiting {
    std::vector<uint8_t> frame;
    int kind, conversation;
  };
  std::deque<Waiting> waiting_[kSides];  // pieces of datagrams begun
  uint32_t fragment_serial_ = 0;
};

}  // namespace cfr::hunt
