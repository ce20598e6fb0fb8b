# SPDX-License-Identifier: BSD-3-Clause
"""What the relay says of its crowds, against who really opened flows."""

from bedtest import FAMILIES
from cfrbed import clients
from cfrbed.processes import wait_until

OPENERS = {"ipv4": (1, 2, 3), "ipv6": (1, 3)}
POOL = {"ipv4": "bed-v4", "ipv6": "bed-v6"}


def crowds(bed):
    """Active subscribers and flows by pool, as cfrctl says."""
    shown = bed.relay.ask("privacy", "show")
    return {p["name"]: (p["active_subscribers"], p["flows"]) for p in shown["pools"]}


def opened(bed):
    """The same from the list of flows, of which none has ended yet."""
    flows = bed.relay.ask("flow", "list", "--limit", "1000")["flows"]
    of = {family: [f for f in flows if (":" in f["subscriber"]["address"]) == (family == "ipv6")] for family in FAMILIES}
    return {POOL[family]: (len({f["subscriber"]["address"] for f in of[family]}), len(of[family])) for family in FAMILIES}


def test_the_crowd_is_who_opened_flows(bed):
    bed.restart_relay(workers=2)
    for family, subscribers in OPENERS.items():
        for subscriber in subscribers:
            for _ in range(subscriber):
                clients.seen_by_tls(bed, subscriber, family)
    wait_until(lambda: crowds(bed) == opened(bed), "the openings of all flows", 5)
    assert {pool: active for pool, (active, _) in crowds(bed).items()} == {POOL[f]: len(s) for f, s in OPENERS.items()}


def test_small_crowds_are_told_in_plain_words(bed):
    clients.seen_by_tls(bed, 1, "ipv4")
    shown = bed.relay.ask("privacy", "show")
    assert shown["verdict"] == "not yet: too few samples" and shown["openings"]["lost"] == shown["openings"]["refused"] == 0
    text = bed.relay.ctl("privacy", "show").stdout
    assert "at least 100" in text and "not yet: too few samples" in text
    assert "10.10." not in text and "203.0.113." not in text


def test_a_control_that_comes_back_counts_anew_and_misses_nothing(bed):
    clients.seen_by_tls(bed, 1, "ipv4")
    bed.relay.kill("cfr-control")
    clients.seen_by_tls(bed, 2, "ipv4")
    bed.relay.start_control()
    bed.relay.wait_healthy()
    before = crowds(bed)[POOL["ipv4"]][1]
    clients.seen_by_tls(bed, 3, "ipv4")
    wait_until(lambda: crowds(bed)[POOL["ipv4"]][1] > before, "the opening of a flow", 5)
    assert bed.relay.ask("privacy", "show")["openings"]["lost"] == 0, "nobody listened is no loss"
