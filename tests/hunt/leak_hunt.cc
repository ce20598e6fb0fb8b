// SPDX-License-Identifier: BSD-3-Clause
// leak_hunt [--packets N] [--seed S] [--workers N] [--plant BUG] ...
//
// Sends N packets, ordinary and hostile, through relays in every state and looks at every byte that leaves.
// The same arguments give the same packets. Ends with 1 if anything leaked or broke a rule.
#include <algorithm>
#include <cstdio>
#include <ctime>
#include <string>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "tests/hunt/hunt.h"
#include "tests/hunt/plants.h"

namespace cfr::hunt {
namespace {

constexpr uint64_t kScenePackets = 40'000;
constexpr uint64_t kFindingsMax = 1000;  // then the rest is not worth the time

struct Arguments {
  uint64_t packets = 1'000'000, seed = 1, workers = 0, first_scene = 0;
  std::string plant;
  bool quiet = false, first = false;
};

int Usage() {
  std::fprintf(stderr,
               "usage: leak_hunt [--packets N] [--seed S] [--workers N] [--scene N] [--plant BUG] [--quiet] "
               "[--first]\n"
               "  --workers  of every relay; otherwise 1 or 2 in turn\n"
               "  --scene    begin with this one, as a finding names it\n"
               "  --plant    switch on one of the bugs of plants.def (scripts/plants builds them in)\n"
               "  --first    end with the first finding\n");
  return 2;
}

bool Read(int argc, char** argv, Arguments* a) {
  for (int i = 1; i < argc; ++i) {
    std::string name = argv[i];
    if (name == "--quiet" || name == "--first") {
      (name == "--quiet" ? a->quiet : a->first) = true;
      continue;
    }
    if (++i == argc) return false;
    uint64_t* number = name == "--packets"   ? &a->packets
                       : name == "--seed"    ? &a->seed
                       : name == "--workers" ? &a->workers
                       : name == "--scene"   ? &a->first_scene
                                             : nullptr;
    if (name == "--plant")
      a->plant = argv[i];
    else if (number == nullptr || !absl::SimpleAtoi(argv[i], number))
      return false;
  }
  return a->workers <= 8;
}

void PrintTally(const Tally& t) {
  std::printf("\n%-18s%14s%14s\n", "kind", "sent", "forwarded");
  for (int kind = 0; kind < Traffic::kinds(); ++kind) {
    auto k = static_cast<size_t>(kind);
    std::printf("%-18s%14llu%14llu\n", Traffic::NameOf(kind),
                static_cast<unsigned long long>(t.sent_of_kind[k]),
                static_cast<unsigned long long>(t.forwarded_of_kind[k]));
  }
  std::printf("\n%-26s%14s\n", "dropped for", "packets");
  for (int r = 0; r < kDropReasonCount; ++r)
    std::printf("%-26s%14llu\n", Name(static_cast<DropReason>(r)),
                static_cast<unsigned long long>(t.drops[static_cast<size_t>(r)]));
}

// Units are few, so some draws agree by chance: a quarter to a half.
void CheckEpochs(const Tally& t, Findings& findings) {
  constexpr uint64_t kEnough = 400;
  if (t.epoch_draws.compared >= kEnough && t.epoch_draws.same * 10 > t.epoch_draws.compared * 6)
    findings.Violation(absl::StrCat("a new epoch key draws afresh: ", t.epoch_draws.same, " of ",
                                    t.epoch_draws.compared, " subscribers kept their alias unit"));
}

int Main(int argc, char** argv) {
  Arguments arguments;
  if (!Read(argc, argv, &arguments)) return Usage();
  if (!arguments.plant.empty() && !SwitchOn(arguments.plant)) return Usage();

  Tally tally;
  const uint64_t findings_max = arguments.first ? 1 : kFindingsMax;
  const Hunt* current = nullptr;
  Scene scene{};
  uint64_t number = arguments.first_scene;
  Findings findings([&] {
    return absl::StrCat("scene ", number, " (", scene.name, "), packet ",
                        current == nullptr ? 0 : current->packets());
  });
  for (; tally.packets < arguments.packets && findings.total() < findings_max; ++number) {
    Random dice(arguments.seed * 0x9e3779b97f4a7c15ull + number);
    scene = DrawScene(number, dice.Next());
    HuntOptions options;
    options.workers =
        arguments.workers != 0 ? static_cast<int>(arguments.workers) : 1 + static_cast<int>(number % 2);
    Hunt hunt(dice.Next(), scene, options, findings, tally);
    current = &hunt;
    hunt.Run(std::min(kScenePackets, arguments.packets - tally.packets), findings_max);
    current = nullptr;
  }
  CheckEpochs(tally, findings);
  const double seconds =
      static_cast<double>(std::clock()) / CLOCKS_PER_SEC;  // of this program, not of the machine
  if (!arguments.quiet) PrintTally(tally);
  std::printf(
      "\nseed %llu: %llu packets in %llu scenes, %llu frames to the core, %llu to the access side, %llu "
      "made, %llu answered, %llu cut, %llu held; "
      "%llu leaks, %llu violations; %.2f M packets per CPU second\n",
      static_cast<unsigned long long>(arguments.seed), static_cast<unsigned long long>(tally.packets),
      static_cast<unsigned long long>(tally.scenes), static_cast<unsigned long long>(tally.forwarded[0]),
      static_cast<unsigned long long>(tally.forwarded[1]), static_cast<unsigned long long>(tally.made),
      static_cast<unsigned long long>(tally.answered), static_cast<unsigned long long>(tally.cut),
      static_cast<unsigned long long>(tally.held), static_cast<unsigned long long>(findings.leaks()),
      static_cast<unsigned long long>(findings.violations()),
      static_cast<double>(tally.packets) / seconds / 1e6);
  return findings.total() == 0 ? 0 : 1;
}

}  // namespace
}  // namespace cfr::hunt

int main(int argc, char** argv) {
  return cfr::hunt::Main(argc, argv);
}
