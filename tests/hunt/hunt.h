// SPDX-License-Identifier: BSD-3-Clause
// One scene: a relay, its traffic, its auditor, and everything that happens between bursts.
//
//   traffic -> burst -> pipeline of a worker -> forwarded, whole or in pieces: auditor
//                            |-> handed off: queue of its owner, perhaps only after the world changed
//                            |-> an early fragment: the pipeline has it until its wait is over
//                            `-> anything else: the relay's main lcore; what it gives back: auditor
#pragma once

#include <array>
#include <deque>
#include <map>
#include <memory>
#include <vector>

#include "dataplane/vlan.h"
#include "tests/hunt/auditor.h"
#include "tests/hunt/scenes.h"
#include "tests/hunt/traffic.h"
#include "tests/support/relay.h"

namespace cfr::hunt {

// Summed over scenes.
struct Tally {
  uint64_t packets = 0, scenes = 0;
  uint64_t forwarded[kDirections] = {};
  uint64_t bypassed = 0, made = 0, answered = 0, handed_off = 0, held = 0, cut = 0;
  std::vector<uint64_t> sent_of_kind = std::vector<uint64_t>(static_cast<size_t>(Traffic::kinds()));
  std::vector<uint64_t> forwarded_of_kind = sent_of_kind;
  std::array<uint64_t, kDropReasonCount> drops{};
  EpochDraws epoch_draws;
};

struct HuntOptions {
  int workers = 1;
  int hot = 512;           // conversations most packets belong to
  uint32_t flows = 16384;  // of each table, where the scene does not say otherwise
};

class Hunt : private test::Relay::Guest {
 public:
  static constexpr int kBurst = 32;

  Hunt(uint64_t seed, const Scene& scene, const HuntOptions& options, Findings& findings, Tally& tally);
  ~Hunt() override;

  // Ends early once there are so many findings.
  void Run(uint64_t packets, uint64_t findings_max);
  uint64_t packets() const { return packets_; }

  // The same by hand, for fuzzers: whatever is drawn from now on is drawn from `dice`.
  void Reseed(uint64_t dice);
  // At most kBurst packets of one kind, or of any if it is negative, as a queue of a port gives them.
  void Burst(Side side, int worker, int kind, int count);
  // One frame of any bytes.
  void Send(Side side, int worker, Bytes frame);
  void TakeHandoffs(int worker, Direction direction);
  // Nothing stays in a queue meanwhile.
  void Wait(uint64_t ms);
  void Play(Act act);  // if the scene has it
  // All workers, or each with some chance, read the world as it is now; accounts are checked.
  void EndRound(bool all_workers);
  void Quiesce();
  int workers() const { return static_cast<int>(seen_.size()); }
  const Conversations& conversations() const { return auditor_.conversations(); }

 private:
  struct Slot {
    std::array<uint8_t, 2 * kVlanRoomBytes + kFrameMax> memory;  // room for tags in front, tags put on behind
    std::array<uint8_t, kVlanRoomBytes + kFrameMax> arrived;
    Shot shot;
    uint16_t arrived_length = 0;
    uint16_t start = 0, length = 0;  // of the frame in `memory` while a queue has it
    Resolution resolution;           // likewise
    uint8_t* frame() { return memory.data() + kVlanRoomBytes; }
    Bytes arrived_bytes() const { return {arrived.data(), arrived_length}; }
  };
  using Handoffs = std::deque<Slot*>;

  void Arrive(int worker, Slot** slots, int count);
  void Tag(Slot* slot);
  void Run(int worker, Direction direction, Origin origin, Slot** slots, int count);
  void Process(int worker, Direction direction, Origin origin, std::span<Packet> packets);
  void TakeHeld() override;
  std::optional<uint16_t> RoomOf(const Packet& p) const override;
  void TakeHeld(int worker);
  void Answered(Direction direction, const Packet& p, const WorldView& view);
  void Settle(int worker, Direction direction, const Packet& p, std::span<const Packet> pieces,
              const WorldView& view);
  void Sent(int worker, Direction direction, const Packet& p, std::span<const Packet> pieces,
            const WorldView& view);
  void Dropped(Direction direction, DropReason reason, const Slot& slot, const WorldView& view);
  void TakeReleased();
  void TakeAllHandoffs();
  uint64_t Opened() const;
  bool MayOpen(Direction direction) const;
  bool Open() const;

  void PassTime();
  void Apply(const Config& config);
  void Reapply();
  void Refused();
  void Withdraw();
  void Reassign();
  void MoveSubscribers();
  void ChangeBypasses();
  void RenewLease();
  void Look();  // makes a new view if the world changed
  Slot* TakeSlot();

  Scene scene_;
  Random random_;
  Findings& findings_;
  Tally& tally_;
  Config base_, config_;  // as the scene began, and as last applied
  test::Relay relay_;
  Auditor auditor_;
  Traffic traffic_;
  WorldView links_;  // what holds for frames the relay makes, whatever a worker has seen
  std::shared_ptr<const WorldView> latest_;
  std::vector<Address> drawable_;                       // units that new flows may take
  std::vector<std::shared_ptr<const WorldView>> seen_;  // by worker
  std::vector<Handoffs> handoffs_[kDirections];         // by worker
  std::map<const void*, std::unique_ptr<Slot>> slots_;
  std::vector<Slot*> free_;
  uint64_t packets_ = 0;
  int quiet_ = 0;                  // bursts still to come from the core alone
  uint64_t lease_back_ms_ = 0;     // when the control process is heard again
  uint64_t stations_back_ms_ = 0;  // when next hops answer again
  size_t violations_seen_ = 0;     // of the relay's own inspector
};

}  // namespace cfr::hunt
