# SPDX-License-Identifier: BSD-3-Clause
"""Packets as they arrived, made comparable: the alias is put back to the client's address and port, and what the
relay may choose (TTL, id, flow label, fragment id, timestamp offset) is taken out. A checksum is a word: right,
wrong or none.
"""

import struct

import frames as f
from frames import ICMP, TCP, UDP

ERRORS = {4: (3, 11, 12), 6: (1, 2, 3, 4)}


def reassembled(packets):
    """The datagrams of a list of packets, pieces put together; a piece too few is left as it is."""
    whole, pieces = [], {}
    for packet in packets:
        version = packet[0] >> 4
        if version == 4 and int.from_bytes(packet[6:8], "big") & 0x3FFF:
            offset, more = int.from_bytes(packet[6:8], "big") % 8192 * 8, packet[6] & 0x20
            pieces.setdefault((packet[12:20], packet[4:6]), {})[offset] = (packet[20:], more, packet)
        elif version == 6 and packet[6] == 44:
            field = int.from_bytes(packet[42:44], "big")
            pieces.setdefault((packet[8:40], packet[44:48]), {})[field & ~7] = (packet[48:], field & 1, packet)
        else:
            whole.append(packet)
    for parts in pieces.values():
        data, last = b"", False
        for offset in sorted(parts):
            if offset != len(data):
                break
            data, last = data + parts[offset][0], not parts[offset][1]
        first = parts.get(0)
        whole += [join(first[2], data)] if first and last else [part[2] for part in parts.values()]
    return whole


def join(first, data):
    if first[0] >> 4 == 4:
        return f.ipv4(first[12:16], first[16:20], first[9], data, first[8], first[1], 0, 0)
    return f.ipv6(first[8:24], first[24:40], first[40], data, first[7], (first[0] % 16) << 4 | first[1] >> 4)


def transport_of(packet):
    """Version, source, destination, protocol and offset of the transport header, over padding headers."""
    if packet[0] >> 4 == 4:
        return 4, packet[12:16], packet[16:20], packet[9], packet[0] % 16 * 4
    protocol, at = packet[6], 40
    while protocol in (0, 60):
        protocol, at = packet[at], at + 8 * (packet[at + 1] + 1)
    return 6, packet[8:24], packet[24:40], protocol, at


def word_for_sum(version, source, destination, protocol, segment):
    at = f.sum_offset(protocol)
    if len(segment) < at + 2:
        return "cut"
    stored = int.from_bytes(segment[at:at + 2], "big")
    if protocol == UDP and stored == 0:
        return "none"
    right = f.transport_sum(version, source, destination, protocol, segment[:at] + bytes(2) + segment[at + 2:])
    return "right" if (stored - right) % 65535 == 0 else "wrong"


def error_type(packet):
    """Whether a packet is an ICMP error."""
    version, _, _, protocol, l4 = transport_of(packet)
    return protocol == ICMP[version] and packet[l4] in ERRORS[version]


def normal(packet, ends, sent, side):
    """A dictionary of what must be equal in both worlds; `sent` is the packet as the client made it, None if it did not."""
    version, source, destination, protocol, l4 = transport_of(packet)
    segment = packet[l4:]
    back = {ends.alias: ends.client} if ends.alias else {}
    fields = {"source": back.get(source, source), "destination": back.get(destination, destination), "protocol": protocol,
              "tc": packet[1] if version == 4 else (packet[0] % 16) << 4 | packet[1] >> 4, "headers": packet[40:l4] if version == 6 else b""}
    if version == 4:
        fields["header sum"] = "right" if f.sum16(packet[:l4]) == 0 else "wrong"
        fields["df"] = packet[6] & 0x40
    if side == "client":
        fields["under an alias"] = source != ends.client
    fields["sum"] = word_for_sum(version, source, destination, protocol, segment)
    # The alias port goes back where the alias address stood.
    ports = [int.from_bytes(segment[i:i + 2], "big") for i in (0, 2)]
    if protocol in (TCP, UDP):
        if source in back:
            ports[0] = ends.cport if ports[0] == ends.aport else ports[0]
        if destination in back:
            ports[1] = ends.cport if ports[1] == ends.aport else ports[1]
        fields["ports"] = ports
        if protocol == TCP:
            segment = without_clock(segment, ends, sent)
        at = f.sum_offset(protocol)
        fields["rest"] = segment[4:at] + segment[at + 2:]
    elif error_type(packet):
        fields |= {"type": segment[:2], "rest": segment[4:8], "quote": quote_of(segment[8:], ends)}
    else:
        identifier = int.from_bytes(segment[4:6], "big")
        fields |= {"type": segment[:2], "identifier": ends.cport if identifier == ends.aport else identifier, "rest": segment[6:]}
    return fields


def told(packet):
    """The same of what came back to the sender at once: an answer in the other end's name."""
    version, source, destination, protocol, l4 = transport_of(packet)
    segment = packet[l4:]
    return {"told": segment[13] if protocol == TCP else segment[0], "number": segment[4:8],
            "sum": word_for_sum(version, source, destination, protocol, segment)}


def quote_of(data, ends):
    """The quoted packet: addresses and ports as the client knows them, and the bytes behind the transport header's start."""
    version, source, destination, protocol, l4 = transport_of(data)
    back = {ends.alias: ends.client} if ends.alias else {}
    segment = data[l4:]
    quoted = {"source": back.get(source, source), "destination": back.get(destination, destination), "protocol": protocol}
    if version == 4:
        quoted["header sum"] = "right" if f.sum16(data[:l4]) == 0 else "wrong"
    ports = [int.from_bytes(segment[i:i + 2], "big") for i in (0, 2)]
    if protocol in (TCP, UDP):
        quoted["ports"] = [ends.cport if port == ends.aport and address in back else port
                           for port, address in zip(ports, (source, destination))]
        quoted["bytes"] = segment[4:8] if protocol == TCP else segment[4:6]
    else:
        identifier = int.from_bytes(segment[4:6], "big")
        quoted["identifier"] = ends.cport if identifier == ends.aport else identifier
    quoted["length"] = len(data)
    total = int.from_bytes(data[2:4], "big") if version == 4 else 40 + int.from_bytes(data[4:6], "big")
    quoted["sum"] = word_for_sum(version, source, destination, protocol, segment) if len(data) == total else "cut"
    return quoted


def timestamps(segment):
    """Where the TCP timestamp option's value stands; None if there is none."""
    at, end = 20, (segment[12] >> 4) * 4
    while at < end and segment[at] != 0:
        if segment[at] == 1:
            at += 1
        elif segment[at] == 8:
            return at + 2
        else:
            at += max(2, segment[at + 1])
    return None


def without_clock(segment, ends, sent):
    """The client's own timestamp instead of a moved one, if it was moved as far as all others of the flow."""
    at = timestamps(segment)
    if at is None or sent is None:
        return segment
    original = sent[transport_of(sent)[4]:][at:at + 4]
    shift = (int.from_bytes(segment[at:at + 4], "big") - int.from_bytes(original, "big")) % 2**32
    ends.shift = shift if ends.shift is None else ends.shift
    return segment[:at] + original + segment[at + 4:] if shift == ends.shift else segment
