// SPDX-License-Identifier: BSD-3-Clause
#include "control/opening_stream.h"

#include <string_view>
#include <vector>

#include "tests/control/control_rig.h"
#include "tests/control/simulated_openings.h"

namespace cfr {
namespace {

class OpeningStreamTest : public test::ControlRig {
 protected:
  OpeningStreamTest() {
    for (auto* seen : {&first_, &second_})
      openings_.Add([seen](const Opened& opened) { seen->push_back(opened.alias_port); });
  }
  void Tell(int worker, uint16_t port) { double_->Tell(worker, test::OpeningOf(0x5a5a5a5a, 1, 0, port)); }
  std::vector<uint16_t> first_, second_;
};

TEST_F(OpeningStreamTest, EveryReaderSeesEveryOpeningOfEachWorkerOnce) {
  for (uint16_t n = 0; n < 1000; ++n) Tell(n % 2, n);
  Step();
  Step();
  EXPECT_EQ(first_.size(), 1000u);
  EXPECT_EQ(first_, second_);
  EXPECT_TRUE(std::is_sorted(first_.begin(), first_.begin() + 500)) << "each worker's in their order";
  EXPECT_EQ(crowd_.taken(), 1000u);
}

TEST_F(OpeningStreamTest, WhatWasReadNamesNobodyAnyMore) {
  const std::string_view shared(reinterpret_cast<const char*>(double_->world().link), LinkBytes(workers_));
  Tell(0, 2000);
  Tell(1, 2000);
  ASSERT_NE(shared.find("ZZZZ"), std::string_view::npos);
  Step();
  EXPECT_EQ(shared.find("ZZZZ"), std::string_view::npos);
}

TEST_F(OpeningStreamTest, WithoutADataplaneThereAreNone) {
  StopDataplane();
  Step();
  EXPECT_TRUE(first_.empty());
  StartDataplane();
  Turn();
  Tell(1, 2000);
  Step();
  EXPECT_EQ(first_.size(), 1u);
}

}  // namespace
}  // namespace cfr
