# SPDX-License-Identifier: BSD-3-Clause
"""How well a NAT hides who is who, from rows of (time, subscriber, alias, port, remote) alone.

Lift: log2 of how much more often two flows of one subscriber share an alias than two flows of strangers, by the
time between them. Half-life: the time after which half of it is left. Port entropy: of the upper eight bits; 7.98 if
uniform over 1024 to 65535. Slice leak: what the upper, or the lower, four bits of a port tell of the subscriber.
Sequence leak: how often two consecutive flows of a subscriber have neighbouring ports, above chance.

All pairs count, none is sampled. Intervals are of 95 %: subscribers drawn again with replacement, because the flows
of one depend on each other; for the slice leak, ports shuffled over the flows, because the chi-square bias of few
flows per cell is wrong. A slice leak below 0 is one of ports more even than chance; a large one is understated by
about what was taken off for chance.
"""

import bisect
import collections
import math
import random
import re

Row = collections.namedtuple("Row", "time subscriber alias port remote")
Estimate = collections.namedtuple("Estimate", "value low high")
Lift = collections.namedtuple("Lift", "first last seen_to bits own_pairs stranger_pairs")

BANDS = ((10, 600), (600, 7200), (7200, 86400))  # s
OCTAVES = ((0, 10), *((10 << i, 20 << i) for i in range(13)))  # to 81,920 s
PAIRS_MIN = 100  # of one subscriber's flows; fewer show nothing
STRANGER_PAIRS_PER_UNIT_MIN = 200  # for a tenth of a bit
NEIGHBOURING, PORTS = 16, 64512  # distance of two ports; 1024 to 65535
_RESAMPLES, _SHUFFLES, _SHUFFLED_ROWS_MAX = 200, 20, 100_000


class BadRow(Exception):
    pass


def read_rows(lines):
    """Rows of `time,subscriber,alias,port[,remote]`: seconds, any text, address, number, any text. # starts a comment."""
    rows = []
    for number, line in enumerate(lines, 1):
        cells = [cell.strip() for cell in line.split(",")]
        if not line.strip() or line.startswith("#"):
            continue
        if len(cells) not in (4, 5):
            raise BadRow(f"line {number}: {len(cells)} cells; time,subscriber,alias,port and perhaps remote are wanted")
        if not re.fullmatch(r"[0-9]+(\.[0-9]+)?", cells[0]):
            raise BadRow(f"line {number}: '{cells[0]}' is no time in seconds")
        if not cells[3].isdecimal() or int(cells[3]) > 65535:
            raise BadRow(f"line {number}: '{cells[3]}' is no port")
        rows.append(Row(float(cells[0]), cells[1], cells[2], int(cells[3]), cells[4] if len(cells) == 5 else ""))
    return sorted(rows)


def _groups(rows, key):
    groups = collections.defaultdict(list)
    for row in rows:
        groups[key(row)].append(row)
    return list(groups.values())


def _pairs(rows, first, last):
    """Pairs with first <= lag < last; `rows` in order of time."""
    times = [row.time for row in rows]
    return sum(bisect.bisect_left(times, t + last, i + 1) - bisect.bisect_left(times, t + first, i + 1)
               for i, t in enumerate(times))


def _pairs_within(rows, key, first, last):
    return sum(_pairs(group, first, last) for group in _groups(rows, key))


def _pair_counts(rows, first, last, remotes):
    """(pairs, those of one alias), of flows to any, one or different remotes."""
    any_remote = _pairs(rows, first, last), _pairs_within(rows, lambda row: row.alias, first, last)
    if remotes == "any":
        return any_remote
    one = (_pairs_within(rows, lambda row: row.remote, first, last),
           _pairs_within(rows, lambda row: (row.alias, row.remote), first, last))
    return one if remotes == "one" else (any_remote[0] - one[0], any_remote[1] - one[1])


def _share(equal, pairs):
    return (equal + 0.5) / (pairs + 1)  # never 0, so that a lift is finite


def _interval(value, resampled):
    ordered = sorted(resampled)
    return Estimate(value, ordered[len(ordered) // 40], ordered[-len(ordered) // 40])


class Flows:
    """Those of one IP family through one NAT, in order of time, and subscribers drawn from it with replacement."""

    def __init__(self, rows):
        self.rows, self.own = rows, _groups(rows, lambda row: row.subscriber)
        self.units = len({row.alias for row in rows})
        dice = random.Random(1)
        self.draws = [dice.choices(range(len(self.own)), k=len(self.own)) for _ in range(_RESAMPLES)]
        self._aliases = [collections.Counter(row.alias for row in flows) for flows in self.own]
        whole = self._meetings(range(len(self.own)))
        self._crowding = [self._meetings(draw) / whole if whole else 1 for draw in self.draws]

    def _meetings(self, draw):
        """How often two strangers of a draw meet on an alias, whatever the lag."""
        times, of_alias, own, own_equal = collections.Counter(draw), collections.Counter(), 0, 0
        for i, n in times.items():
            for alias, count in self._aliases[i].items():
                of_alias[alias] += n * count
                own_equal += (n * count) ** 2
            own += (n * len(self.own[i])) ** 2
        pairs = sum(of_alias.values()) ** 2 - own
        return (sum(count ** 2 for count in of_alias.values()) - own_equal) / pairs if pairs else 0

    def lift(self, first, last, remotes="any"):
        """Of flows with a lag in [first, last) to any, one or different remotes; None if too few pairs are such."""
        own = [_pair_counts(flows, first, last, remotes) for flows in self.own]
        pairs, equal = (sum(column) for column in zip(*own))
        strangers, meetings = _pair_counts(self.rows, first, last, remotes)
        if pairs < PAIRS_MIN or strangers - pairs < STRANGER_PAIRS_PER_UNIT_MIN * self.units:
            return None
        chance = _share(meetings - equal, strangers - pairs)

        def bits(draw, crowding):
            drawn = [own[i] for i in draw]
            return math.log2(_share(sum(e for _, e in drawn), sum(p for p, _ in drawn)) / (chance * max(crowding, 1e-9)))
        seen_to = min(last, max(flows[-1].time - flows[0].time for flows, (p, _) in zip(self.own, own) if p > 0))
        estimate = _interval(bits(range(len(own)), 1), map(bits, self.draws, self._crowding))
        return Lift(first, last, seen_to, estimate, pairs, strangers - pairs)

    def sequence_leak(self):
        """None without a subscriber that has two flows."""
        own = [(len(flows) - 1, sum(abs(a.port - b.port) <= NEIGHBOURING for a, b in zip(flows, flows[1:])))
               for flows in self.own]

        def share(draw):
            drawn = [own[i] for i in draw]
            return sum(near for _, near in drawn) / max(1, sum(n for n, _ in drawn)) - (2 * NEIGHBOURING + 1) / PORTS
        return _interval(share(range(len(own))), map(share, self.draws)) if any(n for n, _ in own) else None

    def slice_leak(self, slice_of):
        """Information on the subscriber in slice_of(port), less what shuffled ports seem to hold."""
        dice, subscribers, slices, chance = random.Random(1), [], [], []
        for flows in dice.sample(self.own, len(self.own)):
            if subscribers and len(subscribers) + len(flows) > _SHUFFLED_ROWS_MAX:
                break
            subscribers += [row.subscriber for row in flows]
            slices += [slice_of(row.port) for row in flows]
        value = _information(subscribers, slices)
        for _ in range(_SHUFFLES):
            dice.shuffle(slices)
            chance.append(_information(subscribers, slices))
        bias = sum(chance) / len(chance)
        error = 1.96 * math.sqrt(sum((c - bias) ** 2 for c in chance) / (len(chance) - 1))
        return Estimate(value - bias, value - bias - error, value - bias + error)

    def port_entropy(self):
        """With the correction of Miller and Madow."""
        bins, n = collections.Counter(row.port >> 8 for row in self.rows), len(self.rows)
        surprises = [(-math.log2(count / n), count) for count in bins.values()]
        plug_in = sum(s * count for s, count in surprises) / n
        error = 1.96 * math.sqrt(sum((s - plug_in) ** 2 * count for s, count in surprises)) / n
        value = plug_in + (len(bins) - 1) / (2 * n * math.log(2))
        return Estimate(value, value - error, value + error)


def half_life(curve):
    """The octave in which the lift has fallen to half of its first value; None if there was none, or it never does."""
    seen = [point for point in curve if point is not None]
    if not seen or seen[0].bits.low <= 0:
        return None
    return next(((point.first, point.last) for point in seen if point.bits.value <= seen[0].bits.value / 2), None)


def _information(subscribers, slices):
    """Plug-in mutual information in bits."""
    n, joint = len(subscribers), collections.Counter(zip(subscribers, slices))
    of_subscriber, of_slice = collections.Counter(subscribers), collections.Counter(slices)
    return sum(c / n * math.log2(c * n / (of_subscriber[s] * of_slice[p])) for (s, p), c in joint.items())


def measure(rows):
    """Everything; `rows` of one IP family through one NAT, in order of time."""
    flows = Flows(rows)
    curve = [flows.lift(*octave) for octave in OCTAVES]
    remotes = len({row.remote for row in rows}) > 1
    return {
        "flows": len(rows),
        "subscribers": len(flows.own),
        "alias_units": flows.units,
        "seconds": rows[-1].time - rows[0].time,
        "lift": [flows.lift(*band) for band in BANDS],
        "lift_one_remote": [flows.lift(*band, "one") if remotes else None for band in BANDS],
        "lift_different_remotes": [flows.lift(*band, "different") if remotes else None for band in BANDS],
        "curve": curve,
        "half_life": half_life(curve),
        "port_entropy": flows.port_entropy(),
        "slice_leak_high": flows.slice_leak(lambda port: port >> 12),
        "slice_leak_low": flows.slice_leak(lambda port: port & 15),
        "sequence_leak": flows.sequence_leak(),
    }
