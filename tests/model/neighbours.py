# SPDX-License-Identifier: BSD-3-Clause
"""What the model does about ARP and neighbour discovery, and who the next hop is. RFC 826, 4861."""

import struct

from frames import PORT_MAC, pseudo, station_mac, sum16, within
from parse import Drop

SOLICITED, ALL_NODES = bytes.fromhex("ff0200000000000000000001ff"), bytes.fromhex("ff020000000000000000000000000001")


DEFENCE_EVERY_MS = 10_000  # RFC 5227 2.4


class Neighbours:
    """A part of RelayModel."""

    def arp(self, p):
        if len(p.arp) < 28:
            raise Drop("arp_malformed")
        hardware, protocol, hlen, plen, operation, mac, sender, _, target = struct.unpack(">HHBBH6s4s6s4s", p.arp[:28])
        if (hardware, protocol, hlen, plen) != (1, 0x0800, 6, 4) or operation not in (1, 2) or mac != p.station:
            raise Drop("arp_malformed")
        self.check_strayed(p.side, sender)
        if self.is_own(sender, p.side) and self.now >= self.next_defence.get(p.side, 0):
            self.next_defence[p.side] = self.now + DEFENCE_EVERY_MS
            self.made.append(("arp", p.side, sender, sender))
        asked = operation == 1 and self.is_own(target, p.side)
        if self.is_own(sender) or not asked and (p.side, sender) not in self.neighbours:
            raise Drop("neighbour_ignored")
        if asked:
            self.learn(p.side, sender)
            self.made.append(("arp", p.side, target, sender))
        return ("consumed",)

    def discovery(self, p):
        message, kind = p.ip[p.l4:], p.ip[p.l4]
        fixed = {133: 8, 134: 16, 137: 40}.get(kind, 24)
        if len(message) < fixed:
            raise Drop("nd_invalid")
        right = sum16(pseudo(p.source, p.destination, p.protocol, len(message)) + message) == 0
        options = link_options(message[fixed:])
        if p.ttl != 255 or message[1] != 0 or not right or options is None:
            raise Drop("nd_invalid")
        target, solicited, override = message[8:24], message[4] & 0x40, message[4] & 0x20
        if kind in (135, 136) and target[0] == 0xFF or kind == 136 and solicited and p.destination[0] == 0xFF:
            raise Drop("nd_invalid")
        if kind == 135 and not any(p.source) and (not p.destination.startswith(SOLICITED) or 1 in options):
            raise Drop("nd_invalid")
        if kind == 135:
            self.check_strayed(p.side, p.source)
        if kind == 135 and self.is_own(target, p.side) and not self.is_own(p.source):
            if 1 in options:
                self.learn(p.side, p.source)
            self.made.append(("na", p.side, target, p.source if any(p.source) else ALL_NODES))
            return ("consumed",)
        if kind == 136 and (p.side, target) in self.neighbours:
            if override or options.get(2, p.station) == station_mac(p.side, target):
                return ("consumed",)
        raise Drop("neighbour_ignored")

    def check_strayed(self, side, sender):
        """An answer would carry the subscriber's address onto the core link."""
        if side == "core" and self.subscriber(sender):
            raise Drop("spoof_core")

    def learn(self, side, address):
        """A station that asks is remembered if it is the gateway or a subscriber on the link."""
        if self.is_expected(side, address):
            self.neighbours.add((side, address))

    def is_expected(self, side, address):
        return (self.gateway.get((side, len(address))) == address or
                side == "access" and self.subscriber(address) is not None and within(address, self.own[side]))

    def next_hop(self, p, address):
        """Until the end of the burst that needs it first, packets wait for its station."""
        side = p.other_side
        hop = address if within(address, self.own[side]) else self.gateway[(side, len(address))]
        if (side, hop) not in self.neighbours:
            self.neighbours.add((side, hop))
            self.awaited.add((side, hop))
        p.waited = (side, hop) in self.awaited
        return hop


def link_options(data):
    """Kind -> link-layer address of a message's options; None if they are malformed."""
    found = {}
    while data:
        length = data[1] * 8 if len(data) >= 8 else 0
        if not 0 < length <= len(data):
            return None
        found[data[0]] = data[2:8]
        data = data[length:]
    return found
