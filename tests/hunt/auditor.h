// SPDX-License-Identifier: BSD-3-Clause
// Judges every frame that leaves the relay against the one that arrived, and keeps the conversations' book.
// Lean: a frame costs about as much as the pipeline itself. Knows the relay by configuration and bytes only.
//
//   to the core:    no secret anywhere; source an alias unit in force; one alias per live flow, no tuple
//   twice to the access:  whoever gets it owns the alias it was sent to, and its flow is not over both:
//   payload, lengths, ports of the remote stay; checksums are as right or wrong as before
#pragma once

#include <map>
#include <span>

#include "common/counters.h"
#include "tests/hunt/conversations.h"
#include "tests/hunt/findings.h"
#include "tests/hunt/reading.h"
#include "tests/hunt/world_view.h"
#include "tests/support/datagrams.h"

namespace cfr::hunt {

using Bytes = std::span<const uint8_t>;

// Draws after a new epoch key: how many were compared with the unit before, how many were the same.
struct EpochDraws {
  uint64_t compared = 0, same = 0;
};

class Auditor {
 public:
  explicit Auditor(Findings& findings) : findings_(findings), by_tuple_(kTupleSlots) {}

  // `departed`: one frame, or the pieces it was cut into.
  void Relayed(Direction direction, Bytes arrived, const std::vector<Bytes>& departed, bool bypassed,
               const WorldView& view, uint64_t now_ms);
  void Dropped(Bytes arrived, DropReason reason, uint64_t now_ms);  // on the access side
  void Held(Bytes arrived);                                         // there, too
  // A frame the relay made of one it dropped, without tags.
  void Answered(Direction direction, Bytes arrived, Bytes answer, const WorldView& view);
  void Made(Side side, Bytes frame, const WorldView& view);
  // Whether the flow that `arrived` belongs to must still be there, whatever a stranger sent: its timers say
  // so. `number`: of its conversation.
  bool MustLive(int number, Direction direction, Bytes arrived, const WorldView& view, uint64_t now_ms) const;

  const Conversations& conversations() const { return conversations_; }
  const EpochDraws& epoch_draws() const { return epoch_draws_; }
  // Scenes in which a flow may be open long before a packet of it leaves.
  void AllowWaiting(bool allowed) { waiting_allowed_ = allowed; }
  // Scenes whose tables are too small to remember a datagram until its end.
  void AllowForgetting(bool allowed) { forgetting_allowed_ = allowed; }
  // Scenes in which alias units may have no port or no lease: draws then move on within an epoch.
  void AllowSpills(bool allowed) { spills_allowed_ = allowed; }

 private:
  struct Subject {  // of one call
    Direction direction;
    Bytes arrived, departed;
    const WorldView* view;
    uint64_t now_ms;
    Reading in, out;
    bool outbound() const { return direction == Direction::kOutbound; }
  };
  struct UnitHistory {  // of a subscriber in one family
    Address unit;
    uint32_t epoch_serial = 0, units_serial = 0;
    uint64_t first_ms = 0;
    std::vector<Address> units;  // since then
    bool known = false;
  };

  struct TupleSlot {
    uint64_t hash;
    bool shown;  // by conversation `number`; otherwise by nobody any more
    int number;
    uint64_t free_at_ms;  // not shown: when another may
  };

  void Violate(const Subject& s, const char* sentence) {
    findings_.Violation(sentence, s.arrived, s.departed);
  }
  void Expect(const Subject& s, bool holds, const char* sentence) {
    if (!holds) Violate(s, sentence);
  }
  static bool HoldsSecret(Bytes frame, const uint8_t* at, const Address& destination, const WorldView& view);
  void CheckBypass(const Subject& s);
  void CheckSecrets(const Subject& s);
  void CheckLink(const Subject& s);
  void CheckPieces(const Subject& s, const std::vector<Bytes>& pieces);
  void CheckId(const Subject& s, const std::vector<Bytes>& departed);
  void CheckHeader(const Subject& s);
  void CheckTransport(const Subject& s);
  void CheckForm(const Subject& s);
  void CheckError(const Subject& s);
  void CheckUnit(const Address& source, const Subject& s);

  void Outbound(const Subject& s);
  void Inbound(const Subject& s);
  void Error(const Subject& s);
  Conversation* FindKnown(const WireTuple& t);
  // Whether a packet that has not left yet may have opened the flow with this alias port; `c`: what is known.
  bool MayWait(const Conversation* c, uint16_t alias_port) const {
    return waiting_allowed_ && (c == nullptr || c->alias_port != alias_port);
  }
  void EndByNewSyn(const Reading& r);
  void Open(Conversation& c, int number, const Subject& s);
  void CheckTuple(const Conversation& c, int number, const Subject& s);
  void Retire(const Conversation& c, int number, const Subject& s);
  void CheckDraw(const Conversation& c, int number, const Subject& s);
  void Follow(Conversation& c, const Subject& s);

  static constexpr size_t kTupleSlots = 1 << 16;
  Findings& findings_;
  Conversations conversations_;
  Arena<TupleSlot> by_tuple_;                 // lossy
  std::map<WireTuple, Conversation> strays_;  // flows that damaged packets opened
  UnitHistory histories_[kFamilies][kHosts];  // by subscriber
  EpochDraws epoch_draws_;
  bool spills_allowed_ = false, waiting_allowed_ = false, forgetting_allowed_ = false;
  test::Datagrams datagrams_;
  int equal_ids_ = 0;
  uint32_t checked_serial_ = 0;  // view and source CheckUnit last approved
  Address checked_unit_;
};

}  // namespace cfr::hunt
