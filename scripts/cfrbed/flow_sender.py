# SPDX-License-Identifier: BSD-3-Clause
"""Opens the test flows of scripts/natprobe: one datagram each, from many subscriber addresses of this namespace.

Half of the subscribers count their ports up, as some systems do; the others draw them. Half of a subscriber's flows
go to its favourite remote, each of the others to a remote it has not been at: a NAT may treat the two differently.
The payload says who sent it, and where to.
"""

import ipaddress
import itertools
import random
import socket
import sys
import time

FAMILIES = {"ipv4": socket.AF_INET, "ipv6": socket.AF_INET6}
PORT = 443
END = b"end"
_COUNTED, _DRAWN = (49152, 65535), (32768, 60999)


def nth(first, n):
    return str(ipaddress.ip_address(first) + n)


def client_ports(subscriber, dice):
    if subscriber % 2:
        while True:
            yield dice.randint(*_DRAWN)
    first, last = _COUNTED
    for n in itertools.count(dice.randint(first, last)):
        yield first + (n - first) % (last - first + 1)


def schedule(subscribers, remotes, seconds, every, dice):
    """(time, subscriber, client port, remote) in order of time; remotes by number, favourites first."""
    flows = []
    for subscriber in range(subscribers):
        ports, favourite = client_ports(subscriber, dice), dice.randrange(remotes // 8)
        others = itertools.cycle(dice.sample(range(remotes // 8, remotes), remotes - remotes // 8))
        t = dice.expovariate(1 / every)
        while t < seconds:
            flows.append((t, subscriber, next(ports), favourite if dice.random() < 0.5 else next(others)))
            t += dice.expovariate(1 / every)
    return sorted(flows)


def send(family, source, port, remote, payload):
    with socket.socket(FAMILIES[family], socket.SOCK_DGRAM) as s:
        s.bind((source, port))
        s.sendto(payload, (remote, PORT))


def main(subscribers, remotes, seconds, every, *firsts):
    """`firsts`: of each family the first subscriber's and the first remote's address."""
    dice, began = random.Random(1), time.monotonic()
    ends = dict(zip(FAMILIES, (firsts[:2], firsts[2:])))
    for at, subscriber, port, remote in schedule(int(subscribers), int(remotes), float(seconds), float(every), dice):
        time.sleep(max(0, began + at - time.monotonic()))
        for family, (source, target) in ends.items():
            send(family, nth(source, subscriber), port, nth(target, remote), f"{subscriber} {remote}".encode())
    for family, (source, target) in ends.items():
        send(family, source, 1024, target, END)


if __name__ == "__main__":
    main(*sys.argv[1:])
