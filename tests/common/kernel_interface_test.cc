// SPDX-License-Identifier: BSD-3-Clause
#include "common/kernel_interface.h"

#include <gtest/gtest.h>

namespace cfr {
namespace {

TEST(KernelInterface, WhatIsNotThereIsTheOnlyFinding) {
  auto findings = ExamineInterface("nowhere0");
  ASSERT_EQ(findings.size(), 1u);
  EXPECT_FALSE(findings[0].ok);
  EXPECT_EQ(findings[0].text, "no interface 'nowhere0' here");
}

// The loopback interface of any machine has an address.
TEST(KernelInterface, EachFindingHasItsCommand) {
  auto findings = ExamineInterface("lo");
  ASSERT_EQ(findings.size(), 3u);
  EXPECT_EQ(findings[0].command, "sysctl -w net/ipv6/conf/lo/disable_ipv6=1");
  EXPECT_EQ(findings[1].command, "sysctl -w net/ipv4/conf/lo/forwarding=0");
  EXPECT_FALSE(findings[2].ok);
  EXPECT_EQ(findings[2].text, "lo has an address of the kernel's");
  EXPECT_EQ(findings[2].command, "ip addr flush dev lo");
}

TEST(KernelInterface, NamesThatArePathsFindNothing) {
  EXPECT_EQ(ExamineInterface("../lo").size(), 1u);
  EXPECT_EQ(ExamineInterface("").size(), 1u);
}

}  // namespace
}  // namespace cfr
