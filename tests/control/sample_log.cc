// SPDX-License-Identifier: BSD-3-Clause
// sample_log DIRECTORY: day keys and a log with one flow, as the tests of cfrctl want them.
#include <cstdio>

#include "tests/control/record_rig.h"

int main(int argc, char** argv) {
  using namespace cfr;
  if (argc != 2) return 2;
  const std::string directory = argv[1];
  if (!MakeDayKeys(DayOf(test::kBeginUtcS), 2, directory + "/keys").ok()) return 1;
  auto keys = ReadPublicDayKeys(directory + "/keys/public");
  auto log = RecordLog::Open(directory + "/log", test::kNode);
  if (!keys.ok() || !log.ok()) return 1;
  RecordSealer sealer(RecordMode::kTuple, test::kNode, *keys);
  sealer.SetUnits(7, test::SampleUnits());
  if (!sealer.Take(test::SampleFlow(1, test::kBeginUtcS), test::At(test::kBeginUtcS))) return 1;
  sealer.EndMinute();
  for (const SealedEntry& entry : sealer.entries())
    if (!(*log)->Append(entry).ok()) return 1;
  return 0;
}
