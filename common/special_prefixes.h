// SPDX-License-Identifier: BSD-3-Clause
// Address blocks with a meaning of their own (IANA special-purpose address registries, RFC 6890).
#pragma once

namespace cfr {

// Used by many networks at once: no remote beyond this network's border (RFC 1918, RFC 6598, RFC 4193).
inline constexpr const char* kPrivatePrefixes[] = {"10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16",
                                                   "100.64.0.0/10", "fc00::/7"};
// RFC 5737, RFC 3849, RFC 9637.
inline constexpr const char* kDocumentationPrefixes[] = {"192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24",
                                                         "2001:db8::/32", "3fff::/20"};
inline constexpr const char* kNat64Prefix = "64:ff9b::/96";       // RFC 6052
inline constexpr int kNat64Lengths[] = {32, 40, 48, 56, 64, 96};  // RFC 6052 section 2.2

}  // namespace cfr
