// SPDX-License-Identifier: BSD-3-Clause
// Prints docs/configuration.md from the declarations of the configuration file:
//   config_reference EXAMPLE        the page, with the example file in it
//   config_reference EXAMPLE PAGE   exit code 0 if PAGE is that page, 1 if it is stale
#include <algorithm>
#include <cstdio>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/config_schema.h"
#include "common/limits.h"
#include "common/port_lists.h"
#include "common/settings.h"
#include "common/suggestion.h"
#include "common/text_file.h"

namespace cfr {
namespace {

constexpr const char* kTop =
    R"(<!-- Made by build/control/config_reference from common/config_schema.h, common/settings.def and
     docs/cfr.toml. Change those and run: build/control/config_reference docs/cfr.toml > docs/configuration.md -->
# Configuration

The desired state is one [TOML](https://toml.io/en/v1.0.0) file. `cfr-dataplane` reads the ports and
`[dataplane]` at its start, `cfr-control` everything
([why one file](decisions/0001-one-file-two-readers.md)).

```
cfrctl config check FILE    # 0 good, 4 bad; needs no daemon and no root
cfrctl config plan FILE     # what applying it would change, and what needs a restart
cfrctl config apply FILE    # all of it or nothing
cfrctl config export        # the configuration in force, as such a file
```

A syntax error is told with line and column, otherwise every error of the file at once. An unknown key is
an error. Names, region codes, addresses and prefixes are strings, in quotes.

| value | form |
|---|---|
| duration | `"90s"`, `"5m"`, `"2h"`, or a number of seconds |
| prefix | `"192.0.2.0/24"`, `"2001:db8::/64"`; bits after the length are zero |
| address with length | `"192.0.2.1/24"`: an address and the length of its link |
| name | letters, digits, `-`, `_` and `.` |

)";

std::string Quoted(const std::string& code) {
  return absl::StrCat("`", code, "`");
}

std::string DurationText(uint64_t seconds) {
  if (seconds % 3600 == 0) return absl::StrCat(seconds / 3600, "h");
  return seconds % 60 == 0 ? absl::StrCat(seconds / 60, "m") : absl::StrCat(seconds, "s");
}

std::string ValueText(const SettingRow& row, uint64_t value) {
  switch (row.type) {
    case SettingType::kFlag:
      return value != 0 ? "true" : "false";
    case SettingType::kSeconds:
      return absl::StrCat("\"", DurationText(value), "\"");
    case SettingType::kCount:
      return absl::StrCat(value);
    case SettingType::kChoice:
      return absl::StrCat("\"", std::string(WordAt(row.words, value)), "\"");
  }
  return "";
}

std::string FormText(const SettingRow& row) {
  if (row.type == SettingType::kFlag) return "true or false";
  if (row.type == SettingType::kChoice) {
    std::string form;
    for (uint64_t i = 0; i <= row.max; ++i)
      absl::StrAppend(&form, i == 0 ? "" : i == row.max ? " or " : ", ", ValueText(row, i));
    return form;
  }
  const char* type = row.type == SettingType::kSeconds ? "duration" : "integer";
  return absl::StrCat(type, ", ", ValueText(row, row.min), " to ", ValueText(row, row.max));
}

std::string Section(const std::string& title, const std::string& sentence, const std::string& keys) {
  std::string out = absl::StrCat("## ", title, "\n\n", sentence,
                                 "\n\n| key | value | when left out | |\n|---|---|---|---|\n");
  for (const KeyRow& row : kKeyRows)
    if (row.table == keys) {
      std::string standard = row.required ? "an error" : *row.standard == '\0' ? "" : row.standard;
      absl::StrAppend(&out, "| ", Quoted(row.key), " | ", row.value, " | ", standard, " | ", row.sentence,
                      " |\n");
    }
  for (const PortListRow& row : kPortListRows)
    if (row.section == keys)
      absl::StrAppend(&out, "| ", Quoted(row.key), " | array of ports, ", row.min, " to ", row.max, " | [",
                      absl::StrJoin(PortLists()[row.id], ", "), "] | ", row.sentence, " |\n");
  for (const SettingRow& row : kSettingRows)
    if (row.section == keys)
      absl::StrAppend(&out, "| ", Quoted(row.key), " | ", FormText(row), " | ",
                      ValueText(row, row.default_value), " | ", row.sentence, " |\n");
  return out + "\n";
}

// Tables with the same keys make one section.
std::string Sections() {
  std::string out;
  for (auto row = std::begin(kTableRows); row != std::end(kTableRows);) {
    auto next = std::find_if(row, std::end(kTableRows),
                             [&](const TableRow& r) { return r.keys != std::string(row->keys); });
    std::string title = absl::StrJoin(row, next, ", ", [](std::string* text, const TableRow& r) {
      absl::StrAppend(text,
                      Quoted(r.list ? absl::StrCat("[[", r.path, "]]") : absl::StrCat("[", r.path, "]")));
    });
    std::string sentence = absl::StrJoin(
        row, next, " ", [](std::string* text, const TableRow& r) { absl::StrAppend(text, r.sentence); });
    bool start = std::any_of(std::begin(kSettingRows), std::end(kSettingRows), [&](const SettingRow& s) {
      return s.section == std::string(row->keys) && s.when == SettingWhen::kStart;
    });
    if (std::string(row->keys) == "port")
      absl::StrAppend(&sentence,
                      " A port names exactly one device: `netdev`, `pci`, `memif`, `ring`, `null`, or"
                      " `rx_pcap` with `tx_pcap`. Another device or `mtu` takes a restart of cfr-dataplane.");
    if (start) absl::StrAppend(&sentence, " A change takes a restart.");
    absl::StrAppend(&out, Section(title, sentence, row->keys));
    row = next;
  }
  return out;
}

std::string Rules() {
  std::string out = R"(## What must hold between them

- Pools overlap neither each other nor the subscribers, and hold no address of the relay or of a gateway.
  Subscribers do not overlap each other and do not hold an address of the core port. A bypass overlaps
  none of them.
- Every pool lies inside `egress_allowed`, is of one family, and has at least `alias_units` addresses. An
  IPv6 pool lies inside one /64.
- Every region used is listed in `node.regions`, and a region with subscribers of a family has a pool of it.
- A pool's `parent` is another pool of its family; parents make no ring. The parent's region equals the pool's or
  is its country, unless the pool says `cross_border = true`. Pools of a region have parents in one region.
- A pool with a `city` has a region of ISO 3166, and its region 1000 subscribers for each alias unit.
- A region has 100 possible subscribers of a family for each of its alias units, or its pools say `small_crowd`;
  always more subscribers than units. Of a prefix all possible subscribers count.
- `affinity_idle` is not above `affinity_cap`.
- A gateway is on a link of its port.
- Names are unique, both ports are different devices, `port_first` is not above `port_last`, and
  `avoided_ports` leaves a port between them.
- `udp_wellknown_ports` holds neither 443 nor 853: QUIC connections outlive short pauses.
- `nat64_prefixes` are IPv6, of length 32, 40, 48, 56, 64 or 96, and overlap no pool and no subscribers.
- With `martians = "production"` neither pools nor subscribers are documentation addresses.
- Pools and subscribers are unicast space beyond a link: not unspecified, loopback, link-local, multicast
  or reserved.
)";
  absl::StrAppend(&out, "- At most ", kRegionsMax, " regions, ", kPoolsMax, " pools with ", kPoolPrefixesMax,
                  " prefixes and ", kUnitsMax, " alias units, ", kSubscriberPrefixesMax,
                  " subscriber\n  prefixes, ", kBypassMax, " bypass prefixes, ", kNat64PrefixesMax,
                  " NAT64 prefixes, ", kListedPortsMax, " ports of a list, ", kPortAddressesMax,
                  " addresses\n  of the relay; ", kConfigBytesMax / (1024 * 1024), " MiB of text.\n\n");
  absl::StrAppend(&out,
                  "## What it refuses\n\nKnown from other translators, not to be had here:\n\n| key or mode "
                  "| because |\n|---|---|\n");
  for (const Refusal& refusal : Refusals()) {
    std::string words = absl::StrJoin(refusal.words, ", ", [](std::string* text, const auto& word) {
      absl::StrAppend(text, Quoted(std::string(word)));
    });
    absl::StrAppend(&out, "| ", words, " | ", refusal.reason, " |\n");
  }
  return out + "\n";
}

int Run(int argc, char** argv) {
  auto read = [](const char* path) { return ReadTextFile(path, kConfigBytesMax); };
  auto example = argc > 1 ? read(argv[1]) : absl::InvalidArgumentError("no example");
  if (argc > 3 || !example.ok()) {
    std::fprintf(stderr, "usage: config_reference EXAMPLE [PAGE]; EXAMPLE is docs/cfr.toml\n");
    return 2;
  }
  std::string page =
      absl::StrCat(kTop, Sections(), Rules(),
                   "## An example with every key\n\n[cfr.toml](cfr.toml)\n\n```toml\n", *example, "```\n");
  if (argc == 2) return std::fwrite(page.data(), 1, page.size(), stdout) == page.size() ? 0 : 1;
  if (auto found = read(argv[2]); found.ok() && *found == page) return 0;
  std::fprintf(stderr,
               "%s is stale; run: build/control/config_reference docs/cfr.toml > docs/configuration.md\n",
               argv[2]);
  return 1;
}

}  // namespace
}  // namespace cfr

int main(int argc, char** argv) {
  return cfr::Run(argc, argv);
}
