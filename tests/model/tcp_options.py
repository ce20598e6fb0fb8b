# SPDX-License-Identifier: BSD-3-Clause
"""What becomes of TCP options: RFC 9293 3.1, 7323, 7413, 8684. Lengths never change."""

import struct

from frames import ACK, SYN

MSS, TIMESTAMPS, MPTCP, FAST_OPEN, EXPERIMENTAL = 2, 8, 30, 34, 254
MP_CAPABLE, ADD_ADDR = 0, 3
FAST_OPEN_EXPERIMENT = b"\xf9\x89"


def options_of(segment):
    """Kind, offset and length of each option, up to the end or to one that is malformed."""
    at, end = 20, (segment[12] >> 4) * 4
    while at < end and segment[at] != 0:
        length = 1 if segment[at] == 1 else segment[at + 1] if at + 1 < end else 0
        if length == 0 or segment[at] != 1 and length < 2 or at + length > end:
            return
        yield segment[at], at, length
        at += length


def change_options(segment, original, seen, flow, outbound, settings):
    """Changes `segment`, a bytearray; `seen` is the segment the product made of it, where offsets are learnt."""
    syn = segment[13] & SYN
    for kind, at, length in options_of(original):
        if kind == TIMESTAMPS and length == 10:
            change_clock(segment, original, seen, flow, at, outbound, settings)
        elif outbound and kind == MSS and length == 4 and syn:
            clamp = settings["scrub.mss_clamp_v4" if len(flow.alias) == 4 else "scrub.mss_clamp_v6"]
            segment[at + 2:at + 4] = struct.pack(">H", min(clamp, int.from_bytes(original[at + 2:at + 4], "big")))
        elif outbound and is_unwanted(kind, original[at + 2:at + length], settings):
            segment[at:at + length] = b"\1" * length


def is_unwanted(kind, body, settings):
    if kind == FAST_OPEN or kind == EXPERIMENTAL and body[:2] == FAST_OPEN_EXPERIMENT:
        return settings["scrub.tcp_fast_open"]
    if kind == MPTCP and body:
        return {ADD_ADDR: settings["scrub.mptcp_add_addr"], MP_CAPABLE: settings["scrub.mptcp_capable"]}.get(body[0] >> 4, False)
    return False


def change_clock(segment, original, seen, flow, at, outbound, settings):
    """Outbound the value is moved, inbound the echo of it is moved back; 0 is what echoes nothing."""
    if outbound and segment[13] & SYN and settings["scrub.tcp_timestamps"] == "strip":
        segment[at:at + 10] = b"\1" * 10
        return
    field = at + 2 if outbound else at + 6
    if not flow.moves_clock or not outbound and (not segment[13] & ACK or not any(original[field:field + 4])):
        return
    before, after = (int.from_bytes(s[field:field + 4], "big") for s in (original, seen))
    if flow.shift is None:
        flow.shift = (after - before if outbound else before - after) % 2**32
    moved = before + flow.shift if outbound else before - flow.shift
    segment[field:field + 4] = struct.pack(">I", moved % 2**32)
