// SPDX-License-Identifier: BSD-3-Clause
#include "common/suggestion.h"

#include <gtest/gtest.h>

namespace cfr {
namespace {

TEST(Suggestion, FindsTheNearestWord) {
  const std::vector<std::string> known = {"workers", "flows_v4", "flows_v6", "mtu"};
  EXPECT_EQ(Nearest("worker", known), "workers");
  EXPECT_EQ(Nearest("wrokers", known), "workers");
  EXPECT_EQ(Nearest("flowsv6", known), "flows_v6");
  EXPECT_EQ(Nearest("flows_v5", known), "flows_v4") << "the first of equals";
  EXPECT_EQ(Nearest("mt", known), "mtu");
  EXPECT_EQ(Nearest("banana", known), "");
  EXPECT_EQ(Nearest("", known), "");
  EXPECT_EQ(Nearest(std::string(1000, 'w'), known), "");
  EXPECT_EQ(Nearest("workers", {}), "");
}

TEST(Suggestion, FallsBackToTheList) {
  EXPECT_EQ(Suggestion("worker", {"workers", "mtu"}), "did you mean 'workers'?");
  EXPECT_EQ(Suggestion("banana", {"workers", "mtu"}), "known here: workers, mtu");
}

TEST(Suggestion, KnowsWhatIsRefused) {
  EXPECT_NE(RefusedReason("deterministic"), "");
  EXPECT_EQ(RefusedReason("Port-Block-Size"), RefusedReason("port_block_size"));
  EXPECT_NE(RefusedReason("NPTv6"), "");
  EXPECT_EQ(RefusedReason("mtu"), "");
  EXPECT_EQ(RefusedReason(""), "");
}

}  // namespace
}  // namespace cfr
