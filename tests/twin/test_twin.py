# SPDX-License-Identifier: BSD-3-Clause
"""The kernel's NAT as a twin: the same legal packets through both, the same must arrive."""

import collections
import os
import subprocess
import sys

import pytest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "support"))
from bedtest import FAMILIES  # noqa: E402
from conversations import Speaker  # noqa: E402
from differences import CLASSES, meant  # noqa: E402
from twin import Side, compare  # noqa: E402
from worlds import KernelWorld, RelayWorld  # noqa: E402

SHOWN_MAX = 5  # unexplained differences told in full


SEEDS = os.environ.get("CFR_TWIN_SEEDS", "1 2").split()


@pytest.fixture
def worlds():
    probe = subprocess.run(["unshare", "-n", "true"], capture_output=True, text=True)
    if os.geteuid() != 0 or probe.returncode != 0:
        pytest.skip(f"network namespaces need root {probe.stderr.strip()}")
    kernel = KernelWorld("cfr-twin-k")
    try:
        relay = RelayWorld("cfr-twin-r")
        yield kernel, relay
        relay.close()
    finally:
        kernel.close()


# Kind, and how many of each family.
KINDS = {"udp": 60, "echo": 40, "tcp": 120, "refused": 10, "midstream": 20, "filtered": 20, "errors": 80, "fragmented": 40,
         "padded": 10}


def conversations_of(seed):
    speaker, made = Speaker(seed), []
    for kind, count in KINDS.items():
        for family in FAMILIES if kind != "padded" else ("ipv6",):
            made += [getattr(speaker, kind)(family) for _ in range(count)]
    return made


def tell(event, conversation, sides, kernel, relay):
    """The fields that differ, or how many packets arrived, and under which alias ports."""
    ports = " and ".join(str(side.ends[conversation.number].aport) for side in sides)
    what = f"{conversation.family} {conversation.kind} {event.side} {event.label}, conversation {conversation.number}, alias ports {ports}: "
    if len(kernel) != len(relay):
        return what + f"{len(kernel)} packets through the kernel, {len(relay)} through the relay"
    return what + ", ".join(f"{name} {str(a.get(name))[:200]} and {str(b.get(name))[:200]}" for a, b in zip(kernel, relay)
                            for name in {**a, **b} if a.get(name) != b.get(name))


@pytest.mark.parametrize("seed", SEEDS)
def test_the_same_arrives(worlds, seed, capsys):
    kernel, relay = worlds
    conversations = conversations_of(seed)
    sides = Side(kernel, conversations), Side(relay, conversations)
    packets, unexplained, explained = 0, [], collections.Counter()
    for event, conversation, count, there, here in compare(*sides, conversations):
        packets += count
        wanted, names = meant(event, there)
        if wanted == here:
            explained.update(names)
        else:
            unexplained.append(tell(event, conversation, sides, wanted, here))
    with capsys.disabled():
        print(f"\nseed {seed}: {packets} packets in {len(conversations)} conversations through each")
        for name, (_, reason) in CLASSES.items():
            print(f"{explained[name]:6} {name}: {reason}")
        print(f"{len(unexplained):6} unexplained")
    assert packets > 1000
    assert all(explained[name] for name in CLASSES)  # or the comparison does not see them
    assert not unexplained, "\n".join(unexplained[:SHOWN_MAX])
