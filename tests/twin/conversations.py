# SPDX-License-Identifier: BSD-3-Clause
"""What clients and servers say to each other: legal conversations, drawn at random from a seed.

A conversation is a list of events. Each event makes the packets of one side from what that side knows in its
world: the client its own address, the server the alias it saw. All that is random is drawn beforehand, so both
worlds hear the same.
"""

import random
import struct

import frames as f
from frames import ACK, ECHO, FIN, ICMP, PSH, REPLY, RST, SYN, TCP, UDP

MTU = 1500


class Event:
    """`make` gets an Ends and returns IP packets; `label` names what is special about them."""

    def __init__(self, side, make, label=""):
        self.side, self.make, self.label = side, make, label


class Ends:
    """Of one conversation in one world; the client's `alias` and `aport` once the server saw them."""

    def __init__(self, conversation, client, server):
        self.version, self.client, self.server = 4 if len(client) == 4 else 6, client, server
        self.number, self.cport, self.sport = conversation.number, conversation.cport, conversation.sport
        self.alias, self.aport = None, None
        self.heard = {}    # side -> the last packet that arrived there
        self.clock = None  # the newest TCP timestamp the server saw
        self.shift = None  # how far the relay moves the client's timestamps

    def endpoints(self, side):
        if side == "client":
            return self.client, self.cport, self.server, self.sport
        return self.server, self.sport, self.alias or self.client, self.alias_port

    @property
    def alias_port(self):
        """What stands for the client's port or identifier; the kernel may choose identifier 0."""
        return self.cport if self.aport is None else self.aport


class Conversation:
    """Its number shows in the server's port; the port after that is used for what comes from elsewhere."""

    def __init__(self, number, family, subscriber, kind, events):
        self.number, self.family, self.subscriber, self.kind, self.events = number, family, subscriber, kind, events
        self.cport, self.sport = 5000 + number, 20000 + 2 * number
        self.is_echo = kind == "echo"

    @staticmethod
    def number_of(sport):
        return (sport - 20000) // 2


def wrap(ends, side, protocol, segment, look, source=None):
    """An IP packet of one side; `look` holds the fields that may be anything."""
    own, _, peer, _ = ends.endpoints(side)
    own = source or own
    segment = f.with_sum(ends.version, own, peer, protocol, segment)
    if look.get("sum") is not None:
        at = f.sum_offset(protocol)
        segment = segment[:at] + struct.pack(">H", look["sum"]) + segment[at + 2:]
    if ends.version == 4:
        return f.ipv4(own, peer, protocol, segment, look["ttl"], look["tc"], look["ident"], look["frag"])
    return f.ipv6(own, peer, protocol, segment, look["ttl"], look["tc"], look["label"], look.get("chain", ()))


def udp_event(side, payload, look, label=""):
    def make(ends):
        _, sport, _, dport = ends.endpoints(side)
        return [wrap(ends, side, UDP, f.udp(sport, dport, payload), look)]
    return Event(side, make, label)


def echo_event(side, payload, sequence, look):
    def make(ends):
        kind, identifier = (ECHO, ends.cport) if side == "client" else (REPLY, ends.alias_port)
        body = f.icmp(kind[ends.version], 0, struct.pack(">HH", identifier, sequence), struct.pack(">i", ends.number) + payload)
        return [wrap(ends, side, ICMP[ends.version], body, look)]
    return Event(side, make)


def tcp_event(side, flags, seq, ack, look, payload=b"", options=b"", clock=None, high=0, label=""):
    """`clock`: the sender's timestamp; its echo is the newest that side heard."""
    def make(ends):
        _, sport, _, dport = ends.endpoints(side)
        text = options
        if clock is not None:
            echo = 0 if not flags & ACK else ends.clock or 0 if side == "server" else 7_000_000
            text += b"\1\1\x08\x0a" + struct.pack(">II", clock, echo)
        return [wrap(ends, side, TCP, f.tcp(sport, dport, flags, seq, ack, payload, text, high=high), look)]
    return Event(side, make, label)


def error_event(side, kind, code, rest, quote, look, source=None, label=""):
    """An ICMP error about the packet heard last, of which `quote` bytes behind the IP header are given back."""
    def make(ends):
        heard = ends.heard.get(side)
        if heard is None:
            return []
        header = 20 if ends.version == 4 else 40
        body = heard[:header + quote] if quote else heard[:548 if ends.version == 4 else 1232]
        return [wrap(ends, side, ICMP[ends.version], f.icmp(kind, code, rest, body), look, source)]
    return Event(side, make, label)


def fragment_event(side, payload, size, order, ident, look, label=""):
    """A datagram in pieces of `size` bytes, sent in that order."""
    def make(ends):
        _, sport, _, dport = ends.endpoints(side)
        whole = wrap(ends, side, UDP, f.udp(sport, dport, payload), look)
        pieces = fragments_of(whole, size, ident)
        return [pieces[i] for i in order(len(pieces))]
    return Event(side, make, label)


def fragments_of(packet, size, ident):
    version, header = (4, 20) if packet[0] >> 4 == 4 else (6, 40)
    data = packet[header:]
    starts = range(0, len(data), size)
    pieces = []
    for start in starts:
        part, more = data[start:start + size], start + size < len(data)
        if version == 4:
            pieces.append(f.ipv4(packet[12:16], packet[16:20], packet[9], part, packet[8], packet[1], ident, start // 8 | more << 13))
        else:
            chain = [(44, b"\0" + struct.pack(">HI", start | more, ident))]
            pieces.append(f.ipv6(packet[8:24], packet[24:40], packet[6], part, packet[7], chain=chain))
    return pieces


class Speaker:
    """Draws conversations."""

    def __init__(self, seed):
        self.rng = random.Random(seed)
        self.number = self.idents = 0

    def look(self):
        rng = self.rng
        return {"ttl": rng.choice((64, 128, 255)), "tc": rng.choice((0, 0, 1, 2, 3, 46 << 2)), "ident": rng.randrange(65536),
                "frag": rng.choice((0x4000, 0x4000, 0)), "label": rng.choice((0, rng.randrange(2**20)))}

    def conversation(self, family, kind, events):
        self.number += 1
        return Conversation(self.number, family, self.rng.randrange(1, 4), kind, events)

    def payload(self, family, protocol=UDP):
        most = MTU - (20 if family == "ipv4" else 40) - {UDP: 8, TCP: 40}.get(protocol, 12)
        return self.rng.randbytes(self.rng.choice((0, 1, 7, 100, 1200 if most > 1200 else most, most, self.rng.randrange(most))))

    def udp(self, family):
        events = [udp_event("client", self.payload(family), self.look())]
        for _ in range(self.rng.randrange(1, 8)):
            events.append(udp_event(self.rng.choice(("client", "server")), self.payload(family), self.look()))
        if family == "ipv4" and self.rng.random() < 0.3:
            events.append(udp_event("client", self.payload(family), self.look() | {"sum": 0}, "no checksum"))
        return self.conversation(family, "udp", events)

    def echo(self, family):
        events = []
        for sequence in range(self.rng.randrange(1, 5)):
            payload = self.payload(family, ICMP[4])
            events += [echo_event("client", payload, sequence, self.look()), echo_event("server", payload, sequence, self.look())]
        return self.conversation(family, "echo", events)

    def tcp(self, family, ends="random"):
        """Handshake, data, and an end of one of the usual kinds."""
        rng, look, events = self.rng, self.look, []
        seq = {"client": rng.randrange(2**32), "server": rng.randrange(2**32)}
        clock = {"client": rng.randrange(2**32), "server": 7_000_000} if rng.random() < 0.6 else None

        def say(side, flags, payload=b"", options=b"", label="", high=0):
            peer = "server" if side == "client" else "client"
            if clock:
                clock[side] = (clock[side] + (10 if side == "client" else 0)) % 2**32
            events.append(tcp_event(side, flags, seq[side], seq[peer] if flags & ACK else 0, look(), payload, options,
                                    clock[side] if clock else None, high, label))
            seq[side] = (seq[side] + len(payload) + bool(flags & SYN) + bool(flags & FIN)) % 2**32

        options = b"\2\4" + struct.pack(">H", rng.choice((1460, 1440, 536, 1220))) + rng.choice((b"", b"\4\2\1\1", b"\1\3\3\7"))
        ecn = f.ECE | f.CWR if rng.random() < 0.2 else 0
        say("client", SYN | ecn, options=options + rng.choice((b"", b"", b"\x22\x0a12345678")))
        say("server", SYN | ACK | (f.ECE if ecn else 0), options=options)
        say("client", ACK)
        for _ in range(rng.randrange(0, 6)):
            side = rng.choice(("client", "server"))
            say(side, ACK | rng.choice((0, PSH)), self.payload(family, TCP))
            say("server" if side == "client" else "client", ACK)
        first, second = rng.choice((("client", "server"), ("server", "client")))
        end = rng.choice(("close", "half", "reset", "nothing")) if ends == "random" else ends
        if end in ("close", "half"):
            say(first, FIN | ACK)
            say(second, ACK)
            if end == "half":
                say(second, ACK | PSH, self.payload(family, TCP))
                say(first, ACK)
            say(second, FIN | ACK)
            say(first, ACK)
        elif end == "reset":
            say(first, RST | ACK)
        return self.conversation(family, "tcp", events)

    def refused(self, family):
        """A closed port: the SYN is answered by a RST."""
        seq, look = self.rng.randrange(2**32), self.look
        events = [tcp_event("client", SYN, seq, 0, look()), tcp_event("server", RST | ACK, 0, (seq + 1) % 2**32, look())]
        return self.conversation(family, "refused", events)

    def midstream(self, family):
        """A client that believes in a connection the relay knows nothing of."""
        seq, ack = self.rng.randrange(2**32), self.rng.randrange(2**32)
        event = tcp_event("client", self.rng.choice((ACK, ACK | PSH, FIN | ACK)), seq, ack, self.look(), b"data", label="midstream")
        event.ack = ack
        return self.conversation(family, "midstream", [event])

    def filtered(self, family):
        """Packets from elsewhere to a live alias."""
        look = self.look

        def elsewhere(ends):
            _, sport, _, dport = ends.endpoints("server")
            return [wrap(ends, "server", UDP, f.udp(sport + 1, dport, b"from another port"), look())]

        events = [udp_event("client", b"hello", look()), udp_event("server", b"hello", look()),
                  Event("server", elsewhere, "unsolicited"), udp_event("server", b"again", look())]
        return self.conversation(family, "filtered", events)

    def errors(self, family):
        """ICMP errors about a live flow, from the server or a router behind it, and from the client."""
        rng, look = self.rng, self.look
        start = rng.choice((self.udp, self.echo, lambda fam: self.tcp(fam, "nothing")))(family)
        router = bytes((198, 18, 0, 9)) if family == "ipv4" else bytes.fromhex("20010db8000500000000000000000009")
        kinds = ([(3, 0), (3, 1), (3, 3), (3, 4), (3, 13), (11, 0), (11, 1), (12, 0)] if family == "ipv4" else
                 [(1, 0), (1, 3), (1, 4), (2, 0), (3, 0), (3, 1), (4, 1)])
        for _ in range(2):
            kind, code = rng.choice(kinds)
            rest = struct.pack(">HH", 0, 1400) if (kind, code) == (3, 4) and family == "ipv4" else struct.pack(">I", 1400 if kind == 2 else 0)
            start.events.append(error_event("server", kind, code, rest, rng.choice((0, 8, 28)), look(), rng.choice((None, router)), "error"))
        kind, code = (3, 3) if family == "ipv4" else (1, 4)
        start.events.append(error_event("client", kind, code, bytes(4), rng.choice((0, 8)), look(), label="error"))
        start.kind = "errors"
        return start

    def fragmented(self, family):
        """Datagrams in pieces, there and back, in order or not."""
        rng = self.rng
        orders = (lambda n: range(n), lambda n: [0, *reversed(range(1, n))], lambda n: reversed(range(n)))
        events = [udp_event("client", b"hello", self.look())]
        for side in ("client", "server", "client"):
            # An af_packet port puts fragments of IPv4 together, so the whole has to fit the link.
            size, most = (rng.choice((104, 208, 576)), (600, 1000, 1400)) if family == "ipv4" else (rng.choice((1400, 1208, 576)), (1600, 3000, 4000))
            payload = rng.randbytes(rng.choice(most))
            self.idents += 1
            events.append(fragment_event(side, payload, size, rng.choice(orders), self.idents,
                                         self.look() | {"tc": 0}, "fragments"))
        return self.conversation(family, "fragmented", events)

    def padded(self, family):
        """IPv6 headers that hold nothing but padding."""
        chain = self.rng.choice(([(0, b"\0\1\4\0\0\0\0")], [(60, b"\0\1\4\0\0\0\0")]))
        events = [udp_event(side, b"padded", self.look() | {"chain": chain}, "padding") for side in ("client", "server")]
        return self.conversation(family, "padded", events)
