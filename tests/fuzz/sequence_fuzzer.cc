// SPDX-License-Identifier: BSD-3-Clause
// A program of packets, time, epochs and configurations against a relay of its own; the hunt's traffic and
// auditor, driven by the input.
//
//   input: scene and workers, then steps of four bytes: what, its choice, dice
#include "tests/fuzz/fuzzer.h"
#include "tests/hunt/hunt.h"

namespace cfr::fuzz {
namespace {

using hunt::Hunt;

constexpr int kStepsMax = 64;

class Program {
 public:
  Program(Hunt& hunt, Input input) : hunt_(hunt), input_(input) {}

  void Run() {
    for (int n = 0; n < kStepsMax && !input_.empty(); ++n) {
      const uint8_t what = input_.Take8(), choice = input_.Take8();
      hunt_.Reseed(input_.Take16());
      Step(what, choice);
      hunt_.EndRound(what >= 64);
    }
    hunt_.Quiesce();
  }

 private:
  void Step(uint8_t what, uint8_t choice) {
    const Side side = (what & 8) != 0 ? Side::kAccess : Side::kCore;
    const int worker = (what & 16) != 0 ? hunt_.workers() - 1 : 0;
    switch (what % 8) {
      case 0:
      case 1:
      case 2:
      case 3:
        return hunt_.Burst(side, worker, choice % hunt::Traffic::kinds(), 1 + what % 8);
      case 4:
        return hunt_.Burst(side, worker, -1, 1 + choice % Hunt::kBurst);
      case 5: {
        static constexpr uint64_t kWaits[] = {1,       1000,    30'000,  59'000,  61'000,
                                              119'000, 121'000, 241'000, 301'000, 7'441'000};
        return hunt_.Wait(kWaits[choice % std::size(kWaits)]);
      }
      case 6:
        return hunt_.Play(static_cast<hunt::Act>(1u << choice % hunt::kActs));
      default:
        return hunt_.TakeHandoffs(worker, side == Side::kAccess ? Direction::kOutbound : Direction::kInbound);
    }
  }

  Hunt& hunt_;
  Input input_;
};

}  // namespace
}  // namespace cfr::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t bytes) {
  using namespace cfr;
  fuzz::Input input(data, bytes);
  const uint8_t scene = input.Take8(), options = input.Take8();
  hunt::Tally tally;
  hunt::Findings findings([] { return "the input"; });
  hunt::HuntOptions hunt_options;
  hunt_options.workers = 1 + options % 2;
  hunt_options.hot = 4;
  hunt_options.flows = 128;
  hunt::Hunt hunt(options, hunt::DrawScene(scene, 0), hunt_options, findings, tally);
  fuzz::Program(hunt, input).Run();
  FUZZ_EXPECT(findings.total() == 0, "the auditor finds nothing");
  return 0;
}
