// SPDX-License-Identifier: BSD-3-Clause
// Virtual reassembly: the datagrams of which one worker has seen fragments, and the early fragments it
// keeps. Nothing is put together; a datagram's first fragment tells the ports of the later ones, and each
// passes on its own (RFC 4787 REQ-14, docs/decisions/0008-fragments.md).
//
//   any worker                 home of the datagram                         owner of the flow
//                              = hash(source, destination, id)              = hash of the 5-tuple
//   fragment ----handoff---->  ranges: repeated? overlapping? ----handoff-> find, translate, new id
//                                first: ports and owner now known  (FIFO)   (the same for every fragment:
//                                later: known? on : hold                     remembered here by datagram)
//
//              first fragment            overlap
//   waiting --------------------> known ---------> poisoned          both forgotten after frag_map
//      | frag_hold: dropped         | complete, and frag_hold old: its id may come again
//
// Nothing is allocated after the start. `datagrams` entries, of which the oldest settled one makes room;
// `held` fragments, of which the oldest waiting datagram's make room, kPushedOutPerMs times at most. A flood
// of fragments without a first one can only push out others of its kind, and what is beyond that costs
// little. Only its worker uses a FragmentTable.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "common/counters.h"
#include "common/siphash.h"
#include "dataplane/fragment_ranges.h"
#include "dataplane/packet.h"

namespace cfr {

// What the fragments of one datagram have in common (RFC 791 3.2; RFC 8200 4.5: IPv6 without protocol).
struct DatagramKey {
  V6 source, destination;  // IPv4 in `low`
  uint32_t id;
  uint8_t protocol;
  Direction direction;
  friend bool operator==(const DatagramKey&, const DatagramKey&) = default;
};
DatagramKey KeyOf(const Packet& p, Direction direction);
uint64_t HashOf(const DatagramKey& key, const SipKey& secret);
uint64_t HashOf(const Address& sender, const SipKey& secret);

class FragmentTable {
 public:
  using Index = uint32_t;
  static constexpr Index kNone = 0xffffffff;
  enum class State : uint8_t { kFree, kWaiting, kKnown, kPoisoned };

  // Two cache lines for one whose fragments are strays: finding, ageing and holding touch the first, its
  // first fragment's range the second. Only datagrams in many parts reach further.
  struct alignas(64) Datagram {
    DatagramKey key;
    uint32_t hash = 0;  // low half
    Index next_in_bucket = kNone;
    Index older = kNone, newer = kNone;
    Index first_held = kNone;
    uint16_t held_count = 0;
    State state = State::kFree;
    bool has_id = false;
    Index last_held = kNone;
    uint32_t new_id = 0;
    uint64_t since_ms = 0;     // in this state
    uint64_t complete_ms = 0;  // when its last missing part passed
    uint64_t id_ms = 0;        // when it was given
    Resolution resolution;     // kKnown
    FragmentRanges ranges;
    // All of it has passed long enough ago that a fragment with its id belongs to another datagram.
    bool is_over(uint64_t now_ms, uint64_t after_ms) const {
      return state == State::kKnown && ranges.complete() && now_ms - complete_ms >= after_ms;
    }
  };

  // Capacities, both at least 1.
  FragmentTable(uint32_t datagrams, uint32_t held);

  Datagram* Find(const DatagramKey& key, uint64_t hash);
  // A datagram that is not in the table, waiting for its first fragment.
  Datagram& Add(const DatagramKey& key, uint64_t hash, uint64_t now_ms);
  void Forget(Datagram& d);

  // The first fragment has come; what waited for it is released.
  void Resolve(Datagram& d, const Resolution& r, uint64_t now_ms);
  // No fragment of it may pass any more; what waited is released, dropped.
  void Poison(Datagram& d, uint64_t now_ms);

  // Whether `sender` (any hash of it) may have another fragment kept, of at most `max`.
  bool MayHold(uint64_t sender, uint64_t max) const { return senders_[sender % kSenders] < max; }
  // Whether one more fragment may be held: there is room, or may be made in this millisecond.
  bool HasRoomToHold(uint64_t now_ms) const {
    return free_held_ != kNone || pushed_out_ms_ != now_ms || pushed_out_ < kPushedOutPerMs;
  }
  // Makes that room, if need be by dropping the oldest waiting datagram: pointers are void then.
  void MakeRoomToHold(uint64_t now_ms);
  void Hold(Datagram& d, const Packet& p, uint64_t sender);

  // Ends what has waited `hold_ms`, forgets what was known for `map_ms`; at most `budget` datagrams.
  int Expire(uint64_t now_ms, uint64_t hold_ms, uint64_t map_ms, int budget);

  // Packets of one direction whose wait is over, in the order they came: verdict kDrop, or resolved. The
  // caller takes all before the next burst.
  unsigned TakeReleased(Direction direction, std::span<Packet> packets);

  uint32_t held() const { return held_count_; }
  uint32_t datagrams() const { return used_; }

 private:
  static constexpr size_t kSenders = 4096;  // counts shared by senders whose hashes meet
  struct Held {
    uint8_t* data;
    void* buffer;
    uint16_t length, sender;
    Index next;
  };
  struct Ages {
    Index oldest = kNone, newest = kNone;
  };
  struct Queue {
    std::vector<Packet> packets;
    size_t taken = 0;
  };

  Index IndexOf(const Datagram& d) const { return static_cast<Index>(&d - datagrams_.data()); }
  Ages& AgesOf(State state) { return state == State::kWaiting ? waiting_ : settled_; }
  void Enter(Datagram& d, State state, uint64_t now_ms);
  void Leave(Datagram& d);
  void Release(Datagram& d, Verdict verdict, DropReason reason);

  std::vector<Datagram> datagrams_;
  std::vector<Held> held_;
  std::vector<Index> buckets_;
  Index free_datagram_ = kNone, free_held_ = kNone;
  Ages waiting_, settled_;
  Queue released_[kDirections];
  std::vector<uint16_t> senders_;
  uint32_t held_count_ = 0, used_ = 0;
  uint64_t pushed_out_ms_ = 0;
  int pushed_out_ = 0;  // in that millisecond
};

}  // namespace cfr
