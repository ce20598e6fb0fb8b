// SPDX-License-Identifier: BSD-3-Clause
// Text from outside, safe to show: a terminal obeys control characters, and a file name or key can hold them.
#pragma once

#include <string>
#include <string_view>

namespace cfr {

// Control characters but newlines become '?': C0, DEL, and C1 (U+0080 to U+009F) as UTF-8 or alone.
std::string Printable(std::string_view text);

}  // namespace cfr
