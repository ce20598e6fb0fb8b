// SPDX-License-Identifier: BSD-3-Clause
// For programs that keys pass through.
#pragma once

#include <sys/prctl.h>
#include <sys/resource.h>

namespace cfr {

// Nothing of this process's memory reaches a disk or another process of its user.
inline void ForbidCoreDumps() {
  rlimit none{0, 0};
  setrlimit(RLIMIT_CORE, &none);
  prctl(PR_SET_DUMPABLE, 0);
}

}  // namespace cfr
