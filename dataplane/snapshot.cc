// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/snapshot.h"

#include <openssl/crypto.h>

namespace cfr {

EpochKeys::~EpochKeys() {
  OPENSSL_cleanse(key, sizeof key);
}

}  // namespace cfr
