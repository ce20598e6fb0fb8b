// SPDX-License-Identifier: BSD-3-Clause
// The configuration the tests of the control process start from.
#pragma once

#include <gtest/gtest.h>

#include <string>

#include "common/config.h"

namespace cfr::test {

inline constexpr const char* kSampleText = R"([node]
name = "edge1"
regions = ["IT-25", "IT-62"]
[port.access]
null = true
addresses = ["10.10.0.1/24", "fd10::1/64"]
[port.core]
null = true
addresses = ["192.0.2.2/24", "2001:db8:c0::2/64"]
gateway_v4 = "192.0.2.1"
gateway_v6 = "2001:db8:c0::1"
[dataplane]
egress_allowed = ["203.0.113.0/24", "2001:db8:cf::/48"]
[[subscribers]]
prefix = "10.10.0.0/16"
region = "IT-25"
[[subscribers]]
prefix = "2001:db8:1000::/36"
region = "IT-25"
[[pool]]
name = "milan"
region = "IT-25"
prefixes = ["203.0.113.0/28", "203.0.113.64/28"]
[[pool]]
name = "milan6"
region = "IT-25"
prefixes = ["2001:db8:cf::/64"]
[[pool]]
name = "rome"
region = "IT-62"
prefixes = ["203.0.113.128/28"]
state = "staged"
[[bypass]]
name = "portal"
prefix = "198.51.100.0/28"
reason = "portal"
)";

inline Config SampleConfig() {
  ConfigResult result = ParseConfig(kSampleText);
  EXPECT_TRUE(result.config.has_value());
  return *result.config;
}

}  // namespace cfr::test
