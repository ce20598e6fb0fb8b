// SPDX-License-Identifier: BSD-3-Clause
// The TCP machine of a flow: RFC 5382 REQ-2, RFC 7857 section 2, RFC 6146 section 3.5.2.2. It decides
// how long a flow may stay idle, never whether a segment passes: every segment of a flow is forwarded.
//
//   state           C: SYN     S: SYN  C: FIN      S: FIN       exact RST   other
//   INIT            refresh    HALF    stay        stay         stay        stay
//   HALF            stay       stay    CLIENT_FIN  SERVER_FIN   TRANS       C: ACK -> ESTABLISHED
//   ESTABLISHED     refresh    refresh CLIENT_FIN  SERVER_FIN   TRANS       refresh
//   CLIENT_FIN      refresh    refresh refresh     BOTH_FIN     TRANS       refresh
//   SERVER_FIN      refresh    refresh BOTH_FIN    refresh      TRANS       refresh
//   BOTH_FIN        new flow   stay    stay        stay         stay        stay
//   TRANS           new flow   back    back, then  back, then   stay        back
//
// An exact RST carries the number its receiver waits for: from the core the subscriber's newest
// acknowledgment, from the subscriber its own next sequence number. Any other RST changes nothing. A
// core-side FIN counts once the subscriber acknowledged exactly its end, so a forged one shortens nothing.
#pragma once

#include <cstdint>

#include "common/types.h"
#include "dataplane/flow.h"
#include "dataplane/packet.h"

namespace cfr {

// What the machine reads of a segment, in host order; `payload` is the bytes after the TCP header.
struct Segment {
  uint8_t flags;
  uint32_t sequence, acknowledgment, payload;
};

// The part of a flow record the machine owns; a copy in, a copy out, so that both families share it.
struct TcpMemory {
  FlowState state, before_trans;
  bool server_fin_pending;
  uint32_t client_ack, client_next, server_fin_end;
};

enum class TcpStep : uint8_t {
  kKeep,     // the idle time runs on
  kRefresh,  // it starts anew; every change of state does that
  kNewFlow,  // a clean SYN of the subscriber on a flow that is over (RFC 6191)
};

// Flags no stack sends: none at all, SYN with FIN or RST, FIN or URG or PSH without ACK.
constexpr bool ImpossibleFlags(uint8_t flags) {
  if ((flags & kTcpSyn) != 0) return (flags & (kTcpFin | kTcpRst)) != 0;
  return (flags & kTcpAck) == 0 && (flags & (kTcpRst | kTcpFin)) != kTcpRst;
}
// Only a SYN without ACK opens a flow.
constexpr bool IsCleanSyn(uint8_t flags) {
  return (flags & (kTcpSyn | kTcpAck | kTcpRst | kTcpFin)) == kTcpSyn;
}

template <class A>
TcpMemory LoadTcp(const Flow<A>& f) {
  return {f.state, f.before_trans, f.server_fin_pending != 0, f.client_ack, f.client_next, f.server_fin_end};
}
template <class A>
void StoreTcp(const TcpMemory& m, Flow<A>* f) {
  f->state = m.state;
  f->before_trans = m.before_trans;
  f->server_fin_pending = m.server_fin_pending;
  f->client_ack = m.client_ack;
  f->client_next = m.client_next;
  f->server_fin_end = m.server_fin_end;
}
inline Segment SegmentOf(const Packet& p) {
  const TcpHeader& tcp = p.tcp();
  const int header = (tcp.data_offset >> 4) * 4;
  return {tcp.flags, tcp.sequence.host(), tcp.acknowledgment.host(),
          static_cast<uint32_t>(p.length - p.l4_offset - header)};
}

// Sequence numbers wrap; `a` is at or after `b` (RFC 9293 3.4).
constexpr bool AtOrAfter(uint32_t a, uint32_t b) {
  return static_cast<int32_t>(a - b) >= 0;
}

// The machine for nearly every segment, in place: an acknowledgment or data in an established flow. False:
// it is another case and nothing was done; true: TcpStep::kRefresh.
template <class A>
bool AdvanceEstablished(Flow<A>& f, Direction direction, const Segment& s) {
  if (f.state != FlowState::kTcpEstablished || (s.flags & (kTcpSyn | kTcpFin | kTcpRst)) != 0) return false;
  if (direction == Direction::kInbound) return true;
  if (f.server_fin_pending != 0) return false;
  const uint32_t end = s.sequence + s.payload;
  if (AtOrAfter(end, f.client_next)) f.client_next = end;
  if (AtOrAfter(s.acknowledgment, f.client_ack)) f.client_ack = s.acknowledgment;
  return true;
}

// Memory of a flow that `syn` opens.
TcpMemory StartTcp(const Segment& syn);
TcpStep AdvanceTcp(TcpMemory& memory, Direction direction, const Segment& segment);

}  // namespace cfr
