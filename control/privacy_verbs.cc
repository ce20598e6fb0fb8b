// SPDX-License-Identifier: BSD-3-Clause
#include <unistd.h>

#include "absl/strings/str_cat.h"
#include "control/render.h"
#include "control/verbs.h"

namespace cfr {

// The same as `privacy show`, again and again, until it is stopped or has been shown often enough.
ExitCode PrivacyWatch(const Invocation& invocation) {
  const uint64_t seconds = invocation.args.value("interval", uint64_t{10});
  const uint64_t count = invocation.args.value("count", uint64_t{0});
  for (uint64_t shown = 1;; ++shown) {
    Answer answer = invocation.Ask("privacy show", Json::object());
    const ExitCode code = invocation.Print(answer, RenderPrivacy);
    if (code != ExitCode::kOk || shown == count) return code;
    sleep(static_cast<unsigned>(seconds));
  }
}

}  // namespace cfr
