// SPDX-License-Identifier: BSD-3-Clause
#include "control/privacy_epochs.h"

#include <openssl/rand.h>

#include "common/check.h"

namespace cfr {

Message PrivacyEpochs::NewKey(uint32_t known_version, uint64_t now_ms, bool at_once) {
  // One that is still on its way counts, too.
  version_ = NextVersion(IsNewer(version_, known_version) ? version_ : known_version);
  advanced_ms_ = now_ms;
  Message m = MakeMessage(MessageKind::kEpochKey);
  m.epoch_key.effective_ms = now_ms;
  m.epoch_key.version = version_;
  m.epoch_key.at_once = at_once ? 1 : 0;
  CFR_CHECK(RAND_priv_bytes(m.epoch_key.key, sizeof m.epoch_key.key) == 1, "the kernel gives no entropy");
  return m;
}

}  // namespace cfr
