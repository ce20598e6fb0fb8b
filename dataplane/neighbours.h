// SPDX-License-Identifier: BSD-3-Clause
// Main lcore: what the workers consumed. Answers ARP, neighbour discovery and echo for the relay's own
// addresses (and for pool prefixes configured so), finds the stations of next hops, and keeps a few
// packets for each while it is asked for (RFC 826, RFC 4861, RFC 1122 2.3.2.2).
//
//   absent --packet or gateway--> asked --answer--> known --30 s--> asked again, still used
//                                   | 3 s without answer: packets dropped, their subscribers told;
//                                     a gateway is asked for ever
//
// At most kNeighboursMax entries. An entry is made for a configured gateway, for the on-link destination
// of an admitted packet, or for an on-link subscriber or gateway that asks for us; never for a stranger.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "common/counters.h"
#include "dataplane/answer_limit.h"
#include "dataplane/next_hops.h"
#include "dataplane/packet.h"
#include "dataplane/snapshot.h"

namespace cfr {

// What the neighbours do to the world; implemented by the main lcore and by tests.
class NeighbourIo {
 public:
  virtual ~NeighbourIo() = default;
  virtual void Send(Side side, std::span<const uint8_t> frame) = 0;  // a frame of our own making
  virtual void Return(Direction direction, void* buffer) = 0;        // back to the workers, as it came
  virtual void Release(void* buffer) = 0;                            // done with it
};

class Neighbours {
 public:
  // `page`: where the main lcore counts. `salt`: secret, see NextHops.
  Neighbours(const PortFacts (&ports)[kSides], NeighbourIo& io, CounterPage& page, uint64_t salt);
  ~Neighbours();

  // A new generation, never null. Its gateways are asked for at the next Tick, which must come after the
  // snapshot is published: the worker that sends a question passes it by the guard.
  void Configure(std::shared_ptr<const Snapshot> snapshot);
  // A packet a worker consumed, parsed; `p.buffer` is ours until Return or Release.
  void Take(Direction direction, Packet p, uint64_t now_ms);
  // Asks again, gives up, ages. Call at least every 100 ms.
  void Tick(uint64_t now_ms);

  // The next hops as of now, rebuilt if something changed since the last call; null before Configure.
  std::shared_ptr<const NextHops> Hops();
  // Gives back the packets whose station has been found. Call after what Hops() returned is published,
  // so that the workers can use it.
  void ReturnReady();
  int known(Side side) const;

 private:
  struct Held {
    Direction direction;
    Packet packet;
  };
  struct Entry {
    Mac mac{};
    bool known = false;
    bool gateway = false;
    int asked = 0;  // questions since the last answer
    uint64_t next_ask_ms = 0;
    std::vector<Held> waiting;  // at most kNeighbourQueueMax
  };
  using Key = std::pair<Side, Address>;

  void TakeArp(Direction direction, const Packet& p, uint64_t now_ms);
  void TakeDiscovery(Direction direction, const Packet& p, uint64_t now_ms);
  void TakeAdvertisement(Direction direction, const Packet& p, const uint8_t* mac, uint64_t now_ms);
  void TakeSolicitation(Direction direction, const Packet& p, const uint8_t* mac, uint64_t now_ms);
  void AnswerEcho(Direction direction, const Packet& p);
  void Hold(Direction direction, const Packet& p, uint64_t now_ms);
  void Finish(Direction direction, const Packet& p);
  void Refuse(Direction direction, const Packet& p, DropReason reason);
  void GiveUp(Direction direction, Packet p, uint64_t now_ms);
  void Made(Side side, std::span<const uint8_t> frame);

  bool AnswersFor(Side side, const Address& a) const;
  bool Expected(Side side, const Address& a) const;
  bool IsStrayed(Side side, const Address& a) const;
  void Learn(Side side, const Address& a, const uint8_t* mac, bool create, uint64_t now_ms);
  void Ask(const Key& key, Entry& entry, uint64_t now_ms);
  void SendArp(Side side, uint16_t operation, const Mac& to, const Address& sender, const Address& target);
  void SendNeighbour(Side side, uint8_t type, const Mac& to, const Address& source,
                     const Address& destination, const Address& target, uint32_t flags);
  const PortAddress* SpeakerFor(Side side, const Address& a) const;

  const PortFacts (&ports_)[kSides];
  NeighbourIo& io_;
  CounterPage& page_;
  const uint64_t salt_;
  AnswerLimit answers_;  // the main lcore's own
  std::shared_ptr<const Snapshot> snapshot_;
  std::shared_ptr<const NextHops> hops_;
  std::map<Key, Entry> entries_;
  std::vector<Held> ready_;
  bool changed_ = false;
};

}  // namespace cfr
