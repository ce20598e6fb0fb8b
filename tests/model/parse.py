# SPDX-License-Identifier: BSD-3-Clause
"""Bytes -> packet, or the reason why it cannot be read or believed.

IEEE 802.1Q, RFC 791, 8200, 7112, 768, 9293, 792, 4443; of fragments RFC 1858, 3128.
"""

import struct
from types import SimpleNamespace

from frames import ACK, ECHO, FIN, ICMP, PORT_MAC, REPLY, RST, SYN, TCP, UDP, sum16, sum_offset

EXTENSIONS = (0, 43, 44, 50, 51, 59, 60, 135, 139, 140)  # IPv6 next headers that are no transport
HOP_BY_HOP, FRAGMENT, NO_NEXT, DESTINATION = 0, 44, 59, 60
ARP, IPV4, IPV6, VLAN, QINQ = 0x0806, 0x0800, 0x86DD, 0x8100, 0x88A8
ERRORS = {4: (3, 4, 5, 11, 12), 6: range(128)}  # ICMP types
CODES = {4: {3: 255, 11: 255, 12: 255}, 6: {1: 255, 2: 255, 3: 1, 4: 2}}  # of those relayed, the largest code
LIMITS = {"limits.ip6_headers": 8, "limits.ip6_chain_bytes": 256}  # until there is a configuration


class Drop(Exception):
    """The packet is dropped for this reason."""


def word(data, at):
    return int.from_bytes(data[at:at + 2], "big")


def new_packet(side, nic_bad=False):
    return SimpleNamespace(side=side, other_side="core" if side == "access" else "access", kind=None, sport=0, dport=0, flags=0,
                           part="whole", start=0, more=False, fragment_header=None, nic_bad=nic_bad)


def parse(p, frame, port, settings):
    """Fills in `p`; `port` has mtu and vlan, a list of tags."""
    if port.vlan:
        frame = without_tags(frame, port.vlan)
    if len(frame) < 14:
        raise Drop("l2_malformed")
    p.to, p.station, p.ethertype = frame[:6], frame[6:12], word(frame, 12)
    if len(frame) > 14 + port.mtu and p.ethertype not in (VLAN, QINQ):
        raise Drop("rx_oversize")
    if p.station[0] & 1 or not any(p.station):
        raise Drop("l2_source")
    if not p.to[0] & 1 and p.to != PORT_MAC[p.side]:
        raise Drop("not_my_mac")
    if p.ethertype in (VLAN, QINQ):
        parse(p, without_tags(frame, []), port, settings)
        return
    if p.ethertype == ARP:
        p.kind, p.arp = "arp", frame[14:]
        return
    if p.ethertype not in (IPV4, IPV6):
        raise Drop("ethertype")
    if p.ethertype == IPV4:
        parse_ipv4(p, frame[14:])
    else:
        parse_ipv6(p, frame[14:], settings or LIMITS)
    if p.to[0] & 1 and p.kind != "nd":
        raise Drop("l2_group_destination")


def without_tags(frame, vlan):
    """A priority tag, of VLAN 0, counts as none; a service tag stands outside another tag."""
    if len(frame) < 14:
        raise Drop("l2_malformed")
    at, tags, seen, ours = 12, 0, [], True
    while word(frame, at) in (VLAN, QINQ):
        tags += 1
        if tags > 2 or len(frame) < at + 6:
            raise Drop("l2_malformed")
        if word(frame, at) == QINQ and (tags != 1 or word(frame, at + 4) not in (VLAN, QINQ)):
            ours = False
        if word(frame, at + 2) & 0xFFF:
            seen.append(word(frame, at + 2) & 0xFFF)
        at += 4
    if not ours or seen != vlan:
        raise Drop("vlan_unknown")
    return frame[:12] + frame[at:]


def parse_ipv4(p, ip):
    if len(ip) < 20:
        raise Drop("ip4_length")
    if ip[0] >> 4 != 4:
        raise Drop("ip_version")
    p.l4, total, frag = ip[0] % 16 * 4, word(ip, 2), word(ip, 6)
    if p.l4 < 20:
        raise Drop("ip4_header")
    if total < 20 or total > len(ip):
        raise Drop("ip4_length")
    if p.l4 > total:
        raise Drop("ip4_header")
    if sum16(ip[:p.l4]) != 0:
        raise Drop("ip4_checksum")
    if p.l4 > 20:
        raise Drop("ip4_option")
    if frag & 0x8000:
        raise Drop("ip4_reserved_flag")
    p.version, p.ip, p.ttl, p.protocol, p.source, p.destination = 4, ip[:total], ip[8], ip[9], ip[12:16], ip[16:20]
    p.ident, p.atomic, p.may_be_cut = ip[4:6], frag & 0x7FFF == 0x4000, not frag & 0x4000
    if frag & 0x3FFF:
        set_part(p, frag % 8192 * 8, bool(frag & 0x2000), 20, 20)
    parse_rest(p)


def parse_ipv6(p, ip, settings):
    if len(ip) < 40:
        raise Drop("ip6_length")
    if ip[0] >> 4 != 6:
        raise Drop("ip_version")
    payload, p.protocol = word(ip, 4), ip[6]
    if payload == 0 and p.protocol != NO_NEXT:
        raise Drop("ip6_jumbo")
    if 40 + payload > len(ip):
        raise Drop("ip6_length")
    p.version, p.ip, p.ttl, p.source, p.destination, p.l4 = 6, ip[:40 + payload], ip[7], ip[8:24], ip[24:40], 40
    p.atomic, p.may_be_cut = False, False
    if p.protocol == ICMP[6] and 133 <= ip[40] <= 137:  # never behind an extension header: RFC 6980
        p.kind = "nd"
        return
    walk_chain(p, settings)
    parse_rest(p)


def walk_chain(p, settings):
    at, following, headers = 40, p.protocol, 0
    while following in EXTENSIONS:
        if following == NO_NEXT or following == HOP_BY_HOP and at != 40:
            raise Drop("ip6_chain")
        if following not in (HOP_BY_HOP, FRAGMENT, DESTINATION):
            raise Drop("ip6_extension")
        if headers == settings["limits.ip6_headers"] or len(p.ip) - at < 8:
            raise Drop("ip6_chain")
        length = 8 if following == FRAGMENT else (p.ip[at + 1] + 1) * 8
        if at + length > min(len(p.ip), 40 + settings["limits.ip6_chain_bytes"]):
            raise Drop("ip6_chain")
        if following == FRAGMENT:
            read_fragment_header(p, at)
        elif not is_zero_padding(p.ip[at + 2:at + length]):
            raise Drop("ip6_extension")
        following, at, headers = p.ip[at], at + length, headers + 1
        if p.part == "later" and following == DESTINATION:
            break  # what comes is not that header, only in the first fragment it is
    p.protocol, p.l4 = following, at


def read_fragment_header(p, at):
    if p.fragment_header is not None:
        raise Drop("ip6_chain")
    p.fragment_header, field = at, word(p.ip, at + 2)
    p.ident = p.ip[at + 4:at + 8]
    if p.ip[at + 1] or field & 6:
        raise Drop("ip6_extension")
    if field:
        set_part(p, field & ~7, bool(field & 1), at + 8, at - 40)


def is_zero_padding(options):
    while options:
        length = 1 if options[0] == 0 else 2 + options[1] if len(options) > 1 else 0
        if options[0] > 1 or not length or length > len(options) or any(options[2:length]):
            return False
        options = options[length:]
    return True


def set_part(p, start, more, at, headers):
    """What was cut begins at `at`, and stands behind `headers` bytes of what the length field counts."""
    p.part, p.start, p.more = "later" if start else "first", start, more
    length = len(p.ip) - at
    p.end = start + length
    if length == 0 or more and length % 8 or headers + p.end > 65535:
        raise Drop("fragment_bounds")


def parse_rest(p):
    if p.part == "later":
        if p.protocol == TCP and p.start == 8:
            raise Drop("fragment_tiny")
        if p.protocol not in (TCP, UDP, ICMP[p.version], *((DESTINATION,) if p.version == 6 else ())):
            raise Drop("protocol_unsupported")
        return
    parse_transport(p, p.ip[p.l4:])
    if p.nic_bad and p.kind != "error" and not (p.kind == "udp" and p.sum == 0):  # which is looked at, or none
        raise Drop("l4_checksum_nic")


def parse_transport(p, segment):
    if p.protocol not in (TCP, UDP, ICMP[p.version]):
        raise Drop("protocol_unsupported")
    if len(segment) < (20 if p.protocol == TCP else 8):
        raise Drop("fragment_tiny" if p.part == "first" else "l4_truncated")
    p.sport, p.dport = struct.unpack(">HH", segment[:4])
    p.sum = word(segment, sum_offset(p.protocol))
    {TCP: parse_tcp, UDP: parse_udp}.get(p.protocol, parse_icmp)(p, segment)


def parse_udp(p, segment):
    length = word(segment, 4)
    if length < 8 or length > len(segment) and p.part != "first":
        raise Drop("udp_length")
    if 0 in (p.sport, p.dport):
        raise Drop("port_zero")
    p.kind = "udp"


def parse_tcp(p, segment):
    words, p.flags = segment[12] >> 4, segment[13]
    if words < 5 or words * 4 > len(segment) and p.part != "first":
        raise Drop("tcp_header")
    if words * 4 > len(segment):
        raise Drop("fragment_tiny")
    if p.flags & SYN and p.flags & (FIN | RST) or not p.flags & (SYN | RST | ACK) or p.flags & (FIN | ACK) == FIN:
        raise Drop("tcp_flags")
    if 0 in (p.sport, p.dport):
        raise Drop("port_zero")
    p.seq, p.ack = struct.unpack(">II", segment[4:12])
    p.length, p.kind = len(segment) - words * 4, "tcp"


def parse_icmp(p, segment):
    kind, code, identifier = segment[0], segment[1], word(segment, 4)
    if p.part == "first" and kind in ERRORS[p.version]:
        raise Drop("fragment_icmp_error")
    if kind in CODES[p.version] and code <= CODES[p.version][kind]:
        p.kind = "error"
    elif (kind, code) == (ECHO[p.version], 0):
        p.kind, p.sport, p.dport = "echo", identifier, 0
    elif (kind, code) == (REPLY[p.version], 0):
        p.kind, p.sport, p.dport = "reply", 0, identifier
    else:
        raise Drop("icmp_type")
