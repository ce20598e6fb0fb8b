# SPDX-License-Identifier: BSD-3-Clause
"""scripts/natprobe for a moment: the relay is not what the kernel's NAT is."""

import json
import os

from cfrbed.processes import run
from cfrbed.relay import PROJECT


def test_the_relay_beside_the_kernel():
    done = run(os.path.join(PROJECT, "scripts", "natprobe"), "--json", "--seconds", "20", "--every", "1", "--subscribers", "60",
               timeout=150)
    measured = {(m["nat"], m["family"]): m for m in json.loads(done.stdout)["measured"]}
    assert len(measured) == 6
    for family in ("ipv4", "ipv6"):
        relay, plain, paired = (measured[nat, family] for nat in ("CFR, epoch 60 s", "nft snat", "nft snat random,persistent"))
        assert all(m["flows"] > 1000 and m["subscribers"] == 60 and m["alias_units"] == 4 for m in (relay, plain, paired))
        assert relay["port_entropy"]["high"] > 7.95 and plain["port_entropy"]["high"] < 7
        assert relay["sequence_leak"]["low"] < 0.01 and plain["sequence_leak"]["value"] > 0.2
        assert abs(relay["slice_leak_high"]["value"]) < 0.15 and plain["slice_leak_high"]["value"] > 0.5
        assert relay["lift"][0]["bits"]["low"] <= 2, "four aliases have two bits, and an epoch ends"
        assert paired["lift"][0]["bits"]["high"] >= 2 and paired["half_life"] is None
        assert abs(plain["lift_different_remotes"][0]["bits"]["value"]) < 0.5 < plain["lift_one_remote"][0]["bits"]["value"]
        assert relay["lift"][1] is None and relay["lift"][0]["seen_to"] <= 20
    assert "natprobe" not in run("ip", "netns", "list").stdout
