// SPDX-License-Identifier: BSD-3-Clause
// What a message costs in the ring between the processes, against DPDK's rte_ring and against the same
// ring without its checks. Method and pitfalls: README.md.
//
//   one_thread   push a burst, pop it again: instructions and L2, no line crosses
//   stream       one thread pushes as fast as it can, another pops
//   round_trip   one message there and back between two threads
#include <benchmark/benchmark.h>
#include <sched.h>

#include <functional>
#include <string>
#include <thread>

#include "bench/pair.h"
#include "bench/rings.h"
#include "bench/runner.h"

namespace cfr::bench {
namespace {

constexpr uint32_t kWindowMessages = 2048, kStreamMessages = 8192, kRoundTrips = 128;

// Waits for the other thread. When that seems to have no core it gives its own away, and says so.
class Patience {
 public:
  explicit Patience(std::atomic<bool>& gave_way) : gave_way_(gave_way) {}
  void Wait() {
    if (++waits_ < kSpins) return;
    gave_way_.store(true, std::memory_order_relaxed);
    sched_yield();
  }
  void Renew() { waits_ = 0; }

 private:
  static constexpr int kSpins = 1 << 12;
  std::atomic<bool>& gave_way_;
  int waits_ = 0;
};

// The `n`th core this process may use, if there are two; else the scheduler decides.
void StayOnCore(int n) {
  static const cpu_set_t kAllowed = [] {
    cpu_set_t set;
    CPU_ZERO(&set);
    sched_getaffinity(0, sizeof set, &set);
    return set;
  }();
  for (int cpu = 0; cpu < CPU_SETSIZE && CPU_COUNT(&kAllowed) > 1; ++cpu) {
    if (!CPU_ISSET(cpu, &kAllowed) || n-- > 0) continue;
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET(cpu, &one);
    sched_setaffinity(0, sizeof one, &one);
    return;
  }
}

// A second thread, on another core, that does what it is told, one task after another.
class Peer {
 public:
  Peer() {
    StayOnCore(0);
    thread_ = std::thread([this] { Serve(); });
  }
  ~Peer() {
    Start(nullptr);
    thread_.join();
  }
  void Start(std::function<void()> task) {
    task_ = std::move(task);
    started_.store(started_.load() + 1);
  }
  void Join() {
    for (Patience patience(idle_); finished_.load() != started_.load();) patience.Wait();
  }

 private:
  void Serve() {
    StayOnCore(1);
    for (uint32_t n = 1;; ++n) {
      for (Patience patience(idle_); started_.load() != n;) patience.Wait();
      if (task_ == nullptr) return;
      task_();
      finished_.store(n);
    }
  }
  alignas(64) std::atomic<uint32_t> started_{0};
  alignas(64) std::atomic<uint32_t> finished_{0};
  std::atomic<bool> idle_{false};  // between tasks anybody may wait
  std::function<void()> task_;
  std::thread thread_;
};

// A ring each way, and the tasks of a window.
template <class Ring>
struct Links {
  Ring there, back;
  Message out[kBurstMax], in[kBurstMax];
  std::atomic<bool> gave_way{false};  // a thread waited so long that the other had no core

  void OneThread(uint32_t burst) {
    for (uint32_t done = 0; done < kWindowMessages; done += burst) {
      there.Push(out, burst);
      there.Pop(in, burst);
      benchmark::DoNotOptimize(in);
    }
  }

  void Stream(Peer& peer, uint32_t burst) {
    peer.Start([this, burst] {
      Patience patience(gave_way);
      for (uint32_t sent = 0; sent < kStreamMessages;) {
        uint32_t pushed = there.Push(out, std::min(burst, kStreamMessages - sent));
        pushed == 0 ? patience.Wait() : patience.Renew();
        sent += pushed;
      }
    });
    Patience patience(gave_way);
    for (uint32_t received = 0; received < kStreamMessages;) {
      uint32_t popped = there.Pop(in, burst);
      benchmark::DoNotOptimize(in);
      popped == 0 ? patience.Wait() : patience.Renew();
      received += popped;
    }
    peer.Join();
  }

  void Receive(Ring& ring, Message* message) {
    for (Patience patience(gave_way); ring.Pop(message, 1) == 0;) patience.Wait();
  }
  void RoundTrips(Peer& peer) {
    peer.Start([this] {
      Message message;
      for (uint32_t n = 0; n < kRoundTrips; ++n) {
        Receive(there, &message);
        back.Push(&message, 1);
      }
    });
    for (uint32_t n = 0; n < kRoundTrips; ++n) {
      out[0].sequence = n;
      there.Push(out, 1);
      Receive(back, in);
    }
    peer.Join();
  }
  bool empty() { return there.Pop(in, 1) == 0 && back.Pop(in, 1) == 0; }
};

template <class Rival>
void Compare(benchmark::State& state, uint32_t items,
             const std::function<void(Links<SharedLink>&)>& ours_task,
             const std::function<void(Links<Rival>&)>& rival_task) {
  auto ours = std::make_unique<Links<SharedLink>>();
  auto rival = std::make_unique<Links<Rival>>();
  Pair pair;
  for (auto _ : state) {
    pair.Run(
        items, [&] { ours_task(*ours); }, [&] { rival_task(*rival); });
    if (ours->gave_way.exchange(false) | rival->gave_way.exchange(false)) pair.Withdraw();
  }
  pair.Report(state);
  if (!ours->empty() || !rival->empty()) state.SkipWithError("a message was left in a ring");
}

template <class Rival>
void OneThread(benchmark::State& state) {
  const auto burst = static_cast<uint32_t>(state.range(0));
  Compare<Rival>(
      state, kWindowMessages, [=](auto& links) { links.OneThread(burst); },
      [=](auto& links) { links.OneThread(burst); });
}

template <class Rival>
void Stream(benchmark::State& state) {
  const auto burst = static_cast<uint32_t>(state.range(0));
  Peer peer;
  Compare<Rival>(
      state, kStreamMessages, [&](auto& links) { links.Stream(peer, burst); },
      [&](auto& links) { links.Stream(peer, burst); });
}

template <class Rival>
void RoundTrip(benchmark::State& state) {
  Peer peer;
  Compare<Rival>(
      state, kRoundTrips, [&](auto& links) { links.RoundTrips(peer); },
      [&](auto& links) { links.RoundTrips(peer); });
}

template <class Rival>
void Register(const std::string& rival) {
  auto bursts = [](benchmark::internal::Benchmark* b) { b->ArgName("burst")->Arg(1)->Arg(8)->Arg(32); };
  bursts(benchmark::RegisterBenchmark(("one_thread/" + rival).c_str(), OneThread<Rival>)->UseRealTime());
  bursts(benchmark::RegisterBenchmark(("stream/" + rival).c_str(), Stream<Rival>)->UseRealTime());
  benchmark::RegisterBenchmark(("round_trip/" + rival).c_str(), RoundTrip<Rival>)->UseRealTime();
}

}  // namespace
}  // namespace cfr::bench

int main(int argc, char** argv) {
  using namespace cfr::bench;
  Register<ElementRing>("rte_ring_elem");
  Register<PointerRing>("rte_ring");
  Register<BareRing<true>>("without_checks");
  Register<BareRing<false>>("without_checks_and_erasing");
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 2;
  return RunBenchmarks();
}
