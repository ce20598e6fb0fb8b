// SPDX-License-Identifier: BSD-3-Clause
#include "common/suggestion.h"

#include <algorithm>
#include <cctype>
#include <numeric>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace cfr {
namespace {

size_t EditDistance(std::string_view a, std::string_view b) {
  std::vector<size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), size_t{0});
  for (size_t i = 1; i <= a.size(); ++i) {
    size_t diagonal = row[0];
    row[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      size_t substituted = diagonal + (a[i - 1] != b[j - 1]);
      diagonal = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, substituted});
    }
  }
  return row.back();
}

}  // namespace

const std::vector<Refusal>& Refusals() {
  static const std::vector<Refusal> kRefusals = {
      {{"deterministic", "deterministic_nat", "algorithmic"},
       "whoever knows the rule computes the subscriber from the alias"},
      {{"paired", "pairing", "paired_pooling", "address_pooling", "sticky"},
       "an alias address that stays with a subscriber is a lasting identifier; privacy epochs end it"},
      {{"static", "static_mapping", "one_to_one", "nat_1_1", "binat", "reserved"},
       "a one-to-one mapping only renames the subscriber"},
      {{"nptv6", "prefix_translation", "netmap"},
       "a prefix-for-prefix mapping keeps the subnet and interface bits that tell subscribers apart"},
      {{"port_block", "port_blocks", "port_block_size", "block_size", "port_slice", "ports_per_subscriber",
        "psid"},
       "a block of ports belongs to one subscriber and so names it"},
      {{"preserve_port", "preserve_ports", "port_preservation", "port_parity"},
       "a port copied from the subscriber is seen by every remote and links its flows"},
      {{"endpoint_independent", "eim", "eif", "full_cone", "cone"},
       "one alias for all remotes lets the remotes recognise the subscriber together"},
      {{"address_per_subscriber", "address_per_flow"},
       "an IPv6 address that nobody shares names its only user"},
      {{"scope", "draw_scope", "per_remote_draw", "per_family"},
       "an alias drawn by remote or provider breaks a third of the sites that have two addresses and hides "
       "no "
       "better than a small pool"}};
  return kRefusals;
}

std::string Nearest(std::string_view word, const std::vector<std::string>& known) {
  constexpr size_t kWordMax = 64;  // longer words are no slip of the finger, and the table is quadratic
  if (word.size() > kWordMax) return "";
  std::string best;
  size_t limit = word.size() / 3 + 2;
  for (const std::string& candidate : known) {
    size_t distance = EditDistance(word, candidate);
    if (distance < std::min(limit, candidate.size())) limit = distance, best = candidate;
  }
  return best;
}

std::string Suggestion(std::string_view word, const std::vector<std::string>& known) {
  std::string nearest = Nearest(word, known);
  return nearest.empty() ? absl::StrCat("known here: ", absl::StrJoin(known, ", "))
                         : absl::StrCat("did you mean '", nearest, "'?");
}

std::string RefusedReason(std::string_view word) {
  std::string plain(word);
  for (char& c : plain) c = c == '-' ? '_' : static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  for (const Refusal& refusal : Refusals())
    if (std::find(refusal.words.begin(), refusal.words.end(), plain) != refusal.words.end())
      return refusal.reason;
  return "";
}

}  // namespace cfr
