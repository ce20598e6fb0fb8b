// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/tcp_state.h"

namespace cfr {
namespace {

uint32_t EndOf(const Segment& s) {
  return s.sequence + s.payload + ((s.flags & kTcpSyn) != 0) + ((s.flags & kTcpFin) != 0);
}

void Remember(TcpMemory& m, Direction direction, const Segment& s) {
  if ((s.flags & kTcpRst) != 0) return;
  if (direction == Direction::kOutbound) {
    uint32_t end = EndOf(s);
    if (m.state == FlowState::kTcpInit && (s.flags & kTcpSyn) != 0)
      m.client_next = end;
    else if (AtOrAfter(end, m.client_next))
      m.client_next = end;
    const FlowState state = m.state == FlowState::kTcpTrans ? m.before_trans : m.state;
    bool first_ack = state == FlowState::kTcpInit || state == FlowState::kTcpHalf;
    if ((s.flags & kTcpAck) != 0 && (first_ack || AtOrAfter(s.acknowledgment, m.client_ack)))
      m.client_ack = s.acknowledgment;
  } else if ((s.flags & kTcpFin) != 0) {
    m.server_fin_end = EndOf(s);
    m.server_fin_pending = true;
  }
}

// Nothing follows a FIN, so a genuine one is acknowledged at exactly its end and never beyond.
bool ServerFinAcknowledged(TcpMemory& m, Direction direction, const Segment& s) {
  if (direction != Direction::kOutbound || !m.server_fin_pending || (s.flags & kTcpAck) == 0) return false;
  if (s.acknowledgment != m.server_fin_end) return false;
  m.server_fin_pending = false;
  return true;
}

TcpStep Enter(TcpMemory& m, FlowState state) {
  m.state = state;
  return TcpStep::kRefresh;
}

TcpStep AdvanceReset(TcpMemory& m, Direction direction, const Segment& s) {
  bool mutable_state =
      m.state != FlowState::kTcpInit && m.state != FlowState::kTcpBothFin && m.state != FlowState::kTcpTrans;
  uint32_t expected = direction == Direction::kOutbound ? m.client_next : m.client_ack;
  // A client_ack of 0 is none yet, and 0 is what an answer to a SYN has there; a genuine 0 lives on by its
  // timer.
  bool known = direction == Direction::kOutbound || m.client_ack != 0;
  if (!mutable_state || !known || s.sequence != expected) return TcpStep::kKeep;
  m.before_trans = m.state;
  return Enter(m, FlowState::kTcpTrans);
}

TcpStep AdvanceFins(TcpMemory& m, bool client_fin, bool server_fin) {
  if (client_fin && m.state == FlowState::kTcpServerFin) return Enter(m, FlowState::kTcpBothFin);
  if (server_fin && m.state == FlowState::kTcpClientFin) return Enter(m, FlowState::kTcpBothFin);
  bool open = m.state == FlowState::kTcpHalf || m.state == FlowState::kTcpEstablished;
  if (open && client_fin && server_fin) return Enter(m, FlowState::kTcpBothFin);
  if (open && client_fin) return Enter(m, FlowState::kTcpClientFin);
  if (open && server_fin) return Enter(m, FlowState::kTcpServerFin);
  return TcpStep::kRefresh;
}

}  // namespace

TcpMemory StartTcp(const Segment& syn) {
  return {FlowState::kTcpInit, FlowState::kTcpInit, false, 0, EndOf(syn), 0};
}

TcpStep AdvanceTcp(TcpMemory& m, Direction direction, const Segment& s) {
  bool outbound = direction == Direction::kOutbound;
  bool over = m.state == FlowState::kTcpBothFin || m.state == FlowState::kTcpTrans;
  if (over && outbound && IsCleanSyn(s.flags)) return TcpStep::kNewFlow;
  if ((s.flags & kTcpRst) != 0) return AdvanceReset(m, direction, s);

  Remember(m, direction, s);
  bool client_fin = outbound && (s.flags & kTcpFin) != 0;
  bool server_fin = ServerFinAcknowledged(m, direction, s);
  switch (m.state) {
    case FlowState::kTcpInit:
      if (!outbound && (s.flags & kTcpSyn) != 0) return Enter(m, FlowState::kTcpHalf);
      return outbound && (s.flags & kTcpSyn) != 0 ? TcpStep::kRefresh : TcpStep::kKeep;
    case FlowState::kTcpHalf:
      if (client_fin || server_fin) return AdvanceFins(m, client_fin, server_fin);
      if (outbound && (s.flags & (kTcpAck | kTcpSyn)) == kTcpAck) return Enter(m, FlowState::kTcpEstablished);
      return TcpStep::kKeep;
    case FlowState::kTcpBothFin:
      return TcpStep::kKeep;
    case FlowState::kTcpTrans:
      m.state = m.before_trans;
      return AdvanceFins(m, client_fin, server_fin);
    default:
      return AdvanceFins(m, client_fin, server_fin);
  }
}

}  // namespace cfr
