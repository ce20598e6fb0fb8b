# SPDX-License-Identifier: BSD-3-Clause
"""How a packet changes the state of its flow and how long it may stay idle: RFC 4787, 5382, 7857."""

from frames import ACK, FIN, RST, SYN

TIMER = {"oneway": "timers.udp_oneway", "answered": "timers.udp", "echo": "timers.icmp_query", "INIT": "timers.tcp_open",
         "HALF": "timers.tcp_open", "EST": "timers.tcp_established", "CFIN": "timers.tcp_established",
         "SFIN": "timers.tcp_established", "BOTHFIN": "timers.tcp_close", "TRANS": "timers.tcp_reset"}


def newer(a, b):
    return b is None or 0 < (a - b) % 2**32 < 2**31


def up_to(flow):
    """The state, or that to which a segment would bring the flow back."""
    return flow.before if flow.state == "TRANS" else flow.state


def enter(flow, state, now):
    flow.state, flow.last = state, now


def advance(flow, p, from_client, now):
    if p.kind == "udp" and not from_client:
        flow.state = "answered"
    elif p.kind != "tcp":
        if from_client:
            flow.last = now
    elif p.flags & RST:
        expected = flow.next if from_client else flow.acked or None  # 0 is what an answer to a SYN has there
        if p.seq == expected and flow.state in ("HALF", "EST", "CFIN", "SFIN"):
            flow.before = flow.state
            enter(flow, "TRANS", now)
    else:
        advance_segment(flow, p, from_client, now)


def advance_segment(flow, p, from_client, now):
    """A SYN in a flow that is up passes for any other segment; where the table says "stay", the time runs on."""
    syn, fin, ack = p.flags & SYN, p.flags & FIN, p.flags & ACK
    client_fin, server_fin = from_client and fin, False  # a FIN of the server's counts once it was acknowledged
    end = (p.seq + p.length + bool(syn) + bool(fin)) % 2**32
    if from_client:
        if syn and flow.state == "INIT" or newer(end, flow.next):
            flow.next = end
        if ack and (up_to(flow) in ("INIT", "HALF") or newer(p.ack, flow.acked)):
            flow.acked = p.ack
        if ack and p.ack == flow.fin:
            flow.fin, server_fin = None, True
    elif fin:
        flow.fin = end

    if flow.state == "TRANS":
        enter(flow, flow.before, now)
    elif flow.state == "INIT":
        if syn:
            enter(flow, "INIT" if from_client else "HALF", now)
    elif flow.state == "HALF":
        if from_client and ack and not syn:
            enter(flow, "EST", now)
    elif flow.state != "BOTHFIN":
        flow.last = now
    if client_fin and flow.state in ("HALF", "EST", "SFIN"):
        enter(flow, "BOTHFIN" if flow.state == "SFIN" else "CFIN", now)
    if server_fin and flow.state in ("HALF", "EST", "CFIN"):
        enter(flow, "BOTHFIN" if flow.state == "CFIN" else "SFIN", now)
