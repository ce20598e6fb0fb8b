// SPDX-License-Identifier: BSD-3-Clause
// What somebody may have meant by a word that is not known.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace cfr {

// The word of `known` nearest to `word` by edit distance, empty if none is near.
std::string Nearest(std::string_view word, const std::vector<std::string>& known);
// "did you mean 'NEAREST'?", or "known here: A, B, C" if none is near.
std::string Suggestion(std::string_view word, const std::vector<std::string>& known);
// What other translators offer under these names and the relay refuses by design.
struct Refusal {
  std::vector<std::string_view> words;  // keys or modes
  const char* reason;
};
const std::vector<Refusal>& Refusals();
// Why the relay does not offer what the key or mode `word` asks for elsewhere; empty if it is not such a
// word. Upper case and '-' for '_' make no difference.
std::string RefusedReason(std::string_view word);

}  // namespace cfr
