# SPDX-License-Identifier: BSD-3-Clause
"""A naive relay, the second implementation beside the product: what must become of each packet.

Slow and plain: dictionaries, whole checksums, every flow visited. What the product draws at random (alias
unit, alias port, ids, flow label, timestamp offset, the worker that owns a tuple) is learnt where it is first
seen and held against it from then on. A flow's timer is served within a second of its end; within that second
the product chooses.
"""

import ipaddress
import struct
from types import SimpleNamespace

import tcp_machine
import icmp_errors
from alias_draws import LATE_MS, AliasDraws, Broken, alias_ports
from answers import Answers
from datagrams import Datagrams
from frames import ACK, FIN, ICMP, PORT_MAC, RST, SYN, TCP, UDP, Network, checksum, station_mac, sum16, sum_offset, within
from neighbours import Neighbours
from parse import QINQ, VLAN, Drop, new_packet, parse
from tcp_options import change_options

MARTIANS = [Network(n) for n in ("0.0.0.0/8", "127.0.0.0/8", "169.254.0.0/16", "224.0.0.0/3", "::/127",
                                 "ff00::/8", "fe80::/10", "::ffff:0:0/96")]
PRIVATE = [Network(n) for n in ("10.0.0.0/8", "100.64.0.0/10", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7")]  # no remote's
NAT64 = [Network("64:ff9b::/96")]
UNCONFIGURED = {side: SimpleNamespace(mtu=1500, vlan=[]) for side in PORT_MAC}


class RelayModel(Neighbours, AliasDraws, Answers):
    def __init__(self, workers, capacity):
        self.workers, self.capacity = workers, capacity  # flows of a worker and family
        self.now = 0
        self.settings = None                 # until the first configuration
        self.ports = UNCONFIGURED
        self.key, self.lease_end = 0, 0
        self.outbound, self.inbound = {}, {}  # flows by their keys
        self.quarantine = {}                 # inbound key -> free not before, free at the latest, worker
        self.tokens = {}                     # subscriber -> new flows it may open, and when that was counted
        self.draws = {}                      # subscriber -> the alias unit of its epoch, and past edges
        self.pairs = {}                      # subscriber and remote address -> the unit they keep, and since when
        self.owner = {}                      # 5-tuple -> worker
        self.last_port = {}                  # worker, unit and remote found exhausted -> the ports that worker owns
        self.spills = {True: 0, False: 0}    # certain and possible ones
        self.range_since = 0                 # when the range of alias ports changed
        self.freed = {}                      # protocol, unit, remote -> when a port there was free again
        self.neighbours = set()              # side and address of whom the relay talks to on a link
        self.next_defence = {}               # side -> when a claim of the relay's address is answered again
        self.awaited = set()                 # those of them that nobody talked to before this burst
        self.units = {}                      # pool name -> alias units seen that new flows may take
        self.known_units = set()             # all that were ever seen
        self.counts = {}                     # counters
        self.made = []                       # what the relay says itself
        self.datagrams = Datagrams()
        self.full_at = {}                    # when buckets of answers will be full again

    # ---------------------------------------------------------------- from outside

    def apply(self, config):
        if self.settings is None:
            self.ports = {side: SimpleNamespace(**config[side]) for side in PORT_MAC}  # mtu and vlan are read at start only
        if self.settings and alias_ports(self.settings, UDP) != alias_ports(config["settings"], UDP):
            self.last_port.clear()
            self.range_since = self.now
        former = {pool["name"]: pool for pool in getattr(self, "pools", [])}
        self.settings = config["settings"]
        self.own = {side: [Network(a) for a in config[side]["addresses"]] for side in PORT_MAC}
        self.gateway = {(side, len(g.packed)): g.packed for side in PORT_MAC
                        for g in map(ipaddress.ip_address, config[side]["gateways"])}
        self.neighbours |= {(side, gateway) for (side, _), gateway in self.gateway.items()}
        self.subscribers = [(Network(s["prefix"]), s["per"], s["region"]) for s in config["subscribers"]]
        self.bypass = [Network(b["prefix"]) for b in config["bypass"]]
        self.pools = [dict(pool, networks=[Network(p) for p in pool["prefixes"]]) for pool in config["pool"]]
        for pool in self.pools:
            before = former.get(pool["name"])
            if before is None or (before["state"], before["alias_units"]) != (pool["state"], pool["alias_units"]):
                self.units[pool["name"]] = set()
                self.forget_draws()
        if set(former) - {pool["name"] for pool in self.pools}:
            self.forget_draws()

    def advance_epoch(self):
        self.key += 1
        self.forget_draws()

    def renew_lease(self, seconds):
        self.lease_end = self.now + seconds * 1000

    def wait(self, ms):
        self.now += ms
        for flow in list(self.outbound.values()):
            end = flow.last + self.limit(flow)
            if self.now >= end + LATE_MS:
                self.close(flow, end, end + LATE_MS)
        for key, (_, latest, _) in list(self.quarantine.items()):
            if self.now >= latest:
                self.release(key)
        if self.settings:
            self.datagrams.expire(self)

    def totals(self):
        """NAME -> least and most; within the grace of a timer both are right."""
        bounds = {}
        for name, size in (("v4", 4), ("v6", 16)):
            flows = [f for f in self.outbound.values() if len(f.alias) == size]
            rest = [v for k, v in self.quarantine.items() if len(k[1]) == size]
            due, loose = sum(self.due(f) for f in flows), sum(self.now >= earliest for earliest, _, _ in rest)
            bounds["live_" + name] = len(flows) - due, len(flows)
            bounds["quarantined_" + name] = len(rest) - loose, len(rest) + due
        bounds["outbound.alias_spill"] = self.spills[True], sum(self.spills.values())
        return bounds | {name: (count, count) for name, count in self.counts.items()}

    # ---------------------------------------------------------------- the packet's way

    def arrive(self, side, frame, seen, nic_bad=False):
        """The first half, before any other frame of the burst goes on. `seen` is what became of it in the product:
        sent SIDE BYPASSED PIECES FRAME, dropped REASON, consumed or held; and the worker that decided."""
        self.seen = seen
        p = new_packet(side, nic_bad)
        p.frame = frame
        try:
            parse(p, frame, self.ports[side], self.settings)
            if self.settings is None:
                raise Drop("no_snapshot")
            p.decided = None if p.part == "whole" or self.datagrams.gather(p, self) else ("held",)
        except Drop as drop:
            p.decided = ("dropped", str(drop))
        return p

    def decide(self, p, seen):
        """What must become of a packet that arrived, in the form of `seen` without the worker."""
        self.seen = seen
        try:
            what = p.decided or self.relay(p)
        except Drop as drop:
            what = ("dropped", str(drop))
        direction = "outbound" if p.side == "access" else "inbound"
        if what[0] == "dropped":
            self.count(f"{direction}.drop.{what[1]}")
            if self.settings is not None:
                self.answer(p, what[1])
        elif what[0] == "sent":
            self.count(f"{direction}.sent", what[3])
            self.count(f"{direction}.bypassed", what[3] * what[2])
        return what

    def release_fragment(self, p, reason, seen):
        """A fragment that was held goes on, or its wait was in vain."""
        p.decided = ("dropped", reason) if reason else None
        return self.decide(p, seen)

    def count(self, name, by=1):
        self.counts[name] = self.counts.get(name, 0) + by

    def relay(self, p):
        if p.kind == "arp":
            return self.arp(p)
        if p.kind == "nd":
            return self.discovery(p)
        if p.kind == "error":
            return self.relay_error(p)
        if p.kind == "udp" and p.version == 6 and p.sum == 0:
            raise Drop("udp6_zero_checksum")
        return self.relay_outbound(p) if p.side == "access" else self.relay_inbound(p)

    def relay_outbound(self, p):
        flow = None if p.kind == "reply" else self.find(self.outbound, (p.protocol, p.source, p.sport, p.destination, p.dport))
        if flow is not None:
            self.fits(p)
            if flow.state in ("BOTHFIN", "TRANS") and p.flags & (SYN | ACK) == SYN:  # it begins anew, if it may: RFC 6191
                self.close(flow, self.now, self.now)
                flow = None
        if flow is None:
            if self.admit(p):
                return self.own_address(p)
            if within(p.destination, self.bypass):
                self.fits(p, bypassed=True)
                return self.forward(p, bypassed=True)
            if p.part == "later":
                raise Drop("no_flow")
            if p.protocol == TCP and p.flags & (SYN | FIN | RST | ACK) != SYN:
                raise Drop("tcp_no_flow")
            if p.kind == "reply":
                raise Drop("icmp_type")
            self.fits(p)
            flow = self.open(p)
        self.advance(flow, p)
        self.owns(flow.key, flow.worker)
        return self.forward(p, flow)

    def relay_inbound(self, p):
        flow = None if p.kind == "echo" else self.find(self.inbound, (p.protocol, p.destination, p.dport, p.source, p.sport))
        if flow is None:
            if self.admit(p):
                return self.own_address(p)
            if within(p.source, self.bypass) and self.subscriber(p.destination):
                self.fits(p, bypassed=True)
                return self.forward(p, bypassed=True)
            raise Drop("no_flow" if self.in_pool(p.destination) else "not_alias")
        self.fits(p)
        self.advance(flow, p)
        self.owns((p.protocol, p.source, p.sport, p.destination, p.dport), flow.worker)
        return self.forward(p, flow)

    def relay_error(self, p):
        """Found and translated by the packet it quotes; the flow does not notice."""
        q, outbound = icmp_errors.read_quote(p, self.settings), p.side == "access"
        here, there = (q.source, q.sport), (q.destination, q.dport)
        flow = self.find(self.outbound, (q.protocol, *there, *here)) if outbound else self.find(self.inbound, (q.protocol, *here, *there))
        bypassed = self.admit_error(p, flow)
        self.fits(p, bypassed)
        return self.forward(p, flow, bypassed, q)

    def admit_error(self, p, flow):
        """Outbound also a gateway on the link may send one. True: it is bypassed."""
        self.check_source(p)
        if self.is_own(p.destination):
            raise Drop("own_address")
        subscriber = p.side == "access" and self.subscriber(p.source)
        if p.side == "access" and not subscriber and not within(p.source, self.own["access"]):
            raise Drop("spoof_access")
        if flow is not None:
            return False
        if subscriber and within(p.destination, self.bypass):
            return True
        if p.side == "core" and within(p.source, self.bypass) and self.subscriber(p.destination):
            return True
        raise Drop("not_alias" if p.side == "core" and not self.in_pool(p.destination) else "icmp_no_flow")

    def advance(self, flow, p):
        if p.part != "later":  # its first fragment spoke for the whole
            tcp_machine.advance(flow, p, p.side == "access", self.now)

    def admit_fragment(self, p):
        """Before anything of a datagram is remembered: its addresses must be right, and inbound somebody's."""
        if p.side == "core" and (self.is_unit(p.destination) or not self.is_for_somebody(p)):
            self.check_source(p)
        elif self.admit(p):
            raise Drop("own_address")
        elif p.side == "core" and not (within(p.source, self.bypass) and self.subscriber(p.destination)):
            raise Drop("no_flow" if self.in_pool(p.destination) else "not_alias")

    def is_unit(self, address):
        """Units are the product's draw, and a pool may have some that no flow has taken yet."""
        if address in self.known_units:
            return True
        if self.in_pool(address) and (self.seen[0] != "dropped" or self.seen[1].startswith("fragment_")):
            self.known_units.add(address)
        return address in self.known_units

    def is_for_somebody(self, p):
        """False: a first fragment goes to a pool address that is a unit or not; without a flow it is dropped for the same
        reason, but of a unit's datagram the product remembers it."""
        return p.side == "access" or p.part == "later" or self.seen[:2] != ("dropped", "no_flow") or not self.in_pool(p.destination) or \
            p.destination in self.known_units

    def sender(self, p):
        """Whose waiting fragments count together."""
        name = self.subscriber(p.source) if p.side == "access" else None
        return name or (p.side, p.source[:8])

    def admit(self, p):
        """Whether a packet of no flow is for the relay itself, or the reason why it may not pass."""
        outbound = p.side == "access"
        self.check_source(p)
        # A gateway may talk to the relay, a stranger on the access side may not even do that.
        on_link = any(p.destination == own.address and p.source in own for side in PORT_MAC for own in self.own[side])
        if outbound and not self.subscriber(p.source) and not on_link:
            raise Drop("spoof_access")
        if self.is_own(p.destination):
            return True
        if outbound and self.in_pool(p.destination):
            raise Drop("hairpin")
        if outbound and self.subscriber(p.destination):
            raise Drop("access_destination")
        if outbound and not within(p.destination, self.bypass):
            for networks, reason in (PRIVATE, "martian_destination"), (NAT64, "nat64_destination"):
                if within(p.destination, networks):
                    raise Drop(reason)
        return False

    def is_no_host(self, address):
        return within(address, MARTIANS) or any(address in own.broadcasts for side in PORT_MAC for own in self.own[side])

    def check_source(self, p):
        ours = self.in_pool(p.source) or self.is_own(p.source)
        if within(p.source, MARTIANS):
            raise Drop("martian_source")
        if self.is_no_host(p.destination):
            raise Drop("martian_destination")
        if p.source == p.destination:
            raise Drop("land")
        if ours or p.side == "core" and self.subscriber(p.source):
            raise Drop("spoof_alias" if p.side == "access" else "spoof_core")
        bypassed = within(p.source, self.bypass) and self.subscriber(p.destination)
        if p.side == "core" and within(p.source, PRIVATE) and not within(p.source, self.own["core"]) and not bypassed:
            raise Drop("martian_source")

    def fits(self, p, bypassed=False):
        p.bypassed = bypassed
        if p.ttl <= 1:
            raise Drop("ttl_expired")
        if len(p.ip) > self.ports[p.other_side].mtu and not p.may_be_cut:
            raise Drop("too_big")

    def own_address(self, p):
        if p.kind != "echo" or p.part != "whole" or not self.is_own(p.destination, p.side):
            raise Drop("own_address")
        if not self.take_answer(self.subscriber(p.source) or p.source):
            self.count(f"{'inbound' if p.side == 'access' else 'outbound'}.icmp_suppressed")
            raise Drop("own_address")
        self.made.append(("reply", p.side, p.destination, p.source, bytes(p.ip[p.l4 + 4:])))
        return ("consumed",)

    def is_own(self, address, side=None):
        return any(address == i.address for s in PORT_MAC if side in (None, s) for i in self.own[s])

    def in_pool(self, address):
        return any(within(address, pool["networks"]) for pool in self.pools)

    def subscriber(self, address):
        """The subscriber an address belongs to, with its region; None if it is nobody's."""
        for network, per, region in self.subscribers:
            if address in network:
                return int.from_bytes(address, "big") >> (network.bits - per), len(address), region
        return None

    def owns(self, key, worker):
        if self.owner.setdefault(key, worker) != worker:
            raise Broken(f"a tuple of worker {self.owner[key]} was decided by worker {worker}")

    # ---------------------------------------------------------------- flows

    def limit(self, flow):
        return self.settings[tcp_machine.TIMER[flow.state]] * 1000

    def due(self, flow):
        return self.now >= flow.last + self.limit(flow)

    def find(self, table, key):
        flow = table.get(key)
        if flow is not None and self.due(flow):
            self.close(flow, flow.last + self.limit(flow), self.now)
            return None
        return flow

    def seen_ip(self):
        """The packet the product sent, or zeros."""
        return self.seen[4][14 + 4 * len(self.ports[self.seen[1]].vlan):] if self.seen[0] == "sent" else bytes(2000)

    def alias_seen(self, p):
        ip = self.seen_ip()
        source = ip[12:16] if p.version == 4 else ip[8:24]
        at = p.l4 if p.protocol in (TCP, UDP) else p.l4 + 4
        port = ip[at:at + 2]
        return source + port

    def close(self, flow, earliest, latest):
        del self.outbound[flow.key], self.inbound[flow.inkey]
        rest = self.settings["timers.port_quarantine"] * 1000
        self.quarantine[flow.inkey] = (earliest + rest, latest + rest + LATE_MS, flow.worker)

    def release(self, key):
        del self.quarantine[key]
        protocol, alias, _, remote, rport = key
        self.freed[(protocol, alias, remote, rport)] = self.now

    def open(self, p):
        """A new flow, or the reason against it; the alias is the product's draw."""
        name, refused = self.subscriber(p.source), self.seen[1] if self.seen[0] == "dropped" else None
        pools = [pool for pool in self.pools if pool["region"] == name[2] and pool["state"] == "active" and
                 pool["networks"][0].bits == len(p.source) * 8]
        flows = [f for f in self.outbound.values() if f.subscriber == name]
        due = sum(self.due(f) for f in flows)
        quota = self.settings["limits.flows_per_subscriber_v4" if p.version == 4 else "limits.flows_per_subscriber_v6"]
        if self.key == 0:
            raise Drop("no_epoch_key")
        self.check_capacity(p, refused)
        if len(flows) - due >= quota or refused == "flow_quota" and len(flows) >= quota:
            raise Drop("flow_quota")
        tokens = self.tokens_of(name)
        if tokens < 1 - 1e-6:
            raise Drop("flow_rate")
        if not pools:
            raise Drop("pool_empty")
        if self.now >= self.lease_end:
            raise Drop("lease_expired")
        if refused == "ports_exhausted" and self.may_be_exhausted(p, pools):
            raise Drop("ports_exhausted")
        self.tokens[name] = (tokens - 1, self.now)
        alias = self.alias_seen(p) if self.seen[0] == "sent" else bytes(len(p.source) + 2)
        flow = SimpleNamespace(
            subscriber=name, protocol=p.protocol, alias=alias[:-2], aport=int.from_bytes(alias[-2:], "big"), label=None,
            key=(p.protocol, p.source, p.sport, p.destination, p.dport), worker=self.seen[-1], last=self.now,
            state={"udp": "oneway", "tcp": "INIT", "echo": "echo"}[p.kind], before=None, next=None, acked=None, fin=None,
            moves_clock=self.settings["scrub.tcp_timestamps"] == "offset", shift=None)
        flow.inkey = (p.protocol, flow.alias, flow.aport, p.destination, p.dport)
        if self.seen[0] == "sent":
            self.check_draw(flow, pools)
        self.outbound[flow.key] = self.inbound[flow.inkey] = flow
        self.count({UDP: "outbound.opened_udp", TCP: "outbound.opened_tcp"}.get(p.protocol, "outbound.opened_icmp"))
        return flow

    def tokens_of(self, subscriber):
        burst, rate = self.settings["limits.new_flows_burst"], self.settings["limits.new_flows_per_second"]
        tokens, then = self.tokens.get(subscriber, (burst, self.now))
        return min(burst, tokens + (self.now - then) * rate / 1000)

    def check_capacity(self, p, refused):
        worker, size = self.seen[-1], len(p.source)
        mine = [f for f in self.outbound.values() if f.worker == worker and len(f.alias) == size]
        resting = [v for k, v in self.quarantine.items() if v[2] == worker and len(k[1]) == size]
        loose = sum(self.now >= earliest for earliest, _, _ in resting)
        used = len(mine) + len(resting)
        if used - loose >= self.capacity or refused == "flow_table_full" and used >= self.capacity:
            raise Drop("flow_table_full")

    # ---------------------------------------------------------------- translate, scrub, send

    def forward(self, p, flow=None, bypassed=False, quote=None):
        ip, outbound = bytearray(p.ip), p.side == "access"
        source, destination = p.source, p.destination
        ip[{4: 8, 6: 7}[p.version]] -= 1
        if flow is not None:
            address, port = (flow.alias, flow.aport) if outbound else (flow.key[1], flow.key[2])
            if outbound:
                source = address
                self.scrub(p, ip, flow)
            else:
                destination = address
            if quote is None and p.part != "later":
                at = p.l4 + (4 if p.kind in ("echo", "reply") else 0 if outbound else 2)
                ip[at:at + 2] = struct.pack(">H", port)
        ends = {4: (12, 16, 20), 6: (8, 24, 40)}[p.version]
        ip[ends[0]:ends[1]], ip[ends[1]:ends[2]] = source, destination
        if quote is not None and flow is not None:
            ip[p.l4:] = icmp_errors.finished(p.version, source, destination, icmp_errors.translated(p, quote, flow))
            at, behind = {4: (2, 0), 6: (4, 40)}[p.version]
            ip[at:at + 2] = struct.pack(">H", len(ip) - behind)
        if p.version == 4:
            ip[10:12] = bytes(2)
            ip[10:12] = struct.pack(">H", checksum(bytes(ip[:20])))
        if flow is not None and quote is None and p.part != "later":
            if p.protocol == TCP:
                segment = ip[p.l4:]
                change_options(segment, p.ip[p.l4:], self.seen_ip()[p.l4:], flow, outbound, self.settings)
                ip[p.l4:] = segment
            self.update_sum(p, ip)
        return ("sent", p.other_side, bypassed, self.pieces(p, len(ip)), self.ethernet(p, destination) + bytes(ip))

    def ethernet(self, p, destination):
        vlan = self.ports[p.other_side].vlan
        tags = b"".join(struct.pack(">HH", QINQ if n + 1 < len(vlan) else VLAN, tag) for n, tag in enumerate(vlan))
        hop = self.next_hop(p, destination)
        return station_mac(p.other_side, hop) + PORT_MAC[p.other_side] + tags + struct.pack(">H", p.ethertype)

    def pieces(self, p, length):
        """How many fragments of at most the MTU it leaves in."""
        mtu = self.ports[p.other_side].mtu
        return 1 if length <= mtu else -(-(length - 20) // ((mtu - 20) // 8 * 8))

    def update_sum(self, p, ip):
        """The transport checksum: as right or as wrong as it came (RFC 4787 REQ-14, RFC 3022 4.1)."""
        if p.protocol == UDP and p.sum == 0:
            return
        at = p.l4 + sum_offset(p.protocol)
        addresses = slice(0) if p.protocol == ICMP[4] else {4: slice(12, 20), 6: slice(8, 40)}[p.version]
        before, after = (bytes(whole[addresses] + whole[p.l4:at] + bytes(2) + whole[at + 2:]) for whole in (p.ip, ip))
        value = (p.sum + sum16(before) - sum16(after)) % 65535
        if p.protocol == UDP and value == 0:
            value = 0xFFFF
        ip[at:at + 2] = struct.pack(">H", value)

    def scrub(self, p, ip, flow):
        """What would mark the host: TTL, DSCP, identification, flow label."""
        seen = self.seen_ip()
        ttl = {4: 8, 6: 7}[p.version]
        ip[ttl] = min(ip[ttl], self.settings["scrub.ttl_cap"])
        if self.settings["scrub.dscp"]:
            if p.version == 4:
                ip[1] &= 3
            else:
                ip[0], ip[1] = 0x60, ip[1] & 0x3F
        if p.version == 4 and p.atomic:
            ip[4:6] = bytes(2) if self.settings["scrub.ipv4_id"] else ip[4:6]
        elif p.version == 4:
            ip[4:6] = self.new_ident(p, seen[4:6])
        elif p.fragment_header is not None:
            at = p.fragment_header + 4
            ip[at:at + 4] = self.new_ident(p, seen[at:at + 4])
        if p.version == 6 and self.settings["scrub.flow_label"]:
            label = (seen[1] & 15, seen[2], seen[3])
            if p.kind != "error":  # which has one of its own
                label = flow.label = flow.label or label
            if not any(label) and self.seen[0] == "sent":
                raise Broken("a flow label of 0")
            ip[1:4] = bytes((ip[1] & 0xF0 | label[0], *label[1:]))

    def new_ident(self, p, seen):
        """The product's choice, one for all fragments of a datagram."""
        if p.part == "whole":
            return seen
        if p.part == "first" or p.datagram.ident is None:
            p.datagram.ident = seen
        return p.datagram.ident


def describe_made(side, frame, vlan):
    """A frame of the relay's own, in the form of RelayModel.made."""
    frame = frame[:12] + frame[12 + 4 * len(vlan):]
    ip = frame[14:]
    if frame[12:14] == b"\x08\x06":
        return ("arp", side, ip[14:18], ip[24:28])
    p = new_packet("core" if side == "access" else "access")
    parse(p, PORT_MAC[p.side] + frame[6:], SimpleNamespace(mtu=9000, vlan=[]), None)
    if p.kind == "reply":
        return ("reply", side, p.source, p.destination, p.ip[p.l4 + 4:])
    if p.kind == "nd":
        return ("na", side, p.ip[48:64], p.destination)
    return ("said", side, frame)
