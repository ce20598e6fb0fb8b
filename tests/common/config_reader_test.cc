// SPDX-License-Identifier: BSD-3-Clause
// Keys, types and ranges: config_reader, config_values, table_reader and port_reader together.
#include "common/config_reader.h"

#include <gtest/gtest.h>

#include <string>

#include "absl/strings/str_cat.h"
#include "common/config_schema.h"
#include "tests/common/config_rows.h"

namespace cfr {
namespace {

TEST(ConfigReader, Tables) {
  ExpectRows({
      {"unknown", "[timers]", "^[timer]", "unknown table 'timer'", "did you mean 'timers'?"},
      {"unknown list", "", "^[[pools]]\n", "unknown table 'pools'", "did you mean 'pool'?"},
      {"unknown, like none", "", "^[telemetry]\n", "unknown table 'telemetry'", "known here: node, port"},
      {"unknown side", "", "^[port.cor]\nnull = true\n", "unknown table 'port.cor'", "did you mean 'core'?"},
      {"one table for a list", "[[bypass]]", "^[bypass]", "'bypass' must be a list of tables", "[[bypass]]"},
      {"a list for one table", "[timers]", "^[[timers]]", "'timers' must be a table, not a list", "[timers]"},
      {"a value for one table", "[node]", "^assignment = 1\n[node]", "'assignment' must be a table",
       "[assignment]"},
  });
}

TEST(ConfigReader, MissingTables) {
  for (const char* path : {"node", "port.access", "port.core"}) {
    std::string text = GoodConfig();
    size_t at = text.find(absl::StrCat("[", path, "]"));
    text.erase(at, text.find("\n\n", at) - at);
    ConfigResult result = ParseConfig(text);
    ASSERT_EQ(result.errors.size(), 1u) << path;
    EXPECT_EQ(Format(result.errors.front(), "F"),
              absl::StrCat("F:1:1: error: the table [", path, "] is missing"));
  }
  EXPECT_EQ(ParseConfig("").errors.size(), 3u);
}

TEST(ConfigReader, Keys) {
  ExpectRows({
      {"unknown", "udp =", "^ud =", "unknown key 'timers.ud'", "did you mean 'udp'?"},
      {"unknown, like none", "udp =", "^everything =", "unknown key 'timers.everything'", "known here: udp"},
      {"of another table", "udp =", "^lease =", "unknown key 'timers.lease'", "it belongs to [assignment]"},
      {"of two other tables", "udp =", "^answer =", "unknown key 'timers.answer'", "known here"},
      {"outside any table", "[node]", "^workers = 1\n[node]", "unknown key 'workers'",
       "it belongs to [dataplane]"},
      {"dotted", "udp = \"5m\"", "^udp.idle = \"5m\"", "'timers.udp' must be a duration, not a table", ""},
      {"aligned with blanks", "udp =", "  ^ud\t   =", "unknown key 'timers.ud'", ""},
      {"quoted", "udp =", "^\"u d\" =", "unknown key 'timers.u d'", ""},
      {"node.name missing", "[node]\nname = \"edge1\"", "^[node]", "'node.name' is missing", ""},
      {"pool.region missing", "[[pool]]\nname = \"milan-v4\"\nregion = \"IT-25\"",
       "^[[pool]]\nname = \"milan-v4\"", "'pool.region' is missing", ""},
      {"pool.prefixes missing",
       "[[pool]]\nname = \"milan-v6\"\nregion = \"IT-25\"\nprefixes = [\"2001:db8:cf::/64\"]",
       "^[[pool]]\nname = \"milan-v6\"\nregion = \"IT-25\"", "'pool.prefixes' is missing", ""},
      {"subscribers.prefix missing", "[[subscribers]]\nprefix = \"100.64.0.0/16\"", "^[[subscribers]]",
       "'subscribers.prefix' is missing", ""},
      {"bypass.reason missing", "", "^[[bypass]]\nname = \"b\"\nprefix = \"198.51.100.64/28\"\n",
       "'bypass.reason' is missing", ""},
  });
}

TEST(ConfigReader, EveryRequiredKeyIsRequired) {
  ConfigResult bare =
      ParseConfig("[node]\n[port.access]\n[port.core]\n[[subscribers]]\n[[pool]]\n[[bypass]]\n");
  for (const KeyRow& row : kKeyRows) {
    if (!row.required) continue;
    std::string wanted = absl::StrCat("'", row.table, ".", row.key, "' is missing");
    int found = 0;
    for (const ConfigError& e : bare.errors) found += e.message == wanted ? 1 : 0;
    EXPECT_EQ(found, 1) << wanted;
  }
}

// A date is no value of any key, so each row of the schema and of settings.def must refuse it.
TEST(ConfigReader, EveryKeyHasAType) {
  for (const TableRow& table : kTableRows)
    for (const std::string& key : KeysOf(table.keys)) {
      std::string header =
          table.list ? absl::StrCat("[[", table.path, "]]") : absl::StrCat("[", table.path, "]");
      ConfigResult result = ParseConfig(absl::StrCat(header, "\n", key, " = 2020-01-02\n"));
      std::string wanted = absl::StrCat("'", table.path, ".", key, "' must be");
      bool found = false;
      for (const ConfigError& e : result.errors)
        found |= e.message.starts_with(wanted) && e.message.ends_with("not a date or time") && e.line == 2;
      EXPECT_TRUE(found) << wanted;
    }
}

TEST(ConfigReader, EverySettingHasARange) {
  for (const SettingRow& row : kSettingRows) {
    if (row.type == SettingType::kFlag || row.type == SettingType::kChoice) continue;
    auto errors_of = [&](uint64_t value) {
      int count = 0;
      std::string text = absl::StrCat("[", row.section, "]\n", row.key, " = ", value, "\n");
      for (const ConfigError& e : ParseConfig(text).errors)
        count += e.message.find("; allowed: ") != std::string::npos;
      return count;
    };
    EXPECT_EQ(errors_of(row.min) + errors_of(row.max), 0) << row.key;
    EXPECT_EQ(errors_of(row.max + 1), 1) << row.key;
    EXPECT_EQ(errors_of(row.min - 1), 1) << row.key;
  }
}

TEST(ConfigReader, Types) {
  ExpectRows({
      {"a region that is a number", "region = \"IT-25\"", "region = ^25",
       "'subscribers.region' must be a string, not an integer", "put it in quotes: \"25\""},
      {"a region that is a fraction", "[\"IT-25\", \"IT-62\"]", "[\"IT-25\", \"IT-62\", ^1.5]",
       "must be a string", "put it in quotes: \"1.5\""},
      {"one region instead of an array", "[\"IT-25\", \"IT-62\"]", "^\"IT-25\"",
       "'node.regions' must be an array of region codes, not a string", "write [\"IT-25\"]"},
      {"an integer in quotes", "workers = 2", "workers = ^\"2\"", "'dataplane.workers' must be an integer",
       "without quotes"},
      {"a flag in quotes", "dscp = true", "dscp = ^\"true\"", "'scrub.dscp' must be true or false",
       "without quotes"},
      {"a flag as number", "dscp = true", "dscp = ^1", "'scrub.dscp' must be true or false, not an integer",
       ""},
      {"an array for a string", "name = \"edge1\"", "name = ^[\"edge1\"]",
       "'node.name' must be a string, not an array", ""},
      {"a string for an array", "prefixes = [\"203.0.113.0/28\"]", "prefixes = ^\"203.0.113.0/28\"",
       "'pool.prefixes' must be an array of prefixes", "write [\"203.0.113.0/28\"]"},
      {"no regions", "[\"IT-25\", \"IT-62\"]", "^[]", "'node.regions' is empty", ""},
  });
}

TEST(ConfigReader, Ranges) {
  ExpectRows({
      {"too large", "workers = 2", "workers = ^65", "'dataplane.workers' is 65; allowed: 1 to 64", ""},
      {"negative", "workers = 2", "workers = ^-1", "'dataplane.workers' is -1; allowed: 1 to 64", ""},
      {"beyond 64 bits", "workers = 2", "workers = ^99999999999999999999", "allowed: 1 to 64", ""},
      {"duration too short", "udp = \"5m\"", "udp = ^\"60s\"",
       "'timers.udp' is 60 s; allowed: 120 s to 86400 s", ""},
      {"duration too long", "udp = \"5m\"", "udp = ^\"999999999h\"", "allowed: 120 s to 86400 s", ""},
      {"duration without unit", "udp = \"5m\"", "udp = ^\"300\"",
       "'timers.udp' is \"300\", which is no duration", "\"90s\""},
      {"duration of an unknown unit", "udp = \"5m\"", "udp = ^\"1d\"", "no duration", "\"2h\""},
      {"duration with a fraction", "udp = \"5m\"", "udp = ^2.5",
       "must be a duration, not a number with a fraction", ""},
      {"negative duration", "udp = \"5m\"", "udp = ^-300", "'timers.udp' is -300, which is no duration", ""},
      {"MTU below IPv6's", "mtu = 1500", "mtu = ^1279", "'port.access.mtu' is 1279; allowed: 1280 to 9000",
       ""},
      {"no VLAN", "mtu = 1500", "vlan = ^0", "'port.access.vlan' is 0; allowed: 1 to 4094", ""},
      {"the reserved VLAN", "mtu = 1500", "vlan = [100, ^4095]", "'port.access.vlan' is 4095", ""},
      {"three VLANs", "mtu = 1500", "vlan = ^[100, 200, 300]", "'port.access.vlan' has 3 ids",
       "one id, or two: [outer, inner]"},
      {"an array of one VLAN", "mtu = 1500", "vlan = ^[100]", "'port.access.vlan' has 1 ids", "one id"},
      {"a VLAN in quotes", "mtu = 1500", "vlan = ^\"100\"", "must be an integer", "without quotes"},
      {"MTU above jumbo", "mtu = 1500", "mtu = ^9001", "allowed: 1280 to 9000", ""},
      {"per shorter than the prefix", "per = 32", "per = ^15", "'subscribers.per' is 15; allowed: 16 to 32",
       ""},
      {"per longer than an address", "per = 32", "per = ^33", "allowed: 16 to 32", ""},
      {"per of IPv6", "per = 56", "per = ^129", "allowed: 36 to 128", ""},
      {"too many alias units", "alias_units = 4", "alias_units = ^17",
       "'pool.alias_units' is 17; allowed: 1 to 16", ""},
      {"unknown pool state", "\"active\"", "^\"idle\"",
       "'pool.state' is \"idle\"; allowed: staged, active, draining", ""},
      {"a state that only the node may set", "\"active\"", "^\"retired\"", "'pool.state' is \"retired\"", ""},
      {"unknown port mode", "alias_units = 4", "port_mode = ^\"shared\"",
       "'pool.port_mode' is \"shared\"; allowed: per_remote, exclusive", ""},
      {"a word nearly right", "dscp = true", "tcp_timestamps = ^\"ofset\"",
       "'scrub.tcp_timestamps' is \"ofset\"; allowed: offset, strip, keep", "did you mean \"offset\"?"},
      {"a number for a word", "dscp = true", "tcp_timestamps = ^1", "'scrub.tcp_timestamps' must be a string",
       ""},
      {"a port above the well-known ones", "udp = \"5m\"", "udp_wellknown_ports = [53, ^1024]",
       "'timers.udp_wellknown_ports' is 1024; allowed: 1 to 1023", ""},
      {"a port twice", "port_first = 2000", "avoided_ports = [1900, ^1900]", "port 1900 is listed twice",
       "delete one"},
      {"port 0", "port_first = 2000", "avoided_ports = [^0]",
       "'alias.avoided_ports' is 0; allowed: 1 to 65535", ""},
      {"one port instead of an array", "port_first = 2000", "avoided_ports = ^1900",
       "'alias.avoided_ports' must be an array of ports", ""},
      {"unknown profile", "dscp = true", "profile = ^\"half\"",
       "'scrub.profile' is \"half\"; allowed: full, off", ""},
      {"a name with a blank", "\"milan-v4\"", "^\"milan v4\"", "a name holds letters, digits", ""},
      {"an empty name", "\"edge1\"", "^\"\"", "'node.name' has 0 bytes; allowed: 1 to 128", ""},
      {"a control character", "\"the operator's own portal\"", "^\"line\\nbreak\"", "control character", ""},
      {"a region listed twice", "\"IT-62\"]", "\"IT-62\", ^\"IT-25\"]", "region 'IT-25' is listed twice", ""},
  });
}

TEST(ConfigReader, AddressesAndPrefixes) {
  ExpectRows({
      {"host bits", "\"203.0.113.0/28\"", "^\"203.0.113.1/28\"", "\"203.0.113.1/28\" has host bits set",
       "write \"203.0.113.0/28\""},
      {"host bits of subscribers", "\"2001:db8:1000::/36\"", "^\"2001:db8:1001::/36\"", "host bits",
       "write \"2001:db8:1000::/36\""},
      {"host bits of egress", "\"2001:db8::/32\"]", "\"2001:db8::/32\", ^\"10.0.0.1/8\"]", "host bits",
       "10.0.0.0/8"},
      {"no length", "\"203.0.113.0/28\"", "^\"203.0.113.0\"", "no prefix",
       "add the length, like \"203.0.113.0/32\""},
      {"length too large", "\"203.0.113.0/28\"", "^\"203.0.113.0/33\"", "no prefix", "ADDRESS/LENGTH"},
      {"not an address", "\"203.0.113.0/28\"", "^\"203.0.113/28\"", "'pool.prefixes' has \"203.0.113/28\"",
       ""},
      {"a bypass of a name", "\"198.51.100.0/28\"", "^\"portal.example\"", "no prefix", ""},
      {"IPv4 for an IPv6 gateway", "\"fd10::fe\"", "^\"10.10.0.254\"", "which is not an IPv6 address",
       "without a length"},
      {"IPv6 for an IPv4 gateway", "\"10.10.0.254\"", "^\"fd10::fe\"", "which is not an IPv4 address", ""},
      {"a gateway with length", "\"10.10.0.254\"", "^\"10.10.0.254/24\"", "which is not an IPv4 address",
       "without a length"},
      {"a port address without length", "\"fd10::1/64\"", "^\"fd10::1\"", "'port.access.addresses' has",
       "fd10::1/128"},
      {"an empty pool", "[\"203.0.113.0/28\"]", "^[]", "'pool.prefixes' is empty", ""},
  });
}

TEST(ConfigReader, Devices) {
  ExpectRows({
      {"none", "[port.access]\nnetdev = \"acc0\"", "^[port.access]", "[port.access] names no device",
       "one of netdev"},
      {"two", "netdev = \"core0\"", "netdev = \"core0\"\n^pci = \"0000:81:00.0\"",
       "[port.core] names 2 devices: netdev, pci", "one of netdev"},
      {"half a pair of files", "netdev = \"core0\"", "^rx_pcap = \"in.pcap\"",
       "needs both rx_pcap and tx_pcap", ""},
      {"null = false", "netdev = \"core0\"", "null = ^false", "'port.core.null' can only be true", ""},
      {"an interface name too long", "\"core0\"", "^\"core0123456789ab\"", "which is no such device",
       "15 characters"},
      {"another option for DPDK", "\"core0\"", "^\"core0,x=1\"", "which is no such device", "without commas"},
      {"a short PCI address", "netdev = \"core0\"", "pci = ^\"81:00.0\"", "no such device", "0000:81:00.0"},
      {"a relative socket", "netdev = \"core0\"", "memif = ^\"memif.sock\"", "no such device",
       "absolute path"},
      {"a device that is a number", "\"core0\"", "^0", "'port.core.netdev' must be a string",
       "quotes: \"0\""},
  });
}

TEST(ConfigReader, EveryKindOfDevice) {
  for (auto [text, kind] : {std::pair{"pci = \"0000:81:00.f\"", PortConfig::Kind::kNull},
                            {"pci = \"0000:8a:00.1\"", PortConfig::Kind::kPci},
                            {"memif = \"/run/cfr/m.sock\"", PortConfig::Kind::kMemif},
                            {"ring = \"r0\"", PortConfig::Kind::kRing},
                            {"null = true", PortConfig::Kind::kNull},
                            {"rx_pcap = \"/a\"\ntx_pcap = \"/b\"", PortConfig::Kind::kPcap}}) {
    std::string changed = GoodConfig();
    changed.replace(changed.find("netdev = \"core0\""), 16, text);
    ConfigResult result = ParseConfig(changed);
    EXPECT_EQ(result.config.has_value(), std::string(text) != "pci = \"0000:81:00.f\"") << text;
    if (result.config.has_value()) {
      EXPECT_EQ(result.config->port[1].kind, kind) << text;
    }
  }
}

// What the relay refuses by design is answered with the reason, whatever table it stands in.
TEST(ConfigReader, RefusedModes) {
  ExpectRows({
      {"deterministic", "alias_units = 4", "^deterministic = true", "'pool.deterministic' is refused",
       "no such mode"},
      {"as a mode", "alias_units = 4", "^mode = \"Deterministic\"", "'pool.mode' is refused",
       "delete the line"},
      {"a block of ports", "port_first = 2000", "^port_block = 512", "belongs to one subscriber", ""},
      {"one prefix for another", "alias_units = 4", "^nptv6 = true", "'pool.nptv6' is refused", ""},
      {"endpoint-independent", "epoch = \"1h\"", "^endpoint-independent = true", "recognise the subscriber",
       ""},
      {"a copied port", "epoch = \"1h\"", "^preserve_port = false", "'alias.preserve_port' is refused",
       "never does"},
      {"for ever the same", "epoch = \"1h\"", "^pairing = \"paired\"", "a lasting identifier", ""},
      {"by remote", "epoch = \"1h\"", "^scope = \"remote\"", "breaks a third of the sites", ""},
      {"one to one", "", "^[one_to_one]\n", "'one_to_one' is refused", ""},
  });
}

TEST(ConfigReader, TellsAllErrorsAtOnce) {
  std::string text = GoodConfig();
  auto replace = [&](const char* what, const char* with) {
    text.replace(text.find(what), std::string(what).size(), with);
  };
  replace("mtu = 1500", "mtu = 15");
  replace("udp = \"5m\"", "udpp = \"5m\"");
  replace("\"203.0.113.0/28\"", "\"203.0.113.0/28\", \"100.64.3.0/24\"");
  replace("\"198.51.100.0/28\"", "\"198.51.100.1/28\"");
  std::string all;
  for (const ConfigError& e : ParseConfig(text).errors) absl::StrAppend(&all, Format(e, "f"), "\n");
  EXPECT_EQ(all,
            "f:7:7: error: 'port.access.mtu' is 15; allowed: 1280 to 9000\n"
            "f:23:1: error: unknown key 'timers.udpp'\n"
            "  hint: did you mean 'udp'?\n"
            "f:49:31: error: pool 'milan-v4': 100.64.3.0/24 overlaps the subscribers 100.64.0.0/16\n"
            "  hint: an alias must be nobody's own address\n"
            "f:61:10: error: \"198.51.100.1/28\" has host bits set\n"
            "  hint: write \"198.51.100.0/28\"\n");
}

}  // namespace
}  // namespace cfr
