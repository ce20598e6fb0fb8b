// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/openings.h"

#include <cstring>

#include "dataplane/headers.h"

namespace cfr {

template <class A>
bool Openings::Tell(const Flow<A>& flow, const Address& subscriber, uint64_t now_ms) {
  if (!ring_.has_value()) return true;
  Opened opened{};
  opened.at_ms = now_ms;
  std::memcpy(opened.subscriber, subscriber.bytes.data(), sizeof opened.subscriber);
  std::memcpy(opened.remote, &flow.remote, sizeof flow.remote);
  opened.alias_port = Be16{flow.alias_port}.host();
  opened.remote_port = Be16{flow.remote_port}.host();
  opened.unit = flow.unit;
  opened.family = A::kFamily == Family::kV4 ? 4 : 6;
  opened.protocol = flow.protocol;
  opened.owner = worker_;
  return ring_->Push(opened) == RingResult::kOk;
}
template bool Openings::Tell(const Flow<V4>&, const Address&, uint64_t);
template bool Openings::Tell(const Flow<V6>&, const Address&, uint64_t);

}  // namespace cfr
