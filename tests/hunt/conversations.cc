// SPDX-License-Identifier: BSD-3-Clause
#include "tests/hunt/conversations.h"

namespace cfr::hunt {
namespace {

int PortIndex(Protocol protocol, uint16_t port) {
  for (int i = 0; i < kPortsOfHost; ++i)
    if (port == Tuple{Family::kV4, protocol, 0, i, 0, 0}.subscriber_port()) return i;
  return -1;
}

std::optional<Protocol> ProtocolOf(uint8_t number, Family family) {
  for (Protocol p : {Protocol::kUdp, Protocol::kTcp, Protocol::kEcho})
    if (NumberOf(p, family) == number) return p;
  return std::nullopt;
}

}  // namespace

uint8_t NumberOf(Protocol protocol, Family family) {
  if (protocol == Protocol::kUdp) return 17;
  if (protocol == Protocol::kTcp) return 6;
  return family == Family::kV4 ? 1 : 58;
}

uint16_t Tuple::subscriber_port() const {
  return protocol == Protocol::kEcho && port == 0 ? 0 : kSubscriberPorts[port];
}

int Conversations::NumberOf(const Tuple& t) {
  int n = static_cast<int>(t.family) * kProtocols + static_cast<int>(t.protocol);
  n = (n * kHosts + t.host) * kPortsOfHost + t.port;
  return (n * kRemotes + t.remote) * 2 + t.remote_port;
}

Tuple Conversations::TupleOf(int n) {
  Tuple t{};
  t.remote_port = n % 2;
  n /= 2;
  t.remote = n % kRemotes;
  n /= kRemotes;
  t.port = n % kPortsOfHost;
  n /= kPortsOfHost;
  t.host = n % kHosts;
  n /= kHosts;
  t.protocol = static_cast<Protocol>(n % kProtocols);
  t.family = static_cast<Family>(n / kProtocols);
  if (t.protocol == Protocol::kEcho) t.remote_port = 0;
  return t;
}

std::optional<int> Conversations::Find(const WireTuple& t) {
  auto host = SubscriberOf(t.subscriber), remote = RemoteOf(t.remote);
  auto protocol = ProtocolOf(t.protocol, t.subscriber.family);
  if (!host || !remote || !protocol) return std::nullopt;
  int port = PortIndex(*protocol, t.subscriber_port);
  int remote_port = 0;
  if (*protocol != Protocol::kEcho)
    remote_port = t.remote_port == kRemotePorts[0] ? 0 : t.remote_port == kRemotePorts[1] ? 1 : -1;
  if (port < 0 || remote_port < 0) return std::nullopt;
  return NumberOf({t.subscriber.family, *protocol, *host, port, *remote, remote_port});
}

}  // namespace cfr::hunt
