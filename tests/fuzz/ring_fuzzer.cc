// SPDX-License-Identifier: BSD-3-Clause
// The dataplane's end of the ring against a control process that writes what it likes: messages of any
// content and order, indices, slots already published. Whatever is accepted, no alias unit is a subscriber,
// the relay, or outside the egress prefixes fixed at start.
//
//   input: steps of one byte and what it takes; see Step
#include <algorithm>
#include <atomic>
#include <filesystem>
#include <thread>

#include "common/attach.h"
#include "dataplane/control_link.h"
#include "tests/fuzz/fuzzer.h"
#include "tests/support/dataplane_end.h"

namespace cfr {
namespace {

const std::vector<Prefix>& Allowed() {
  static const std::vector<Prefix> prefixes = {*ParsePrefix("203.0.113.0/24"),
                                               *ParsePrefix("2001:db8:a000::/48")};
  return prefixes;
}

// A dataplane, and a peer attached to it that has the whole region to itself.
class Bed {
 public:
  Bed() : directory_(MakeDirectory()), end_(directory_ + "/socket", Allowed()) { Attach(); }
  ~Bed() { std::filesystem::remove_all(directory_); }

  // What one input left behind must not decide what the next one does: a run it began is broken off, and
  // rings it made corrupt, for good, are replaced.
  void Clean() {
    Message commit;
    commit.kind = MessageKind::kCommit;
    commit.sequence = NextSequence();
    Push(commit);
    for (int n = 0; n < 3; ++n) Poll();
    if (end_.page().ring_corrupt.Get() != 0 || taken_ != sequence_) Attach();
  }

  void Push(const Message& m) {
    SharedRing& ring = rings().commands;
    const uint32_t tail = ring.tail.load();
    ring.slots[tail % kRingSlots] = m;
    ring.tail.store(tail + 1, std::memory_order_release);
  }

  // Answers are taken, so that there is room for more.
  void Poll() {
    end_.Poll(now_ms_ += 10, kRingSlots);
    SharedRing& events = rings().events;
    const uint32_t tail = events.tail.load();
    if (tail != events.head.load()) taken_ = events.slots[(tail - 1) % kRingSlots].ack.sequence;
    events.head.store(tail);
  }

  void Attach() {
    peer_.reset();
    std::thread control([&] {
      auto attachment = Attachment::Connect(directory_ + "/socket");
      FUZZ_EXPECT(attachment.ok(), "a dataplane takes a peer whatever the former one did");
      next_ = std::move(*attachment);
      attached_ = true;
    });
    for (attached_ = false; !attached_;) end_.Poll(now_ms_, 1);
    control.join();
    peer_ = std::move(next_);
    sequence_ = taken_ = 0;
  }

  RingPair& rings() { return peer_->main_rings(); }
  test::DataplaneEnd& end() { return end_; }
  uint32_t NextSequence() { return ++sequence_; }

 private:
  static std::string MakeDirectory() {
    char path[] = "/tmp/cfr-fuzz-XXXXXX";
    FUZZ_EXPECT(mkdtemp(path) != nullptr, "there is a place for a socket");
    return path;
  }

  const std::string directory_;
  test::DataplaneEnd end_;
  std::unique_ptr<Attachment> peer_, next_;
  std::atomic<bool> attached_ = false;
  uint32_t sequence_ = 0, taken_ = 0;  // last sent and last acknowledged
  uint64_t now_ms_ = 1000;
};

void ExpectSafe(const Snapshot& snapshot) {
  for (const Unit& unit : snapshot.units) {
    if (!unit.carries_flows()) continue;
    FUZZ_EXPECT(std::any_of(Allowed().begin(), Allowed().end(),
                            [&](const Prefix& p) { return p.Contains(unit.address); }),
                "no alias unit outside the egress prefixes");
    FUZZ_EXPECT(snapshot.subscribers.Find(unit.address) == nullptr, "no alias unit is a subscriber");
    FUZZ_EXPECT(snapshot.FindOwn(unit.address) == nullptr, "no alias unit is the relay itself");
    FUZZ_EXPECT(snapshot.bypasses.Find(unit.address) == nullptr, "no alias unit is a bypassed destination");
  }
  for (const auto& of_region : snapshot.drawable)
    for (const auto& units : of_region)
      for (UnitIndex unit : units)
        FUZZ_EXPECT(unit < kUnitsMax && snapshot.units[unit].state == PrefixState::kActive,
                    "only active units are drawn");
  FUZZ_EXPECT(snapshot.settings[Setting::kPortFirst] <= snapshot.settings[Setting::kPortLast],
              "the port range is one");
  for (int s = 0; s < kSettingCount; ++s)
    FUZZ_EXPECT(InRange(static_cast<Setting>(s), snapshot.settings[static_cast<Setting>(s)]),
                "every setting is in its range");
}

class Program {
 public:
  Program(Bed& bed, fuzz::Input input) : bed_(bed), input_(input) {}

  void Run() {
    while (!input_.empty()) Step();
    Poll();
    bed_.Clean();
  }

 private:
  void Step() {
    const uint8_t what = input_.Take8();
    switch (what % 8) {
      case 0:
      case 1:
      case 2:
        return Send(true);
      case 3:
        return Send(what >= 128);
      case 4:
        return Commit();
      case 5: {  // any index
        auto& index = (what & 8) != 0 ? bed_.rings().commands.tail : bed_.rings().events.head;
        return index.store(index.load() +
                           (what >= 128 ? input_.Take16() : static_cast<uint32_t>(input_.Take16()) << 16));
      }
      case 6: {  // any byte of any slot
        auto* bytes = reinterpret_cast<uint8_t*>(&bed_.rings());
        const size_t at = (size_t{input_.Take16()} << 8 | input_.Take8()) % sizeof(RingPair);
        bytes[at] = input_.Take8();
        return;
      }
      default:
        return Poll();
    }
  }

  // A message as it comes, with the number that is due or with its own.
  void Send(bool numbered) {
    Message m;
    const uint8_t bytes = input_.Take8() % (sizeof m - 4);
    input_.Take(reinterpret_cast<uint8_t*>(&m) + 4, bytes);
    m.kind = static_cast<MessageKind>(static_cast<uint16_t>(m.kind) % 17);
    m.sequence = numbered ? bed_.NextSequence() : input_.Take16();
    // Versions count from the one in force, so that no input depends on those before it.
    const World& world = bed_.end().world();
    if (m.kind == MessageKind::kBegin) m.begin.generation = bed_.end().generation() + m.raw[0] % 8 - 2;
    if (m.kind == MessageKind::kEpochKey)
      m.epoch_key.version = (world.keys == nullptr ? 0 : world.keys->key[0].version) + m.raw[0] % 8 - 2;
    bed_.Push(m);
    if (m.kind == MessageKind::kBegin) {
      messages_ = 0;
      digest_ = 0;
      generation_ = m.begin.generation;
    } else {
      ++messages_;
      digest_ = MessageDigest(digest_, m);
    }
  }

  // A commit that fits what was sent.
  void Commit() {
    Message m;
    m.kind = MessageKind::kCommit;
    m.sequence = bed_.NextSequence();
    m.commit.generation = generation_;
    m.commit.messages = messages_;
    m.commit.digest = digest_;
    bed_.Push(m);
  }

  void Poll() {
    const Snapshot* before = bed_.end().world().snapshot.get();
    bed_.Poll();
    const Snapshot* after = bed_.end().world().snapshot.get();
    if (after != before) ExpectSafe(*after);
  }

  Bed& bed_;
  fuzz::Input input_;
  Generation generation_ = 0;
  uint32_t messages_ = 0;
  uint64_t digest_ = 0;
};

}  // namespace
}  // namespace cfr

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t bytes) {
  static auto* bed = new cfr::Bed;  // for the life of the process
  cfr::Program(*bed, {data, bytes}).Run();
  return 0;
}
