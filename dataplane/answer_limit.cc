// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/answer_limit.h"

#include <cstring>

#include "dataplane/token_bucket.h"

namespace cfr {
namespace {

uint64_t BucketOf(const SipKey& key, const Address& a) {
  uint64_t words[2];
  std::memcpy(words, a.bytes.data(), sizeof words);
  return SipHash(key).Add(words[0]).Add(words[1]).Add(static_cast<uint64_t>(a.family)).Finish();
}

}  // namespace

// The receiver's bucket first: one that is over its rate must not use up the lcore's.
bool AnswerLimit::Take(int lcore, const Address& receiver, const Settings& settings, uint64_t now_ms) {
  const uint64_t per_lcore = settings[Setting::kAnswersPerSecond];
  if (per_lcore == 0) return false;
  const TokenRate to_receiver{settings[Setting::kAnswersPerReceiver], settings[Setting::kAnswersBurst]};
  const TokenRate of_lcore{per_lcore, std::max<uint64_t>(per_lcore / 10, 1)};
  return TakeToken(receivers_[BucketOf(key_, receiver) % kReceivers], to_receiver, now_ms) &&
         TakeToken(lcores_[static_cast<size_t>(lcore)].full_at_ns, of_lcore, now_ms);
}

}  // namespace cfr
