// SPDX-License-Identifier: BSD-3-Clause
#include "tests/common/config_rows.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "common/config.h"

namespace cfr {

const std::string& GoodConfig() {
  static const std::string kGood = R"([node]
name = "edge1"
regions = ["IT-25", "IT-62"]

[port.access]
netdev = "acc0"
mtu = 1500
addresses = ["10.10.0.1/24", "fd10::1/64"]
gateway_v4 = "10.10.0.254"
gateway_v6 = "fd10::fe"

[port.core]
netdev = "core0"
addresses = ["192.0.2.2/24", "2001:db8:c0::2/64"]
gateway_v4 = "192.0.2.1"
gateway_v6 = "2001:db8:c0::1"

[dataplane]
workers = 2
egress_allowed = ["203.0.113.0/24", "100.64.0.0/10", "2001:db8::/32"]

[timers]
udp = "5m"

[limits]
new_flows_burst = 1000

[alias]
port_first = 2000
port_last = 60000
epoch = "1h"

[scrub]
dscp = true

[[subscribers]]
prefix = "100.64.0.0/16"
per = 32
region = "IT-25"

[[subscribers]]
prefix = "2001:db8:1000::/36"
per = 56
region = "IT-25"

[[pool]]
name = "milan-v4"
region = "IT-25"
prefixes = ["203.0.113.0/28"]
state = "active"
alias_units = 4
answer_neighbours = false

[[pool]]
name = "milan-v6"
region = "IT-25"
prefixes = ["2001:db8:cf::/64"]

[[bypass]]
name = "portal"
prefix = "198.51.100.0/28"
reason = "the operator's own portal"
)";
  return kGood;
}

namespace {

struct Marked {
  std::string text;
  int line = 0, column = 0;  // of the mark, 0: none
};

Marked Change(const ConfigRow& row) {
  Marked m;
  m.text = GoodConfig();
  std::string instead_of = row.instead_of;
  size_t at = instead_of.empty() ? m.text.size() : m.text.find(instead_of);
  EXPECT_NE(at, std::string::npos) << row.sentence << ": the good file has no " << instead_of;
  if (at == std::string::npos) return m;
  m.text.replace(at, instead_of.size(), row.text);
  size_t mark = m.text.find('^');
  if (mark == std::string::npos) return m;
  m.text.erase(mark, 1);
  m.line =
      1 + static_cast<int>(std::count(m.text.begin(), m.text.begin() + static_cast<ptrdiff_t>(mark), '\n'));
  size_t line_start = mark == 0 ? 0 : m.text.rfind('\n', mark - 1) + 1;
  m.column = 1;
  for (size_t i = line_start; i < mark; ++i) m.column += (m.text[i] & 0xc0) != 0x80 ? 1 : 0;  // characters
  return m;
}

}  // namespace

void ExpectRows(const std::vector<ConfigRow>& rows) {
  for (const ConfigRow& row : rows) {
    SCOPED_TRACE(row.sentence);
    Marked m = Change(row);
    ConfigResult result = ParseConfig(m.text);
    std::string all;
    for (const ConfigError& e : result.errors) all += Format(e, "FILE") + "\n";
    EXPECT_FALSE(result.config.has_value());
    EXPECT_EQ(result.errors.size(), 1u) << all;
    if (result.errors.empty()) continue;
    const ConfigError& first = result.errors.front();
    EXPECT_EQ(std::to_string(first.line) + ":" + std::to_string(first.column),
              std::to_string(m.line) + ":" + std::to_string(m.column))
        << all;
    EXPECT_NE(first.message.find(row.message), std::string::npos) << all;
    EXPECT_NE(first.hint.find(row.hint), std::string::npos) << all;
  }
}

}  // namespace cfr
