# SPDX-License-Identifier: BSD-3-Clause
"""Where the product means to differ from the kernel's NAT, each with its reason.

A class turns what the kernel did into what the product means to do, always and not only where they differ. What is
unequal then is a mistake of one of the two.
"""

import copy

from frames import RST, SYN, TCP


def dscp(event, kernel):
    if event.side == "client":
        for packet in kernel:
            packet["tc"] &= 3


def options_of(packet):
    """Kind, offset and length of the TCP options in the comparable form, which lacks ports and checksum."""
    rest, at = packet["rest"], 14
    end = (rest[8] >> 4) * 4 - 6
    while at < end and rest[at] != 0:
        length = 1 if rest[at] == 1 else rest[at + 1]
        yield rest[at], at, length
        at += length


def changed(packet, at, data):
    packet["rest"] = packet["rest"][:at] + data + packet["rest"][at + len(data):]


def tcp_requests(event, kernel):
    return [packet for packet in kernel if event.side == "client" and packet["protocol"] == TCP]


def mss(event, kernel):
    for packet in tcp_requests(event, kernel):
        for kind, at, _ in list(options_of(packet)):
            clamp = MSS_CLAMP[len(packet["source"])]
            if kind == 2 and packet["rest"][9] & SYN and int.from_bytes(packet["rest"][at + 2:at + 4], "big") > clamp:
                changed(packet, at + 2, clamp.to_bytes(2, "big"))


def fast_open(event, kernel):
    for packet in tcp_requests(event, kernel):
        for kind, at, length in list(options_of(packet)):
            if kind == 34:
                changed(packet, at, b"\1" * length)


def quote(event, kernel):
    for packet in kernel:
        if event.side == "client" and "quote" in packet:
            quoted = packet["quote"]
            least = {4: 20, 16: 40}[len(quoted["source"])] + 8
            if quoted["length"] > (least if quoted["protocol"] == TCP else QUOTE_MAX):
                quoted |= {"length": least if quoted["protocol"] == TCP else QUOTE_MAX, "sum": "cut"}


def midstream(event, kernel):
    if event.label == "midstream":
        kernel[:] = [{"told": RST, "number": event.ack.to_bytes(4, "big"), "sum": "right"}]


MSS_CLAMP = {4: 1360, 16: 1340}  # the defaults, by the length of an address
QUOTE_MAX = 128
CLASSES = {
    "dscp": (dscp, "RFC 2474 2, draft R3: DSCP may name a class of subscribers; towards the core it is 0."),
    "mss": (mss, "RFC 4459 3.2: a larger MSS is lowered, so that both ends fit the tunnels on their way."),
    "fast open": (fast_open, "RFC 7413 4.1.2: a server knows its cookie again; it is overwritten."),
    "quote": (quote, "RFC 792, RFC 4884: an error quotes enough to find the flow, and no more that a host may be known by."),
    "midstream": (midstream, "RFC 5382 REQ-3, RFC 9293 3.10.7.1: only a SYN opens a flow, any other segment of none is reset at once."),
}


def meant(event, kernel):
    """What the product means to let arrive where this arrived through the kernel, and the classes that make the difference."""
    names, packets = [], copy.deepcopy(kernel)
    for name, (turn, _) in CLASSES.items():
        before = copy.deepcopy(packets)
        turn(event, packets)
        if packets != before:
            names.append(name)
    return packets, names
