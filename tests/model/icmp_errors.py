# SPDX-License-Identifier: BSD-3-Clause
"""ICMP errors of others: the packet they quote, and what becomes of both. RFC 5508, 4443, 4884, 1191, 8201."""

import struct
from types import SimpleNamespace

from frames import ECHO, ICMP, REPLY, TCP, UDP, checksum, pseudo, sum16, sum_offset
from parse import DESTINATION, ERRORS, EXTENSIONS, FRAGMENT, HOP_BY_HOP, Drop, is_zero_padding, word

QUOTE_MAX = 128  # of an outbound error
SMALLEST_MTU = {4: 68, 6: 1280}


def read_quote(p, settings):
    """The quoted packet, once the error itself and its quote are believed."""
    message = p.ip[p.l4:]
    if sum16((pseudo(p.source, p.destination, p.protocol, len(message)) if p.version == 6 else b"") + message) != 0:
        raise Drop("icmp_checksum")
    mtu = word(message, 6) if p.version == 4 else int.from_bytes(message[4:8], "big")
    too_big = (message[0], message[1]) == (3, 4) if p.version == 4 else message[0] == 2
    if too_big and mtu < SMALLEST_MTU[p.version] and not (p.version == 4 and mtu == 0):
        raise Drop("icmp_mtu")
    stated = message[5] * 4 if p.version == 4 else message[4] * 8 if message[0] in (1, 3) else 0
    if 8 + stated > len(message):
        raise Drop("icmp_inner_malformed")
    q = SimpleNamespace(data=message[8:8 + stated] if stated else message[8:])
    (read_ipv4 if p.version == 4 else read_ipv6)(p, q, settings)
    if q.source != p.destination:
        raise Drop("icmp_inner_mismatch")
    read_endpoints(p, q)
    return q


def read_ipv4(p, q, settings):
    data = q.data
    q.l4 = data[0] % 16 * 4 if data else 0
    if len(data) < 20 or data[0] >> 4 != 4 or q.l4 < 20 or q.l4 + 8 > len(data) or p.side == "access" and q.l4 > 20:
        raise Drop("icmp_inner_malformed")
    if settings["icmp.verify_quoted_header"] and sum16(data[:q.l4]) != 0 or word(data, 6) & 0x1FFF:
        raise Drop("icmp_inner_malformed")
    q.protocol, q.source, q.destination = data[9], data[12:16], data[16:20]


def read_ipv6(p, q, settings):
    data, at, headers = q.data, 40, 0
    if len(data) < 40 or data[0] >> 4 != 6:
        raise Drop("icmp_inner_malformed")
    q.protocol, q.source, q.destination = data[6], data[8:24], data[24:40]
    while at + 8 <= len(data) and q.protocol in EXTENSIONS:
        options = q.protocol == DESTINATION or q.protocol == HOP_BY_HOP and at == 40
        length = (data[at + 1] + 1) * 8 if options else 8
        if not options and (q.protocol != FRAGMENT or word(data, at + 2) >> 3) or headers == settings["limits.ip6_headers"] or \
                at + length > min(len(data), 40 + settings["limits.ip6_chain_bytes"]) or \
                options and not is_zero_padding(data[at + 2:at + length]):
            raise Drop("icmp_inner_malformed")
        q.protocol, at, headers = data[at], at + length, headers + 1
    if at + 8 > len(data):
        raise Drop("icmp_inner_malformed")
    q.l4 = at


def read_endpoints(p, q):
    q.sport, q.dport = struct.unpack(">HH", q.data[q.l4:q.l4 + 4])
    if q.protocol in (TCP, UDP):
        return
    if q.protocol != ICMP[p.version]:
        raise Drop("icmp_no_flow")
    kind, identifier = q.data[q.l4], word(q.data, q.l4 + 4)
    if kind in ERRORS[p.version]:
        raise Drop("icmp_inner_error")
    # Inbound it quotes a request that left, outbound a reply that arrived.
    if kind != (ECHO if p.side == "core" else REPLY)[p.version]:
        raise Drop("icmp_no_flow")
    q.sport, q.dport = (identifier, 0) if p.side == "core" else (0, identifier)


def translated(p, q, flow):
    """The message that leaves, right checksum and all but the outer addresses: p's own, `source` and `destination`."""
    outbound, message = p.side == "access", p.ip[p.l4:]
    quote = translated_quote(p, q, flow)
    if not outbound:
        return message[:2] + bytes(2) + message[4:8] + quote + message[8 + len(quote):]
    least = q.l4 + 8
    kept = least if q.protocol == TCP else max(QUOTE_MAX, least)
    return message[:2] + bytes(2) + meaning(p, message) + quote[:kept]


def meaning(p, message):
    """What of the second header word is no length of RFC 4884."""
    kind, rest = message[:2], message[4:8]
    if p.version == 6:
        return rest if kind[0] in (2, 4) else bytes(4)
    return rest[:1] + bytes(3) if kind[0] == 12 else bytes(2) + rest[2:] if kind == b"\3\4" else bytes(4)


def translated_quote(p, q, flow):
    """The quoted packet with the flow's other end in it; its checksums as right or as wrong as they were."""
    outbound, data = p.side == "access", bytearray(q.data)
    address, port = (flow.alias, flow.aport) if outbound else (flow.key[1], flow.key[2])
    size = len(address)
    start = {4: 12, 6: 8}[p.version] + (size if outbound else 0)
    changed = sum16(address) - sum16(q.data[start:start + size])
    data[start:start + size] = address
    at = q.l4 + (4 if q.protocol == ICMP[p.version] else 2 if outbound else 0)
    data[at:at + 2] = struct.pack(">H", port)
    if p.version == 4:
        update(data, 10, changed)
    field = q.l4 + sum_offset(q.protocol)
    if field + 2 <= len(data) and any(q.data[field:field + 2]):
        update(data, field, port - word(q.data, at) + (0 if q.protocol == ICMP[4] and p.version == 4 else changed), q.protocol == UDP)
    return bytes(data)


def update(data, at, grown, is_udp=False):
    """A checksum of what grew by so much."""
    value = (word(data, at) - grown) % 65535
    data[at:at + 2] = struct.pack(">H", 0xFFFF if is_udp and value == 0 else value)


def finished(version, source, destination, message):
    start = pseudo(source, destination, ICMP[6], len(message)) if version == 6 else b""
    return message[:2] + struct.pack(">H", checksum(start + message)) + message[4:]
