# SPDX-License-Identifier: BSD-3-Clause
"""Virtual reassembly: what the fragments of a datagram are to each other. RFC 4787 REQ-14, 5722, 8200 4.5.

Nothing is put together. A first fragment tells the ports of the later ones; what comes before it waits.
"""

from types import SimpleNamespace

from parse import Drop


class Datagrams:
    def __init__(self):
        self.known = {}
        self.released = []  # fragments whose wait is over, and the reason if it was in vain

    def key(self, p):
        return p.side, p.version, p.source, p.destination, p.ident, p.protocol if p.version == 4 else None

    def gather(self, p, model):
        """The packet with its datagram's ports; False if it waits."""
        key, settings = self.key(p), model.settings
        p.datagram = self.known.get(key)
        if p.datagram and p.datagram.state == "known" and p.datagram.complete is not None and \
                model.now - p.datagram.complete >= settings["timers.frag_hold"] * 1000:
            p.datagram = self.known.pop(key) and None  # its id may come again
        known = p.datagram is not None
        if not known:
            model.admit_fragment(p)
        waits = p.part == "later" and (p.datagram is None or p.datagram.state == "waiting")
        if waits:
            self.check_limits(p, model)
        if p.datagram is None:
            p.datagram = self.known[key] = SimpleNamespace(state="waiting", since=model.now, ranges=[], total=None, held=[], ident=None,
                                                                 complete=None,
                                                                 maybe=not model.is_for_somebody(p))
        if known and p.datagram.maybe and model.seen[:2] == ("dropped", "no_flow"):
            raise Drop("no_flow")
        p.datagram.maybe = p.datagram.maybe and not known
        self.fit(p, model.now)
        if waits:
            p.datagram.held.append(p)
            return False
        if p.part == "first":
            self.resolve(p, model.now)
        p.protocol, p.sport, p.dport = p.datagram.ports
        return True

    def check_limits(self, p, model):
        """A sender's are counted by the worker where the datagram is at home, which is the product's choice, and together
        with those of another sender whose hash is the same."""
        p.sender = model.sender(p)
        waiting = [q.sender == p.sender for d in self.known.values() for q in d.held]
        if len(p.datagram.held if p.datagram else []) >= model.settings["limits.fragments_held_per_datagram"]:
            raise Drop("fragment_table_full")
        refused, limit = model.seen[:2] == ("dropped", "fragment_table_full"), model.settings["limits.fragments_held_per_sender"]
        if refused and len(waiting) >= limit or model.workers == 1 and sum(waiting) >= limit:
            raise Drop("fragment_table_full")

    def fit(self, p, now):
        """Each byte passes once; a datagram that contradicts itself passes no more."""
        d, part = p.datagram, (p.start, p.end)
        overlap = d.state == "poisoned" or d.total is not None and (p.end >= d.total if p.more else p.end != d.total)
        overlap |= not p.more and d.total is None and any(end > p.end for _, end in d.ranges)
        meets = [other for other in d.ranges if part[0] < other[1] and other[0] < part[1]]
        again = part in meets and (p.more or d.total is not None)
        if overlap or meets and not again:
            if d.state != "poisoned":
                self.release(d, "fragment_overlap")
                d.state, d.since = "poisoned", now
            raise Drop("fragment_overlap")
        if meets:
            raise Drop("fragment_duplicate")
        d.ranges.append(part)
        d.total = d.total if p.more else p.end
        if sum(end - start for start, end in d.ranges) == d.total:
            d.complete = now

    def resolve(self, p, now):
        d = p.datagram
        d.state, d.since, d.ports = "known", now, (p.protocol, p.sport, p.dport)
        for q in d.held:
            q.protocol, q.sport, q.dport = d.ports
        self.release(d, None)

    def release(self, d, reason):
        self.released += [(p, reason) for p in d.held]
        d.held = []

    def expire(self, model):
        for key, d in list(self.known.items()):
            timer = "timers.frag_hold" if d.state == "waiting" else "timers.frag_map"
            if model.now - d.since >= model.settings[timer] * 1000:
                self.release(d, "fragment_timeout")
                del self.known[key]

    def is_released(self, p):
        return any(q is p for q, _ in self.released)

    def take_released(self):
        released, self.released = self.released, []
        return released
