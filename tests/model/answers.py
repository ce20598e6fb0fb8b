# SPDX-License-Identifier: BSD-3-Clause
"""What the relay says itself about a packet it dropped, to whom and how often. RFC 1812, 4443, 5508, 6888, 9293."""

import struct

from frames import ICMP, RST, SYN, TCP, Network, ipv4, ipv6, tcp, with_sum, within
from icmp_errors import finished

EXPIRED, TOO_BIG = {4: (11, 0), 6: (3, 0)}, {4: (3, 4), 6: (2, 0)}
UNREACHABLE, PROHIBITED, BEYOND_SCOPE = {4: (3, 1), 6: (1, 3)}, {4: (3, 13), 6: (1, 1)}, {6: (1, 2)}
PARAMETER_PROBLEM = {6: (4, 0)}
SAID = {"ttl_expired": EXPIRED, "too_big": TOO_BIG, "hairpin": PROHIBITED, "access_destination": PROHIBITED,
        "protocol_unsupported": PROHIBITED, "martian_source": BEYOND_SCOPE, "fragment_bounds": PARAMETER_PROBLEM} | dict.fromkeys(
    ("flow_quota", "flow_rate", "subscriber_table_full", "flow_table_full", "ports_exhausted", "pool_empty", "lease_expired",
     "no_epoch_key", "neighbour_unresolved"), UNREACHABLE)
LINK_LOCAL = [Network("fe80::/10")]
LARGEST = {4: 576, 6: 1280}
ECHOES = {4: (0, 8), 6: (128, 129)}


class Answers:
    """A part of RelayModel."""

    def answer(self, p, reason):
        """Puts what is said about a dropped packet into `made`, if anything is."""
        kind = SAID.get(reason, {}).get(getattr(p, "version", None))
        reset = reason == "tcp_no_flow" and not p.flags & (SYN | RST)
        if not kind and not reset or p.to[0] & 1 or not self.may_be_told(p, reason):
            return
        speaker = self.speaker(p)
        if speaker is None:
            return
        receiver = self.subscriber(p.source) if p.side == "access" else p.source
        if not self.take_answer(receiver or p.source):
            self.count(f"{'inbound' if p.side == 'access' else 'outbound'}.icmp_suppressed")
            return
        ip = self.reset(p) if reset else self.error(p, kind, reason, speaker)
        self.made.append(("said", p.side, p.station + p.to + p.ethertype.to_bytes(2, "big") + ip))

    def may_be_told(self, p, reason):
        if reason == "fragment_bounds":
            if not p.end - p.start or p.ip[p.fragment_header] == ICMP[6]:
                return False
        elif p.part == "later" or p.protocol == ICMP[p.version] and p.ip[p.l4] not in ECHOES[p.version]:
            return False
        if p.side == "core":
            return reason in ("ttl_expired", "too_big") and not p.bypassed
        if self.is_no_host(p.destination) or self.is_own(p.source):
            return False
        return within(p.source, LINK_LOCAL) if reason == "martian_source" else self.subscriber(p.source) is not None

    def speaker(self, p):
        """The relay's address on that side, the one on the receiver's link if there is one."""
        own = [network for network in self.own[p.side] if len(network.address) == len(p.source)]
        return next((network.address for network in own if p.source in network), own[0].address if own else None)

    def error(self, p, kind, reason, speaker):
        rest = self.ports[p.other_side].mtu if reason == "too_big" else 0
        if reason == "fragment_bounds":
            rest = 4 if p.more and (p.end - p.start) % 8 else p.fragment_header + 2
        header = 20 if p.version == 4 else 40
        message = bytes((*kind, 0, 0)) + struct.pack(">I", rest) + p.ip[:LARGEST[p.version] - header - 8]
        message = finished(p.version, speaker, p.source, message)
        return ipv4(speaker, p.source, ICMP[4], message, ident=0) if p.version == 4 else ipv6(speaker, p.source, ICMP[6], message)

    def reset(self, p):
        """A RST has the number its receiver waits for."""
        segment = bytearray(tcp(p.dport, p.sport, RST, p.ack))
        segment[14:16] = bytes(2)
        segment = with_sum(p.version, p.destination, p.source, TCP, bytes(segment))
        return (ipv4(p.destination, p.source, TCP, segment, ident=0) if p.version == 4 else
                ipv6(p.destination, p.source, TCP, segment))

    def take_answer(self, receiver):
        """Two buckets, in whole nanoseconds, each known by the time at which it will be full again."""
        settings, now = self.settings, self.now * 10**6
        a_second = settings["icmp.answers_per_second"]
        rates = {receiver: (settings["icmp.answers_per_receiver"], settings["icmp.answers_burst"]),
                 self.seen[-1]: (a_second, max(a_second // 10, 1))}
        for bucket, (rate, burst) in rates.items() if a_second else ():
            step = 10**9 // rate
            full_at = max(self.full_at.get(bucket, 0), now) + step
            if full_at - now > step * burst:
                return False
            self.full_at[bucket] = full_at
        return a_second > 0
