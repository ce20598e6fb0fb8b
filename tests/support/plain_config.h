// SPDX-License-Identifier: BSD-3-Clause
// The smallest network that has everything, for tests that need a whole configuration: a link on each
// side with its gateway, one pool and one subscriber space of each family, limits that are in nobody's way.
#pragma once

#include "common/config.h"
#include "tests/support/literals.h"

namespace cfr::test {

inline Config PlainConfig() {
  Config c;
  c.node_name = "test";
  c.regions = {"XA-1"};
  c.port[0].addresses = {"10.0.0.1/24"_net, "2001:db8:ac::1/64"_net};
  c.port[0].gateway[0] = "10.0.0.2"_ip;
  c.port[0].gateway[1] = "2001:db8:ac::2"_ip;
  c.port[1].addresses = {"192.0.2.1/24"_net, "2001:db8:c0::1/64"_net};
  c.port[1].gateway[0] = "192.0.2.254"_ip;
  c.port[1].gateway[1] = "2001:db8:c0::fe"_ip;
  c.subscribers = {{"100.64.0.0/10"_net, 32, "XA-1"}, {"2001:db8:c1::/48"_net, 56, "XA-1"}};
  c.pools.resize(2);
  c.pools[0].name = "p4";
  c.pools[0].prefixes = {"203.0.113.0/24"_net};
  c.pools[1].name = "p6";
  c.pools[1].prefixes = {"2001:db8:a000::/64"_net};
  c.pools[1].small_crowd = true;  // 256 /56 for four units
  for (PoolConfig& pool : c.pools) pool.region = "XA-1";
  for (Setting s : {Setting::kSubscriberFlowsV4, Setting::kSubscriberFlowsV6, Setting::kSubscriberNewRate,
                    Setting::kSubscriberNewBurst}) {
    c.settings.Set(s, Row(s).max);
  }
  return c;
}

}  // namespace cfr::test
