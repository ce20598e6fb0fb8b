# SPDX-License-Identifier: BSD-3-Clause
"""Frames as bytes: checksums, stations, and a builder that makes right frames and wrong ones."""

import ipaddress
import struct

PORT_MAC = {"access": bytes((2, 0, 0, 0, 0, 1)), "core": bytes((2, 0, 0, 0, 0, 2))}
FIN, SYN, RST, PSH, ACK, URG, ECE, CWR = (1 << bit for bit in range(8))
TCP, UDP = 6, 17
ICMP = {4: 1, 6: 58}
ECHO, REPLY = {4: 8, 6: 128}, {4: 0, 6: 129}


class Network:
    """A prefix, or an address with the length of its link; addresses are bytes."""

    def __init__(self, text):
        interface = ipaddress.ip_interface(text)
        self.address, self.bits = interface.packed, interface.max_prefixlen
        self.shift = self.bits - interface.network.prefixlen
        self.number = int(interface) >> self.shift
        ends = interface.network.network_address.packed, interface.network.broadcast_address.packed
        self.broadcasts = ends if self.bits == 32 and self.shift > 1 else ()  # the first one is its obsolete form

    def __contains__(self, address):
        return len(address) * 8 == self.bits and int.from_bytes(address, "big") >> self.shift == self.number


def within(address, networks):
    return any(address in network for network in networks)


def station_mac(side, address):
    """The MAC of the fake station with that address (tests/support/relay_inspector.h)."""
    return bytes((2, 0, side == "core", len(address) == 16, 0xFE, address[-1]))


def sum16(data):
    """The sum of all 16-bit words modulo 65535: 65536 is 1 there, so the whole is one long number."""
    return int.from_bytes(data + b"\0" * (len(data) % 2), "big") % 65535


def checksum(data):
    return -sum16(data) % 65535


def pseudo(source, destination, protocol, length):
    return source + destination + struct.pack(">II", length, protocol)


def sum_offset(protocol):
    return {TCP: 16, UDP: 6}.get(protocol, 2)


def transport_sum(version, source, destination, protocol, segment):
    """The right checksum of a segment whose checksum field is zero."""
    if protocol == ICMP[4] and version == 4:
        return checksum(segment)
    return checksum(pseudo(source, destination, protocol, len(segment)) + segment)


def udp(sport, dport, payload, length=None):
    return struct.pack(">HHHH", sport, dport, 8 + len(payload) if length is None else length, 0) + payload


def tcp(sport, dport, flags, seq=0, ack=0, payload=b"", options=b"", words=None, high=0):
    options += b"\0" * (-len(options) % 4)
    words = 5 + len(options) // 4 if words is None else words
    return struct.pack(">HHIIBBHHH", sport, dport, seq, ack, words << 4 | high, flags, 0x2000, 0, 0) + options + payload


def icmp(kind, code, rest, payload):
    return struct.pack(">BBH4s", kind, code, 0, rest) + payload


def with_sum(version, source, destination, protocol, segment, error=0):
    """The segment with its checksum, off by `error`."""
    at = sum_offset(protocol)
    if len(segment) < at + 2 or protocol not in (TCP, UDP, ICMP[version]):
        return segment
    value = (transport_sum(version, source, destination, protocol, segment) + error) % 65535
    if protocol == UDP and value == 0:
        value = 0xFFFF
    return segment[:at] + struct.pack(">H", value) + segment[at + 2:]


def ipv4(source, destination, protocol, segment, ttl=64, tc=0, ident=0x1234, frag=0x4000, options=b"", **wrong):
    version, words = wrong.get("version", 4), wrong.get("words", 5 + len(options) // 4)
    total = wrong.get("total", 20 + len(options) + len(segment))
    header = struct.pack(">BBHHHBBH4s4s", version << 4 | words, tc, total, ident, frag, ttl, protocol, 0, source, destination)
    value = (checksum(header + options) + wrong.get("error", 0)) % 65535
    return header[:10] + struct.pack(">H", value) + header[12:] + options + segment


def ipv6(source, destination, protocol, segment, ttl=64, tc=0, label=0, chain=(), **wrong):
    """`chain`: pairs of header kind and its bytes behind the next-header byte."""
    kinds = [kind for kind, _ in chain] + [protocol]
    headers = b"".join(bytes((after,)) + body for (_, body), after in zip(chain, kinds[1:]))
    payload = wrong.get("total", len(headers) + len(segment))
    first = wrong.get("version", 6) << 28 | tc << 20 | label
    return struct.pack(">IHBB", first, payload, kinds[0], ttl) + source + destination + headers + segment


def ethernet(destination, source, ethertype, payload):
    return destination + source + struct.pack(">H", ethertype) + payload


def arp(operation, sender_mac, sender, target_mac, target, hardware=1, hlen=6):
    return struct.pack(">HHBBH", hardware, 0x0800, hlen, 4, operation) + sender_mac + sender + target_mac + target


def solicited_node(address):
    return bytes.fromhex("ff0200000000000000000001ff") + address[13:]


def describe(frame):
    """One line for people; what cannot be read is left as digits."""
    ip, text = frame[14:], frame[:60].hex() + ("..." if len(frame) > 60 else "")
    version = {b"\x08\x00": 4, b"\x86\xdd": 6}.get(frame[12:14])
    if version is None or len(ip) < 40 or ip[0] >> 4 != version:
        return text
    start, size, l4, protocol, ttl = (12, 4, ip[0] % 16 * 4, ip[9], ip[8]) if version == 4 else (8, 16, 40, ip[6], ip[7])
    ends = [ipaddress.ip_address(ip[start + i * size:start + (i + 1) * size]) for i in range(2)]
    words = struct.unpack(">HHHH", ip[l4:l4 + 8].ljust(8, b"\0"))  # a cut header reads as zeros
    if protocol == TCP and len(ip) >= l4 + 20:
        flags = "".join(letter for bit, letter in enumerate("FSRPAUEC") if ip[l4 + 13] >> bit & 1)
        what = f"{words[0]}>{words[1]} tcp {flags or '-'} seq={words[2] << 16 | words[3]} ack={int.from_bytes(ip[l4 + 8:l4 + 12], 'big')}"
    elif protocol == UDP:
        what = f"{words[0]}>{words[1]} udp {words[2]} bytes"
    elif protocol == ICMP[version]:
        what = f"icmp {words[0] >> 8}/{words[0] & 255} id={words[2]}"
    else:
        what = f"protocol {protocol}"
    frag = f" frag={int.from_bytes(ip[6:8], 'big'):#x}" if version == 4 else ""
    return f"{ends[0]} > {ends[1]} {what} len={len(ip)} ttl={ttl}{frag}"
