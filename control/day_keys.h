// SPDX-License-Identifier: BSD-3-Clause
// The X25519 pair of each UTC day. The private half is made and kept off the relay; the relay has a
// directory of public halves, loaded ahead. A file is one line: "cfr-day-key HALF DAY HEX".
//
//   OUT/public/2026-11-25.pub    to the relay, [records] day_keys
//   OUT/private/2026-11-25.key   0600, never near a relay; destroying it destroys the day's records
#pragma once

#include <map>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "control/hpke.h"
#include "control/utc.h"

namespace cfr {

struct DayKey {
  UtcDay day = 0;
  hpke::PrivateKey key;
};

// Makes the pairs of `days` days from `first` on. Writes nothing if one of the files exists.
absl::Status MakeDayKeys(UtcDay first, uint32_t days, const std::string& out);
// kPermissionDenied if others than its owner may read the file.
absl::StatusOr<DayKey> ReadDayKey(const std::string& path);

using PublicDayKeys = std::map<UtcDay, hpke::PublicKey>;
// Every *.pub of a directory; an error if one of them is none, or not of the day it is named for.
absl::StatusOr<PublicDayKeys> ReadPublicDayKeys(const std::string& directory);

}  // namespace cfr
