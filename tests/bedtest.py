# SPDX-License-Identifier: BSD-3-Clause
"""What the tests in network namespaces share: beds as fixtures, a watch on the core link, counters.

A test that needs another configuration changes it through cfrctl or starts the relay anew; the fixture
puts the plain one back.
"""

import contextlib
import os
import re
import sys

import pytest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "scripts"))
from cfrbed import network  # noqa: E402
from cfrbed.bed import Bed  # noqa: E402
from cfrbed.core_watch import CoreWatch  # noqa: E402
from cfrbed.processes import run, wait_until  # noqa: E402

FAMILIES = ("ipv4", "ipv6")


def make_bed(name, **options):
    """A bed for a fixture; a bed of that name left by an aborted run is taken away first."""
    if os.geteuid() != 0:
        pytest.skip("network namespaces need root")
    bed = Bed(name)
    if bed.exists():
        bed.down()
    bed.up(**options)
    return bed


def counters(bed):
    """All counters and drops of both directions, zeros included."""
    return bed.relay.ask("counters", "--all")


def drops(bed, direction, reason):
    return counters(bed)[direction]["drops"][reason]


def checksum_errors(namespace):
    """Packets the kernel of a namespace threw away for a wrong checksum."""
    text = run("ip", "netns", "exec", namespace, "cat", "/proc/net/snmp", "/proc/net/snmp6").stdout
    total = sum(int(n) for n in re.findall(r"^\w*InCsumErrors\s+(\d+)$", text, re.M))
    lines = text.splitlines()
    for names, values in zip(lines, lines[1:]):
        if "InCsumErrors" in names and values.split(":")[0] == names.split(":")[0]:
            total += int(values.split()[names.split().index("InCsumErrors")])
    return total


def reassemblies(namespace):
    """Fragments the kernel of a namespace received."""
    text = run("ip", "netns", "exec", namespace, "cat", "/proc/net/snmp", "/proc/net/snmp6").stdout
    ip = [line.split() for line in text.splitlines() if line.startswith("Ip:")]
    return int(ip[1][ip[0].index("ReasmReqds")]) + int(re.search(r"^Ip6ReasmReqds\s+(\d+)", text, re.M).group(1))


@contextlib.contextmanager
def watched(bed):
    """Nothing of a subscriber passes to the core while the body runs."""
    watch = CoreWatch(bed)
    try:
        yield watch
    finally:
        _, leaks = watch.finish()
    assert not leaks, leaks


def flows_of(bed, subscriber, family, protocol):
    """Live flows of a subscriber as cfrctl lists them."""
    address = network.subscriber_address(subscriber, family)
    return bed.relay.ask("flow", "list", "--subscriber", address, "--proto", protocol)["flows"]


def alias_of_download(bed, family):
    """The alias of subscriber 1's connection that carries data now, as the relay lists it; None if there is none."""
    flows = [f for f in flows_of(bed, 1, family, "tcp") if f["state"] == "tcp_established"]
    return flows[0]["alias"] if flows else None


def accounting_is_exact(bed):
    """received + handed in = sent + consumed + handed out + drops, per worker and direction; in-flight packets
    settle within moments."""
    def exact():
        workers = bed.relay.ask("worker", "list")["workers"]
        return all(value == 0 for w in workers for value in w["accounting_mismatch"].values())
    wait_until(exact, "accounting identity", 3)

