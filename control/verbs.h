// SPDX-License-Identifier: BSD-3-Clause
// What cfrctl does for each command of the table. Most ask the daemon and show what it says.
#pragma once

#include "control/invocation.h"

namespace cfr {

// `config plan --detailed-exitcode`: there are changes.
inline constexpr ExitCode kChanges{10};

// Throws Json::exception if the daemon's answer has another form.
ExitCode Run(const Invocation& invocation);

// config_verbs.cc
ExitCode ConfigCheck(const Invocation& invocation);
ExitCode ConfigPlan(const Invocation& invocation);
ExitCode ConfigApply(const Invocation& invocation);

// pool_verbs.cc
ExitCode PoolDrain(const Invocation& invocation);

// geofeed_verbs.cc
ExitCode GeofeedExport(const Invocation& invocation);
ExitCode GeofeedCheck(const Invocation& invocation);

// privacy_verbs.cc
ExitCode PrivacyWatch(const Invocation& invocation);
ExitCode PrivacySize(const Invocation& invocation);

// record_verbs.cc
ExitCode RecordKeygen(const Invocation& invocation);
ExitCode RecordOpen(const Invocation& invocation);
ExitCode RecordCheck(const Invocation& invocation);

}  // namespace cfr
