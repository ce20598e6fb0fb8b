# SPDX-License-Identifier: BSD-3-Clause
"""What must hold for each alias the product draws, and when it may find none.

One unit for all new flows of a subscriber and privacy epoch, but where it has no port left towards the remote. A
subscriber and a remote address that are in use keep the unit of the epoch in which they met (affinity).
"""

from types import SimpleNamespace

from frames import UDP, within

AVOIDED_PORTS = {UDP: (1900, 5353, 11211)}
LATE_MS = 1000  # a timer is served within this
CLOCK_START_MS = 10**9  # of the product's clock, whose minutes the affinity counts
TRIES = 4       # alias units a new flow may look at


class Broken(Exception):
    """The product broke a promise about what it draws."""


class AliasDraws:
    """A part of RelayModel."""

    def check_draw(self, flow, pools):
        """What must hold for any alias the product draws (RFC 4787 REQ-2, REQ-3, RFC 6888 REQ-8)."""
        own = [pool for pool in pools if within(flow.alias, pool["networks"])]
        if not own:
            raise Broken("the alias is in no active pool of the subscriber's region")
        units = self.units[own[0]["name"]]
        units.add(flow.alias)
        self.known_units.add(flow.alias)
        if len(units) > own[0]["alias_units"]:
            raise Broken("more alias units than the pool may use")
        first, last, avoided = alias_ports(self.settings, flow.protocol)
        if not first <= flow.aport <= last or flow.aport in avoided:
            raise Broken("the alias port is outside its range or avoided")
        if flow.inkey in self.inbound:
            raise Broken("the inbound tuple belongs to another flow")
        if flow.inkey in self.quarantine:
            if self.now < self.quarantine[flow.inkey][0]:
                raise Broken("the inbound tuple is in quarantine")
            self.release(flow.inkey)
        place = (flow.worker, flow.protocol, flow.alias, flow.inkey[3:])
        if flow.aport not in self.last_port.get(place, (flow.aport,)):
            raise Broken("a port was drawn that the worker did not find when the unit was exhausted")
        self.owns((flow.protocol, flow.inkey[3], flow.inkey[4], flow.alias, flow.aport), flow.worker)
        self.check_unit(flow, pools)

    def check_unit(self, flow, pools):
        """One unit for all new flows of an epoch, and for a pair in use, but where it has no port left towards the remote."""
        place = (flow.protocol, flow.inkey[3:])
        full = [unit for pool in pools for unit in self.units[pool["name"]] if self.is_exhausted(place, unit, flow.worker)]
        key = flow.subscriber, flow.inkey[3]
        pair = self.pairs.get(key)
        if pair and self.is_in_use(pair):
            self.check_pair(flow, pair, place, full)
            pair.last = self.minute()
        else:
            self.check_epoch(flow, place, full)
            self.pairs[key] = SimpleNamespace(unit=None if full else flow.alias, first=self.minute(), last=self.minute())

    def minute(self):
        return (CLOCK_START_MS + self.now) // 60_000

    def is_in_use(self, pair):
        return (self.minute() - pair.last <= self.settings["alias.affinity_idle"] // 60
                and self.minute() - pair.first <= self.settings["alias.affinity_cap"] // 60)

    def check_pair(self, flow, pair, place, full):
        if pair.unit == flow.alias:
            return
        if full:
            certain = pair.unit in full
            self.spills[certain and self.workers == 1 and not self.is_recent(place, pair.unit)] += 1
            if certain:
                self.note_exhausted(place, pair.unit, flow.worker)
        elif pair.unit is None:
            pair.unit = flow.alias
        else:
            raise Broken("the alias unit changed between a subscriber and a remote in use")

    def forget_draws(self):
        """Other keys or units: every epoch draws anew, also one that a pair keeps."""
        self.draws.clear()
        for pair in self.pairs.values():
            pair.unit = None

    def check_epoch(self, flow, place, full):
        length = self.settings["alias.epoch"] * 1000
        draw = self.draws.get(flow.subscriber)
        if draw is not None and draw.unit == flow.alias:
            draw.since = self.now
        elif full:
            # A spill, if the unit of the epoch is full; after an edge it may be the new draw as well.
            certain = draw is not None and draw.since == self.now and draw.unit in full
            self.spills[certain and self.workers == 1 and not self.is_recent(place, draw.unit)] += 1
            if certain:
                self.note_exhausted(place, draw.unit, flow.worker)
        elif draw is None:
            self.draws[flow.subscriber] = SimpleNamespace(unit=flow.alias, since=self.now, edges=[])
        else:
            edge = (draw.since, self.now)
            if any(not congruent(edge, other, length) for other in draw.edges):
                raise Broken("the alias unit changed within a privacy epoch")
            draw.edges.append(edge)
            draw.unit, draw.since = flow.alias, self.now

    def taken(self, place, unit):
        return {key[2] for table in (self.inbound, self.quarantine) for key in table
                if key[0] == place[0] and key[1] == unit and key[3:] == place[1]}

    def is_exhausted(self, place, unit, worker):
        """Whether the unit may have no free port towards the remote; a finding is remembered for a second."""
        first, last, avoided = alias_ports(self.settings, place[0])
        if last - first > 512:
            return False
        return self.workers > 1 or self.is_recent(place, unit) or sum(first <= port <= last for port in self.taken(place, unit)) >= last - first + 1 - len(avoided)

    def is_recent(self, place, unit):
        """A port became free so lately, or may be free already, that the unit may and may not pass for exhausted."""
        loose = any(key[0] == place[0] and key[1] == unit and key[3:] == place[1] and self.now >= rest[0]
                    for key, rest in self.quarantine.items())
        return loose or self.now - self.range_since <= LATE_MS or self.now - self.freed.get((place[0], unit, *place[1]), -10**9) <= 2 * LATE_MS

    def note_exhausted(self, place, unit, worker):
        if not self.is_recent(place, unit):
            self.last_port.setdefault((worker, place[0], unit, place[1]), self.taken(place, unit))

    def may_be_exhausted(self, p, pools):
        place, worker = (p.protocol, (p.destination, p.dport)), self.seen[-1]
        units = [unit for unit in self.known_units if any(within(unit, pool["networks"]) for pool in pools)]
        full = [unit for unit in units if self.is_exhausted(place, unit, worker)]
        in_use = sum(pool["alias_units"] for pool in pools)
        if self.workers > 1:
            return len(full) + in_use - len(units) >= min(TRIES, in_use)  # a worker may own no port of an unseen unit
        if len(full) == in_use <= TRIES:
            for unit in full:
                self.note_exhausted(place, unit, worker)
        return len(full) >= min(TRIES, in_use)


def alias_ports(settings, protocol):
    """The alias ports that may be drawn: the ends of the range, and what is left out of it."""
    first, last = settings["alias.port_first"], settings["alias.port_last"]
    return first, last, [port for port in AVOIDED_PORTS.get(protocol, ()) if first <= port <= last]


def congruent(one, other, length):
    """Whether both intervals can hold an edge of an epoch, edges lying `length` apart; `other` is the earlier one."""
    (a, b), (c, d) = other, one
    return ((c - b) // length + 1) * length < d - a
