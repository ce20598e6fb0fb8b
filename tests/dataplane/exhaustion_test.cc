// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/exhaustion.h"

#include <gtest/gtest.h>

namespace cfr {
namespace {

TEST(ExhaustionMemory, RecallsForASecond) {
  ExhaustionMemory memory;
  EXPECT_FALSE(memory.Recalls(7, 5000));
  memory.Note(7, 5000);
  EXPECT_TRUE(memory.Recalls(7, 5000));
  EXPECT_TRUE(memory.Recalls(7, 5999));
  EXPECT_FALSE(memory.Recalls(7, 6000));
}

TEST(ExhaustionMemory, ForgetsOneForAnotherButNeverConfusesThem) {
  ExhaustionMemory memory;
  memory.Note(7, 5000);
  EXPECT_FALSE(memory.Recalls(7 + 64, 5000));
  memory.Note(7 + 64, 5000);
  EXPECT_TRUE(memory.Recalls(7 + 64, 5000));
  EXPECT_FALSE(memory.Recalls(7, 5000));
}

TEST(ExhaustionMemory, NothingIsExhaustedAtTheStart) {
  ExhaustionMemory memory;
  for (uint64_t key = 0; key < 1000; ++key) EXPECT_FALSE(memory.Recalls(key, 0));
}

}  // namespace
}  // namespace cfr
