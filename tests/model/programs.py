# SPDX-License-Identifier: BSD-3-Clause
"""Random programs for a relay: configurations, bursts of packets, time, epochs, leases, pool changes.

A program looks at the model's flows to talk about live aliases, to reply to what left, and to jump to the
edge of a timer. Everything follows its seed.
"""

import copy
import random
import struct

import frames as f
from configurations import ON_LINK, address, configuration
from frames import ACK, ECHO, FIN, ICMP, PSH, REPLY, RST, SYN, TCP, UDP
from recipes import ErrorRecipe, Recipe, Verbatim

PROFILES = ("plain", "tight", "quota", "table", "regions", "timers", "odd", "fragments", "errors")
# Type, code, second word of the header.
ERRORS = {4: [(3, 0, 0), (3, 1, 0), (3, 3, 0), (3, 4, 1400), (3, 4, 0), (3, 4, 67), (3, 4, 68), (3, 13, 0x00080000), (11, 0, 0), (11, 1, 0x00200000),
              (12, 0, 0x09000000), (12, 0, 0x09080000), (4, 0, 0), (5, 1, 0)],
          6: [(1, 0, 0), (1, 3, 0), (1, 4, 0x10000000), (2, 0, 1400), (2, 0, 1280), (2, 0, 1279), (3, 0, 0), (3, 1, 0x08000000), (3, 2, 0),
              (4, 0, 40), (4, 2, 6), (4, 3, 0), (100, 0, 0)]}
FAMILY_BITS = {4: 32, 6: 128}


class Program:
    def __init__(self, seed, model_of):
        rng = self.rng = random.Random(seed)
        self.profile = rng.choice(PROFILES)
        self.workers = rng.choice((1, 1, 2))
        self.capacity = rng.choice((24, 60)) if self.profile == "table" else 4096
        self.relay_seed = rng.randrange(256)
        self.config = configuration(rng, self.profile)
        self.all_pools = copy.deepcopy(self.config["pool"])
        self.model = model_of(self.workers, self.capacity)
        self.pending = {"access": [], "core": []}  # fragments of datagrams begun
        self.server = {}  # inbound key -> the remote's next sequence number
        hosts = 3 if self.profile in ("timers", "tight") else 10
        self.hosts = {4: [address(f"100.64.1.{10 + i}") for i in range(hosts)] + [address("100.65.0.9"), ON_LINK],
                      6: [address(f"2001:db8:c1:{i:x}00::{10 + h}") for i in range(hosts) for h in range(2)] +
                         [address("2001:db8:c2::9"), address("2001:db8:c1:1::77")]}
        remotes = 1 if self.profile == "tight" else 4
        self.remotes = {4: [address(f"198.51.100.{5 + i}") for i in range(remotes)] + [address("192.0.2.77"), address("10.9.9.9")],
                        6: [address(f"2001:db8:5::{5 + i}") for i in range(remotes)] + [address("2001:db8:c0::77"), address("2001:db8:6::1")]}
        self.remote_ports = (443,) if self.profile == "tight" else (443, 53, 8443)
        self.strangers = {4: [address(a) for a in (
            "0.0.0.0", "0.1.2.3", "127.0.0.1", "169.254.1.1", "224.0.0.5", "239.1.1.1", "240.0.0.1", "255.255.255.255", "8.8.8.8",
            "203.0.113.7", "203.0.113.250", "203.0.114.1", "100.64.1.11", "100.65.0.9", "10.0.0.1", "10.0.0.2", "192.0.2.1", "192.0.2.254",
            "198.51.100.205", "198.51.100.199", "198.51.100.208", "10.0.0.63", "10.0.0.128", "10.0.0.255", "192.0.2.255")],
            6: [address(a) for a in (
                "::", "::1", "ff02::1", "ff02::fb", "fe80::1", "::ffff:1.2.3.4", "2001:db8:dead::1", "2001:db8:a000::1", "2001:db8:a001::2",
                "2001:db8:a003::", "2001:db8:c1:200::5", "2001:db8:c2::9", "2001:db8:ac::1", "2001:db8:ac::2", "2001:db8:c0::1",
                "2001:db8:c0::fe", "2001:db8:b::53", "2001:db8:b:1::53", "64:ff9b::c633:6405")]}

    # ---- steps: (verb, arguments...)

    def begin(self):
        yield ("relay", self.workers, self.capacity, 65536, self.relay_seed)
        if self.rng.random() < 0.1:
            yield self.burst()
        yield ("apply", copy.deepcopy(self.config))
        if self.rng.random() < 0.1:
            yield self.burst()
        yield ("epoch",)
        yield ("lease", 10**6)
        # Stations of the links are made known, or the fourth packet of a burst to one of them would be dropped. With few
        # ports one flow alone may find none.
        for version in (4, 6):
            for dport in range(4440, 4446):
                d = self.packet("access", [])[0] | {"version": version, "source": self.hosts[version][0], "destination": self.remotes[version][-2],
                                                    "protocol": UDP, "sport": 4999, "dport": dport, "ttl": 64, "chain": (), "payload": b"hello"}
                yield ("burst", "access", 0, False, [Recipe("access", d, {})])
        station = f.station_mac("access", ON_LINK)
        body = f.arp(1, station, ON_LINK, bytes(6), address("10.0.0.1"))
        yield ("burst", "access", 0, False, [Verbatim(bytes((255,) * 6) + station + self.tags("access") + b"\x08\x06" + body)])

    def tags(self, side):
        vlan = self.config[side]["vlan"]
        return b"".join(struct.pack(">HH", 0x88A8 if n + 1 < len(vlan) else 0x8100, tag) for n, tag in enumerate(vlan))

    def step(self):
        r = self.rng.random()
        if self.profile == "timers" and r < 0.3 or r < 0.12:
            return ("wait", self.duration())
        if r < 0.14:
            return self.rng.choice((("epoch",), ("lease", self.rng.choice((0, 1, 100, 10**6))), ("lease", 10**6)))
        if r < 0.17:
            return self.reconfigure()
        return self.burst()

    def duration(self):
        """To the edge of a flow's timer or of a quarantine, or any time."""
        rng, model = self.rng, self.model
        ends = [flow.last + model.limit(flow) for flow in model.outbound.values()] + [v[0] for v in model.quarantine.values()]
        ends = [end - model.now for end in ends if end - model.now < (10**7 if rng.random() < 0.1 else 400_000)]
        if ends and rng.random() < 0.6:
            return max(0, rng.choice(ends) + rng.choice((-1001, -1000, -1, 0, 1, 999, 1000, 1001, 2000)))
        return rng.choice((0, 1, 10, 999, 1000, 1001, rng.randrange(5000), rng.randrange(100_000), 60_000))

    def reconfigure(self):
        rng, settings = self.rng, self.config["settings"]
        if self.profile in ("regions", "plain", "tight", "fragments"):
            self.change_pool()
        if self.profile == "quota":
            settings["limits.flows_per_subscriber_v4"] = rng.choice((1, 4, 10))
            settings["limits.flows_per_subscriber_v6"] = rng.choice((1, 4, 10))
        if self.profile == "timers":
            settings["timers.udp"] = max(settings["timers.udp"], rng.choice((400, 500)))
        if self.profile == "tight":
            settings["alias.port_last"] = min(65535, settings["alias.port_first"] + rng.choice((0, 1, 15)))
        if self.profile == "odd":
            settings["scrub.ttl_cap"] = rng.randrange(1, 256)
        return ("apply", copy.deepcopy(self.config))

    def change_pool(self):
        """To another state, away, or back again."""
        rng, pools = self.rng, self.config["pool"]
        gone = [pool for pool in self.all_pools if pool["name"] not in [other["name"] for other in pools]]
        if gone and rng.random() < 0.5:
            pools.append(copy.deepcopy(rng.choice(gone)))
        elif rng.random() < 0.2:  # a region keeps one of each family: without, the configuration is refused
            name = rng.choice(("one", "more")) + rng.choice("46")
            if len([pool for pool in pools if pool["name"] in ("one" + name[-1], "more" + name[-1])]) == 2:
                pools[:] = [pool for pool in pools if pool["name"] != name]
        else:
            rng.choice(pools)["state"] = rng.choice(("active", "active", "draining", "staged"))

    def burst(self):
        rng = self.rng
        side = rng.choice(("access", "access", "core"))
        flows = list(self.model.outbound.values())
        odd = 0.6 if self.profile == "odd" else 0.08
        made = []
        for _ in range(rng.choice((1, 1, 2, 5, 12, 32))):
            if rng.random() < (0.3 if self.profile == "fragments" else 0.02):
                self.begin_datagram(side, flows, made)
            if self.pending[side] and rng.random() < 0.5:
                made.append(self.pending[side].pop(0))
            else:
                frame = self.frame(side, flows, rng.random() < odd)
                if side == "core" or not self.parts_datagram(frame, made):
                    made.append(frame)
        return ("burst", side, rng.randrange(self.workers), rng.random() < 0.01, made)

    # ---- frames

    def frame(self, side, flows, odd):
        if flows and self.rng.random() < (0.3 if self.profile == "errors" else 0.04):
            return self.error(side, self.rng.choice(flows), odd)
        if odd and self.rng.random() < 0.15:
            return self.neighbour_frame(side)
        d, flow = self.packet(side, flows)
        wrong = {}
        if odd:
            for _ in range(1 if self.rng.random() < 0.85 else 2):
                self.spoil(d, wrong)
        return Recipe(side, d, wrong, flow)

    def parts_datagram(self, frame, made):
        """Whether it might open a flow while fragments for that flow are on their way: what becomes of those depends on
        which way through the workers is shorter."""
        def is_about(other):
            return isinstance(frame, Recipe) and frame.fields["source"] == other.fields["source"]
        return any(is_about(other) for other in self.pending["access"] + [one for one in made if isinstance(one, Recipe) and one.part])

    def error(self, side, flow, odd):
        """An ICMP error about a packet of a flow, from the other end, a router or a stranger."""
        rng = self.rng
        d = self.packet_of("core" if side == "access" else "access", flow)
        if side == "access":
            d |= {"destination": flow.key[1], "dport": flow.key[2]}  # as it was delivered
        version = d["version"]
        outer = {"version": version, "protocol": ICMP[version], "tags": self.tags(side), "flags": 0, "sport": 0, "dport": 0,
                 "source": rng.choice((d["destination"], d["destination"], rng.choice(self.hosts[version] + self.remotes[version]),
                                       address("10.0.0.213" if version == 4 else "2001:db8:ac::99"))),
                 "destination": d["source"], "ttl": rng.choice((64, 255, 2)), "tc": rng.choice((0, 0xC0, 1)), "ident": rng.randrange(65536),
                 "frag": rng.choice((0, 0x4000)), "label": 0, "payload": b""}
        quoted = {"ttl": rng.choice((1, 60)), "tc": 0, "ident": rng.randrange(65536), "frag": rng.choice((0, 0x4000, 0x2000)), "label": 0,
                  "payload": rng.randbytes(rng.choice((0, 8, 100, 900))), "tcp_options": self.tcp_options() if rng.random() < 0.5 else b""}
        if version == 6 and rng.random() < 0.1:
            quoted["chain"] = rng.choice(([(0, bytes(7))], [(60, b"\0\1\4\0\0\0\0")], [(44, b"\0\0\0\0\0\0\7")], [(43, bytes(7))]))
        outer["kind"], outer["code"], outer["rest"] = rng.choice(ERRORS[version])
        recipe = ErrorRecipe(side, outer, d | quoted, flow, rng.choice((8, 8, 20, 28, 64, 2000)), rng.choice((0, 0, 0, 16, 136)))
        if odd:
            for _ in range(rng.choice((1, 2))):
                self.spoil(rng.choice((outer, recipe.quoted)), recipe.wrong if rng.random() < 0.5 else recipe.quoted_wrong)
        if rng.random() < 0.05:
            outer["error"] = rng.choice((1, 77))
        return recipe

    def begin_datagram(self, side, flows, made):
        """A datagram in fragments, which later bursts send; now and then in a wrong way."""
        rng = self.rng
        d, flow = self.packet(side, flows)
        d["payload"] = rng.randbytes(rng.choice((40, 100, 500, 1400, 3000)))
        d["ident"] = rng.randrange(4) if rng.random() < 0.3 else d["ident"]
        total = len(d["payload"]) + {TCP: 20 + (len(d.get("tcp_options", b"")) + 3) // 4 * 4}.get(d["protocol"], 8)
        cuts = sorted({8 * rng.randrange(1, total // 8 + 1) for _ in range(rng.randrange(1, 5))} - {total})
        if d["protocol"] == TCP and rng.random() < 0.9:
            cuts = [cut for cut in cuts if cut >= 64] or [64] * (total > 64)
        ends = [*cuts, total]
        parts = [[start, end, end != total] for start, end in zip([0, *cuts], ends) if end - start <= 1400]
        if rng.random() < 0.4:
            rng.shuffle(parts)
        if rng.random() < 0.2 and parts:
            parts.insert(rng.randrange(len(parts) + 1), list(rng.choice(parts)))
        if rng.random() < 0.1 and parts:
            part = rng.choice(parts)
            part[rng.choice((0, 1))] += rng.choice((8, -8, 1, 16))
            part[0] = max(0, part[0])
        if rng.random() < 0.1 and parts:
            part = rng.choice(parts)
            part[2] = not part[2]
        if rng.random() < 0.1 and parts:
            parts.remove(rng.choice(parts))
        recipes = [Recipe(side, d, {}, flow, part) for part in parts]
        if d["flags"] & SYN and side == "access" and recipes and self.parts_datagram(recipes[0], made):
            return
        self.pending[side] += recipes
        if rng.random() < 0.3:
            rng.shuffle(self.pending[side])

    def packet(self, side, flows):
        """A sensible packet: of a live flow, of a rested one, or of a new one."""
        rng, flow = self.rng, None
        if flows and rng.random() < (0.4 if self.profile in ("tight", "quota", "table") else 0.8) or side == "core" and flows:
            flow = rng.choice(flows)
            d = self.packet_of(side, flow)
        elif side == "core":
            d = self.stray()
        else:
            version = rng.choice((4, 6))
            d = {"version": version, "source": rng.choice(self.hosts[version]), "destination": rng.choice(self.remotes[version]),
                 "protocol": rng.choice((TCP, UDP, ICMP[version])), "sport": 5000 + rng.randrange(8), "dport": rng.choice(self.remote_ports),
                 "flags": SYN, "seq": rng.randrange(2**32), "ack": 0, "kind": ECHO[version]}
            if rng.random() < 0.1:
                d["flags"] = rng.choice((ACK, SYN | ACK, RST, FIN | ACK, PSH | ACK))
            if rng.random() < 0.03:
                d["destination"] = address("198.51.100.201" if version == 4 else "2001:db8:b::1")
        d["payload"] = rng.randbytes(rng.choice((0, 1, 2, 8, 20, 33, 100, rng.randrange(1500))) if rng.random() < 0.7 else 0)
        d |= {"ttl": rng.choice((64, 128, 255, 49, 48, 47, 30, 3)), "tc": rng.choice((0, 0, 1, 2, 3, 46 << 2, 255)),
              "ident": rng.randrange(65536), "frag": rng.choice((0x4000, 0x4000, 0)), "label": rng.choice((0, 1, rng.randrange(2**20))),
              "tags": self.tags(side)}
        if d["protocol"] == TCP and rng.random() < 0.5:
            d["tcp_options"] = self.tcp_options()
        if d["version"] == 6 and rng.random() < 0.03:
            d["chain"] = rng.choice(([(0, bytes(7))], [(60, b"\0\1\4\0\0\0\0")], [(44, b"\0\0\0\0\0\0\7")]))
        return d, flow

    def tcp_options(self):
        rng = self.rng
        clock = b"\x08\x0a" + struct.pack(">II", rng.randrange(2**32), rng.choice((0, rng.randrange(2**32))))
        if rng.random() < 0.4:
            return b"\1\1" + clock
        options, some = b"", (clock, b"\1", b"\1", b"\4\2", b"\3\3\7", b"\2\4" + rng.choice((536, 1220, 1400, 9000)).to_bytes(2, "big"),
                             b"\x22\x0a" + rng.randbytes(8), b"\x22\2", b"\xfe\6\xf9\x89ab", b"\xfe\4zz",
                             b"\x1e\x08" + bytes((rng.choice((0, 3, 2)) << 4,)) + rng.randbytes(5), b"\x08\x06", b"\x08\1", b"\0", b"\5")
        while len(options) < 40 and rng.random() < 0.8:
            options += rng.choice(some)
            some = [option for option in some if option != clock or clock not in options]
        return options[:40]

    def stray(self):
        rng, version = self.rng, self.rng.choice((4, 6))
        rested = [key for key in self.model.quarantine if len(key[1]) * 8 == FAMILY_BITS[version]]
        if rested and rng.random() < 0.5:
            protocol, alias, aport, remote, rport = rng.choice(rested)
        else:
            protocol, alias = rng.choice((TCP, UDP, ICMP[version])), address("203.0.113.9" if version == 4 else "2001:db8:a000::9")
            aport, remote, rport = rng.randrange(1024, 65536), rng.choice(self.remotes[version]), rng.choice(self.remote_ports)
        return {"version": version, "source": remote, "destination": alias, "protocol": protocol, "sport": rport, "dport": aport,
                "flags": rng.choice((SYN, SYN | ACK, ACK, RST)), "seq": rng.randrange(2**32), "ack": 0, "kind": REPLY[version]}

    def packet_of(self, side, flow):
        protocol, alias, aport, remote, rport = flow.inkey
        version = 4 if len(remote) == 4 else 6
        d = {"version": version, "protocol": protocol, "flags": 0, "seq": 0, "ack": 0}
        if side == "access":
            d |= {"source": flow.key[1], "sport": flow.key[2], "destination": remote, "dport": rport, "kind": ECHO[version]}
        else:
            d |= {"source": remote, "sport": rport, "destination": alias, "dport": aport, "kind": REPLY[version]}
            if self.rng.random() < 0.1:  # close to a live tuple, but not it
                d |= self.rng.choice(({"sport": (rport + 1) % 65536}, {"dport": (aport + 1) % 65536}, {"source": remote[:-1] + bytes((remote[-1] ^ 1,))}))
        if protocol == TCP:
            self.segment(side, flow, d)
        return d

    def segment(self, side, flow, d):
        """A likely next segment of a connection, with likely numbers, and now and then anything."""
        rng = self.rng
        remote_next = self.server.setdefault(flow.inkey, rng.randrange(2**32))
        client_next, acked = flow.next or 0, flow.acked if flow.acked is not None else remote_next
        if side == "access":
            usual = {"INIT": (SYN,), "HALF": (ACK, ACK, SYN), "EST": (ACK, ACK | PSH, ACK | PSH, FIN | ACK, RST, SYN),
                     "CFIN": (ACK, FIN | ACK, RST), "SFIN": (ACK, FIN | ACK, FIN | ACK, RST)}.get(flow.state, (ACK, FIN | ACK, SYN, SYN, RST))
            d["seq"], d["ack"] = client_next, rng.choice((remote_next, acked, flow.fin or acked))
        else:
            usual = {"INIT": (SYN | ACK, SYN | ACK, SYN, RST | ACK), "HALF": (SYN | ACK, ACK, RST, FIN | ACK),
                     "CFIN": (ACK, FIN | ACK, FIN | ACK, RST)}.get(flow.state, (ACK, ACK | PSH, FIN | ACK, RST))
            d["seq"], d["ack"] = remote_next, client_next
            if rng.random() < 0.3:
                d["seq"] = acked
        d["flags"] = rng.choice(usual)
        if rng.random() < 0.1:
            d["flags"] = rng.choice((SYN, SYN | ACK, ACK, FIN | ACK, RST, RST | ACK, RST | FIN | ACK, PSH | ACK, ACK | 0x20, SYN | 0xC0))
        if rng.random() < 0.15:
            d["seq"] = (d["seq"] + rng.choice((-1, 1, 2, 1000, 2**31, 2**31 - 1, 2**31 + 1, rng.randrange(2**32)))) % 2**32
        if d["flags"] & RST and rng.random() < 0.1:
            d["seq"] = 0  # as an answer to a SYN has it
        if rng.random() < 0.1:
            d["ack"] = (d["ack"] + rng.choice((-1, 1, 2, 2**31, rng.randrange(2**32)))) % 2**32
        if side == "core":
            self.server[flow.inkey] = (d["seq"] + bool(d["flags"] & SYN) + bool(d["flags"] & FIN)) % 2**32

    def spoil(self, d, wrong):
        rng, version = self.rng, d["version"]
        what = rng.choice(("ttl", "address", "address", "address", "protocol", "port", "sum", "length", "flags", "icmp", "frag", "option",
                           "header", "ethernet", "size", "chain", "bits"))
        if what == "ttl":
            d["ttl"] = rng.choice((0, 1, 2))
        elif what == "address":
            d[rng.choice(("source", "destination"))] = rng.choice(self.strangers[version] + [d["source"], d["destination"]])
        elif what == "protocol":
            d["protocol"] = rng.choice((0, 1, 2, 4, 33, 41, 43, 44, 47, 50, 51, 58, 59, 60, 132, 135, 136, 139, 140, 253, 254))
        elif what == "port":
            d[rng.choice(("sport", "dport"))] = rng.choice((0, 0, 1, 65535))
        elif what == "sum":
            d["error"] = rng.choice((1, 0xFF00, rng.randrange(65535)))
            if rng.random() < 0.5:
                wrong["sum"] = rng.choice((0, 0xFFFF))
        elif what == "length":
            d["udp_length"] = rng.choice((0, 7, 8, 9, 12, 65535))
            d["words"] = rng.choice((0, 4, 5, 6, 15))
        elif what == "flags":
            d["flags"] = rng.randrange(256)
        elif what == "icmp":
            d |= {"protocol": ICMP[version], "kind": rng.choice((0, 3, 4, 5, 8, 11, 12, 13, 17, 128, 129, 1, 2, 130, 139, 133, 135, 137)),
                  "code": rng.choice((0, 0, 0, 1))}
        elif what == "frag":
            d["frag"] = rng.choice((0x8000, 0xC000, 0x2000, 0x2005, 5, 0x1FFF, 0x6000))
        elif what == "option":
            d["options"] = rng.choice((b"\1\1\1\1", bytes(4), bytes.fromhex("0707040000000000"), b"\x94\4\0\0", b"\x83\0\0\0"))
        elif what == "header":
            wrong |= rng.choice(({"version": rng.randrange(16)}, {"words": rng.randrange(16)}, {"total": rng.choice((0, 19, 20, 28, 41, 65535))},
                                 {"error": rng.choice((1, 0x100))}))
        elif what == "ethernet":
            wrong |= rng.choice(({"to": bytes(rng.choice(((2, 0, 0, 0, 0, 9), (255,) * 6, (1, 0, 0x5E, 0, 0, 1), (0x33, 0x33, 0, 0, 0, 1))))},
                                 {"station": bytes(rng.choice(((1, 0, 0, 0, 0, 1), (0,) * 6, (255,) * 6, (2, 0, 0, 0, 0, 0x55))))},
                                 {"ethertype": rng.choice((0x26, 0x0800, 0x0806, 0x86DD, 0x8100, 0x88A8, 0x8847, 0x88CC))},
                                 {"tags": b"".join(rng.choice((b"\x81\0", b"\x88\xa8")) + rng.choice((0, 0xE000, 100, 200, 300, 0x2064)).to_bytes(2, "big")
                                                   for _ in range(rng.randrange(4)))}))
        elif what == "size":
            wrong |= rng.choice(({"cut": rng.randrange(80)}, {"trailer": rng.randbytes(rng.choice((1, 14, 300, 1500)))}))
        elif what == "chain" and version == 6:
            d["chain"] = rng.choice(([(0, b"\0\1\4\0\0\0\0")], [(60, b"\0\1\4\0\0\0\0")], [(60, b"\0\xc9\2\1\2\3\4")], [(44, bytes(7))],
                                     [(44, b"\0\0\1\0\0\0\7")], [(43, bytes(7))], [(60, bytes(7)), (0, bytes(7))], [(60, bytes(7))] * 9,
                                    [(0, bytes(7)), (60, b"\1" + bytes(14))], [(59, bytes(7))], [(44, bytes(7))] * 2, [(44, b"\0\0\2\0\0\0\7")]))
        elif what == "bits":
            wrong["bits"] = [(rng.random(), rng.randrange(8)) for _ in range(rng.choice((1, 1, 3)))]

    def neighbour_frame(self, side):
        rng, station = self.rng, self.rng.choice((bytes((2, 0, 0, 0, 0, 0x77)), None))
        version = rng.choice((4, 6))
        everyone = self.strangers[version] + self.hosts[version][:2] + self.remotes[version][:2]
        sender, target = rng.choice(everyone), rng.choice(everyone)
        neighbours = [a for a in everyone if (side, a) in self.model.neighbours] or [sender]
        sender = rng.choice((sender, rng.choice(neighbours)))
        if station is None or sender in neighbours or self.model.is_expected(side, sender):
            station = f.station_mac(side, sender)  # nobody moves to another MAC
        to = rng.choice((f.PORT_MAC[side], bytes((255,) * 6)))
        if version == 4:
            body = f.arp(rng.choice((1, 1, 2, 9)), rng.choice((station, station, station, bytes(6))), sender, bytes(6), target,
                         rng.choice((1, 1, 1, 6)), rng.choice((6, 6, 6, 5)))
            body = b"\x08\x06" + body
        else:
            kind = rng.choice((133, 134, 135, 135, 136, 137))
            if kind == 136:
                target = sender
            body = target + bytes((2 if kind == 136 else 1, 1)) + station
            group = f.solicited_node(target) if kind == 135 and rng.random() < 0.7 else rng.choice((target, address("ff02::1")))
            message = f.icmp(kind, rng.choice((0, 0, 0, 1)), rng.choice((bytes(4), b"\x20\0\0\0", b"\x60\0\0\0")), body[:rng.choice((24, 24, 24, 15))])
            message = f.with_sum(6, sender, group, ICMP[6], message, rng.choice((0, 0, 0, 1)))
            if group[0] == 0xFF:
                to = b"\x33\x33" + group[12:]
            body = b"\x86\xdd" + f.ipv6(sender, group, ICMP[6], message, rng.choice((255, 255, 255, 64)))
        frame = to + station + self.tags(side) + body
        return Verbatim(frame if rng.random() < 0.9 else frame[:rng.randrange(14, len(frame))])
