// SPDX-License-Identifier: BSD-3-Clause
// A whole relay inside one process and one thread: the control process's assignments and generations,
// the pipelines of 1..n workers and the main lcore's neighbours, all real; around them a fake clock, fake
// stations on both links and an inspector that looks at every packet (relay_inspector.h).
//
//   Send(frame) -> pipeline of the worker it arrives on -> [handoff -> pipeline of its owner]
//        |              `-> consumed -> Neighbours -> made frames, the packet again when its station is known
//        `-> Outcome: what became of this frame
//
// Everything random follows the seed: two relays with equal options do equal things.
#pragma once

#include <array>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "common/config.h"
#include "common/counters.h"
#include "control/assignments.h"
#include "dataplane/neighbours.h"
#include "dataplane/pipeline.h"
#include "dataplane/snapshot_builder.h"
#include "tests/support/packet_builder.h"
#include "tests/support/relay_inspector.h"

namespace cfr::test {

struct RelayOptions {
  int workers = 1;
  uint32_t flows_v4 = 4096, flows_v6 = 4096;      // per worker
  uint32_t datagrams = 256, fragments_held = 64;  // per worker
  uint64_t subscribers_max = 1024, affinity_pairs = 4096;
  uint8_t seed = 1;
  bool inspected = true;  // false: whoever runs the pipelines looks at the packets, too (tests/hunt)
  uint64_t start_ms = 1'000'000'000;  // of the clock
};

// What became of one frame given to the relay.
struct Outcome {
  enum class Kind { kPending, kSent, kDropped, kConsumed, kHeld } kind = Kind::kPending;
  Side side{};            // kSent: where
  Frame frame;            // kSent: what; the pieces put together if it was cut
  size_t pieces = 0;      // kSent: how many frames
  bool bypassed = false;  // kSent: untranslated
  uint64_t at_ms = 0;     // kSent: when
  DropReason reason{};    // kDropped
  int worker = 0;         // that decided it
  Frame arrived;          // as it came
  uint64_t number = 0;    // of the frame, as they came
  int handoffs = 0;       // how often it went to another worker
};

class Relay : private NeighbourIo, private BufferSource {
 public:
  static constexpr MacAddress kPortMac[kSides] = {{2, 0, 0, 0, 0, 1}, {2, 0, 0, 0, 0, 2}};

  explicit Relay(const RelayOptions& options);
  ~Relay() override;

  // What the dataplane reads once when it starts: egress prefixes and MTUs. Before anything is committed;
  // Apply does it if nobody did.
  void FixAtStart(const Config& config);
  // Assigns alias units, makes a generation of `config` and commits it.
  AckStatus Apply(const Config& config, const Merges& merges = {});
  // Commits the configuration in force with other assignments, right or wrong ones.
  AckStatus ApplyAssignments(std::vector<Assignment> assignments);
  const std::vector<Assignment>& assignments() const { return assignments_; }
  Merges merges_;
  AckStatus Commit(const std::vector<Message>& run);
  void AdvanceEpoch();                // a new epoch key, for every epoch at once
  void RotateKey();                   // one for the epochs that begin from now on
  void RenewLease(uint64_t seconds);  // every unit
  void SetOpeningRule(OpeningRule rule);
  void SetStationsAnswer(bool answer) { stations_answer_ = answer; }
  void SetBuffers(bool any) { buffers_left_ = any; }  // whether the pipelines can get buffers of their own

  // A frame, or a burst of at most kBurstMax, arrives at `side` on the queue of `worker`; returns when all
  // that follows from it has happened.
  Outcome Send(Side side, const Frame& frame, int worker = 0, bool l4_checksum_bad = false);
  std::vector<Outcome> SendBurst(Side side, const std::vector<Frame>& frames, int worker,
                                 bool l4_checksum_bad = false);
  // Time passes; timers are served every second of it, as workers do.
  void Wait(uint64_t ms);
  // Time passes at once, as for a process that was stopped meanwhile; then timers are served.
  void Leap(uint64_t ms);

  // For tests that call the pipelines and keep the page of each themselves, without an inspector: takes
  // over a packet the main lcore is to have. `arrived`: the bytes before the pipeline had them.
  void Consume(int worker, Direction direction, const Packet& p, const Frame& arrived);
  // Such a test, whose packets the pipelines have beside the relay's own.
  class Guest {
   public:
    virtual ~Guest() = default;
    virtual void TakeHeld() = 0;  // early fragments whose wait is over, instead of the relay
    virtual std::optional<uint16_t> RoomOf(
        const Packet& p) const = 0;  // as BufferSource; nullopt: not its own
  };
  void SetGuest(Guest* guest) { guest_ = guest; }
  void Release(const Packet& p) override;  // BufferSource; a piece that has been looked at
  Pipeline& pipeline(int worker) { return *pipelines_[static_cast<size_t>(worker)]; }
  CounterPage& page(int worker) { return *pages_[static_cast<size_t>(worker)]; }
  const World& world() const { return world_; }
  const PortFacts& port(Side side) const { return shared_.port[static_cast<int>(side)]; }
  // Between bursts; with an inspector it is done after every packet.
  void CheckAccounting();
  // Called with every frame the relay makes, questions to stations included.
  void SetWatch(std::function<void(Side, const Frame&)> watch) { watch_ = std::move(watch); }
  // The same, but nobody looks at a timer.
  void Pass(uint64_t ms) { now_ms_ += ms; }
  // Timers of one worker alone, at most `budget` flows of them; how many it looked at.
  int Expire(int worker, int budget);

  // Frames the relay made itself since the last call; questions to stations are not among them.
  struct Made {
    Side side;
    Frame frame;
  };
  std::vector<Made> TakeMade();
  // Packets that waited, for a station or their first fragment, and were sent or dropped since the last call.
  std::vector<Outcome> TakeReleased();

  // Summed over the workers and the main lcore.
  uint64_t Total(Direction d, Counter c) const;
  uint64_t Total(Direction d, DropReason r) const;
  uint64_t LiveFlows(Family f) const;
  uint64_t Quarantined(Family f) const;
  uint64_t SubscriberFlows() const { return subscribers_.TotalFlows(); }
  const Pipeline& pipeline(int worker) const { return *pipelines_[static_cast<size_t>(worker)]; }
  const CounterPage& page(int worker) const { return *pages_[static_cast<size_t>(worker)]; }
  int workers() const { return static_cast<int>(pipelines_.size()); }
  uint64_t now_ms() const { return now_ms_; }
  const Snapshot* snapshot() const { return world_.snapshot.get(); }
  const Config& config() const { return config_; }
  // Sentences about everything that was wrong with any packet so far.
  const std::vector<std::string>& violations() const { return inspector_.violations(); }

 private:
  struct Buffer {
    Frame frame;    // as it is now
    Frame arrived;  // as it came
    Direction direction{};
    int worker = 0;  // where it arrived last
    bool l4_checksum_bad = false;
    std::optional<Address> hop;
    Resolution resolution;
    Outcome outcome;
  };

  void Send(Side side, std::span<const uint8_t> frame) override;  // NeighbourIo
  void Return(Direction direction, void* buffer) override;
  void Release(void* buffer) override;
  bool Allocate(Packet* p) override;  // BufferSource
  uint16_t RoomOf(const Packet& p) const override;

  void GiveKey(bool at_once);
  Buffer* AddBuffer(Side side, const Frame& frame);
  void Run(int worker, Direction direction, Origin origin, const std::vector<Buffer*>& burst);
  void Process(int worker, Direction direction, Origin origin, std::span<Packet> packets);
  void TakeHeld();
  void NoteReleased();
  void Finish(int worker, Direction direction, const Packet& p, std::span<const Packet> pieces);
  void Answered(Direction direction, const Packet& p);
  void Sent(int worker, Direction direction, const Packet& p, std::span<const Packet> pieces);
  Frame Tagged(Side side, const Frame& frame) const;
  void RunMainLcore();
  void AnswerAsStation(Side side, const Frame& question);
  void Arrive(Side side, const Frame& frame);

  RelayOptions options_;
  uint64_t now_ms_;
  RandomSource random_;
  Owner owner_;
  SubscriberTable subscribers_;
  Leases leases_;
  Shared shared_;
  std::vector<std::unique_ptr<RandomSource>> worker_random_;
  std::vector<std::unique_ptr<CounterPage>> pages_;
  std::vector<std::unique_ptr<Pipeline>> pipelines_;
  std::unique_ptr<CounterPage> main_page_;
  Neighbours neighbours_;
  std::optional<SnapshotBuilder> builder_;
  std::vector<Assignment> assignments_;
  Config config_;
  World world_;
  uint32_t key_version_ = 0;
  bool stations_answer_ = true, buffers_left_ = true;
  bool main_lcore_runs_ = false;
  RelayInspector inspector_;
  std::function<void(Side, const Frame&)> watch_;
  Guest* guest_ = nullptr;

  std::deque<std::unique_ptr<Buffer>> buffers_;  // all that are somewhere
  std::deque<std::pair<int, Buffer*>> handoffs_;
  std::deque<Buffer*> consumed_;
  std::vector<Buffer*> waited_;  // for their first fragment, until just now
  std::deque<Made> questions_;   // for the stations
  std::vector<Made> made_;
  std::vector<Outcome> released_;
  uint64_t arrivals_ = 0;
  int held_[kDirections] = {};  // given to Neighbours and not back yet
};

}  // namespace cfr::test
