// SPDX-License-Identifier: BSD-3-Clause
// A process that writes whatever it likes into the whole ring, indices included, while this one uses it.
//
//   guard page | margin | a ring, shared with the child | guard page       (or the margin last)
//
// A touch of a guard page is SIGSEGV; the margin fills the pages and is poisoned for ASan, and checked
// for writes in every build. What is popped may be anything; that it is popped must be lawful.
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdio>
#include <cstring>
#include <functional>
#include <string>
#include <thread>
#include <tuple>

#include "common/shared_ring.h"

#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/asan_interface.h>
#else
#define ASAN_POISON_MEMORY_REGION(start, bytes)
#define ASAN_UNPOISON_MEMORY_REGION(start, bytes)
#endif

namespace cfr {
namespace {

constexpr int kCalls = 1'000'000;
constexpr uint32_t kBurst = 32;
constexpr size_t kPage = 4096;
using Ring = CFR_RING;  // the program is built for each there is
using Producer = ProducerOf<Ring>;
using Consumer = ConsumerOf<Ring>;

constexpr size_t kInner = (sizeof(Ring) + kPage - 1) / kPage * kPage;
constexpr size_t kMargin = kInner - sizeof(Ring);
constexpr uint8_t kUntouched = 0xa5;

enum class Place { kFirst, kLast };  // of the ring between the guards

class GuardedRing {
 public:
  explicit GuardedRing(Place place) {
    outer_ = mmap(nullptr, kInner + 2 * kPage, PROT_NONE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    inner_ = static_cast<uint8_t*>(outer_) + kPage;
    EXPECT_EQ(mprotect(inner_, kInner, PROT_READ | PROT_WRITE), 0);
    margin_ = place == Place::kFirst ? inner_ + sizeof(Ring) : inner_;
    ring_ = reinterpret_cast<Ring*>(place == Place::kFirst ? inner_ : inner_ + kMargin);
    std::memset(margin_, kUntouched, kMargin);
    ASAN_POISON_MEMORY_REGION(margin_, kMargin);
  }
  ~GuardedRing() {
    ASAN_UNPOISON_MEMORY_REGION(margin_, kMargin);
    EXPECT_TRUE(std::all_of(margin_, margin_ + kMargin, [](uint8_t b) { return b == kUntouched; }));
    munmap(outer_, kInner + 2 * kPage);
  }
  GuardedRing(const GuardedRing&) = delete;
  Ring* get() const { return ring_; }

 private:
  void* outer_;
  uint8_t *inner_, *margin_;
  Ring* ring_;
};

class Random {
 public:
  explicit Random(uint64_t seed) : state_(seed) {}
  uint32_t Next() {
    state_ ^= state_ << 13;
    state_ ^= state_ >> 7;
    state_ ^= state_ << 17;
    return static_cast<uint32_t>(state_ >> 16);
  }

 private:
  uint64_t state_;
};

// How a peer lies: bytes anywhere; an index that looks right most of the time; both indices at random.
enum class Lie { kBytes, kPlausible, kIndices };
enum class Victim { kConsumer, kProducer };

void ScribbleBytes(Ring* ring, Random& random) {
  auto* bytes = reinterpret_cast<volatile uint8_t*>(ring);
  bytes[random.Next() % sizeof(Ring)] = static_cast<uint8_t>(random.Next());
}

void ScribbleSlot(Ring* ring, Random& random) {
  auto* slot = reinterpret_cast<volatile uint8_t*>(&ring->slots[random.Next() % Ring::kSlots]);
  slot[random.Next() % sizeof(Ring::Slot)] = static_cast<uint8_t>(random.Next());
}

// The peer's index moves on as an honest one would, by any step there is room for, and now and then does not.
void ScribbleAlong(std::atomic<uint32_t>& theirs, uint32_t room, Random& random) {
  uint32_t index = theirs.load();
  theirs.store(index + random.Next() % (std::min(room, Ring::kSlots) + 1));
  if (random.Next() % 4096 == 0) {
    theirs.store(random.Next());
    theirs.store(index);
  }
}

[[noreturn]] void Scribble(Ring* ring, Lie lie, Victim victim) {
  for (Random random(0x9e3779b97f4a7c15ull);;) {
    if (lie == Lie::kBytes) {
      ScribbleBytes(ring, random);
    } else if (lie == Lie::kIndices) {
      ring->tail.store(random.Next());
      ring->head.store(random.Next());
    } else {
      ScribbleSlot(ring, random);
      uint32_t held = ring->tail.load() - ring->head.load();
      if (victim == Victim::kConsumer) ScribbleAlong(ring->tail, Ring::kSlots - held, random);
      if (victim == Victim::kProducer) ScribbleAlong(ring->head, held, random);
    }
  }
}

class Peer {
 public:
  Peer(Ring* ring, Lie lie, Victim victim) : pid_(fork()) {
    if (pid_ != 0) return;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    Scribble(ring, lie, victim);
  }
  ~Peer() {
    kill(pid_, SIGKILL);
    EXPECT_EQ(waitpid(pid_, nullptr, 0), pid_);
  }
  Peer(const Peer&) = delete;

 private:
  pid_t pid_;
};

class HostilePeer : public testing::TestWithParam<std::tuple<Place, Lie>> {
 protected:
  // What one call answered, and whether that is lawful after what was answered before.
  void Note(RingResult result, uint32_t moved, uint32_t asked) {
    ASSERT_TRUE(!corrupt_ || result == RingResult::kCorrupt) << "corrupt is for good";
    ASSERT_EQ(result == RingResult::kOk, moved > 0);
    ASSERT_LE(moved, asked);
    corrupt_ = result == RingResult::kCorrupt;
    refused_ += corrupt_;
    moved_ += moved;
    if (moved == 0 && !corrupt_) std::this_thread::yield();
  }
  // Each attachment starts where the peer's index could be true and ends a few calls after the first
  // refusal. Goes on until the peer was both believed and refused, be it ever so slow to start.
  template <class Side>
  void Attach(const std::function<uint32_t()>& start, const std::function<void(Side&)>& call) {
    bool believable = std::get<Lie>(GetParam()) != Lie::kIndices;
    for (int calls = 0; calls < kCalls || refused_ == 0 || (believable && moved_ < kCalls / 100);) {
      Side side(ring_.get(), start());
      corrupt_ = false;
      int end = calls + kCalls / 10;
      for (int after = 0; after < 4 && calls < end; ++calls, after += corrupt_) {
        call(side);
        if (HasFatalFailure()) return;
      }
    }
    std::printf("%llu messages moved, %d calls refused\n", static_cast<unsigned long long>(moved_), refused_);
  }

  GuardedRing ring_{std::get<Place>(GetParam())};
  Random random_{42};
  bool corrupt_ = false;
  int refused_ = 0;
  uint64_t moved_ = 0;
};

std::string NameOf(const testing::TestParamInfo<std::tuple<Place, Lie>>& info) {
  constexpr const char* kLies[] = {"Bytes", "Plausible", "Indices"};
  return std::string(std::get<Place>(info.param) == Place::kFirst ? "First" : "Last") +
         kLies[static_cast<int>(std::get<Lie>(info.param))];
}

INSTANTIATE_TEST_SUITE_P(PlacesAndLies, HostilePeer,
                         testing::Combine(testing::Values(Place::kFirst, Place::kLast),
                                          testing::Values(Lie::kBytes, Lie::kPlausible, Lie::kIndices)),
                         NameOf);

TEST_P(HostilePeer, ConsumerStaysInsideAndStopsForGood) {
  Peer peer(ring_.get(), std::get<Lie>(GetParam()), Victim::kConsumer);
  std::array<Ring::Slot, kBurst> out;
  auto start = [&] { return ring_.get()->tail.load() - random_.Next() % (Ring::kSlots + 1); };
  Attach<Consumer>(start, [&](Consumer& consumer) {
    uint32_t max = 1 + random_.Next() % kBurst, popped = 99;
    RingResult result = consumer.PopBurst(out.data(), max, &popped);
    Note(result, popped, max);
  });
}

TEST_P(HostilePeer, ProducerStaysInsideAndStopsForGood) {
  Peer peer(ring_.get(), std::get<Lie>(GetParam()), Victim::kProducer);
  const std::array<Ring::Slot, kBurst> in{};
  auto start = [&] { return ring_.get()->head.load() + random_.Next() % (Ring::kSlots + 1); };
  Attach<Producer>(start, [&](Producer& producer) {
    ASSERT_LE(producer.free_slots(), corrupt_ ? 0 : Ring::kSlots);
    uint32_t count = 1 + random_.Next() % kBurst, pushed = 99;
    RingResult result = producer.PushBurst(in.data(), count, &pushed);
    Note(result, pushed, count);
  });
}

}  // namespace
}  // namespace cfr
