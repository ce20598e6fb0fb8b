# SPDX-License-Identifier: BSD-3-Clause
"""Two workers do what one does, and both work."""

import ipaddress

import pytest
from bedtest import FAMILIES, accounting_is_exact
from cfrbed import clients, network
from cfrbed.processes import run


@pytest.fixture
def two_workers(bed):
    bed.restart_relay(workers=2)
    return bed


@pytest.mark.parametrize("family", FAMILIES)
def test_both_workers_carry_flows_and_hand_off(two_workers, family):
    bed = two_workers
    seen = [clients.seen_by_tls(bed, subscriber, family) for subscriber in (1, 2, 3) for _ in range(10)]
    for subscriber in range(3):
        assert len({s["address"] for s in seen[subscriber * 10:subscriber * 10 + 10]}) == 1, "one address an epoch"
    assert all(ipaddress.ip_address(s["address"]) in ipaddress.ip_network(network.POOLS[family]) for s in seen)
    workers = bed.relay.ask("worker", "list")["workers"]
    assert [w["worker"] for w in workers] == [0, 1]
    assert all(w["flows"][family] > 0 for w in workers), workers
    assert sum(w["flows"][family] for w in workers) == 30
    assert all(w["handoff_in"] > 0 for w in workers), workers
    accounting_is_exact(bed)


@pytest.mark.parametrize("family", FAMILIES)
def test_50_mb_is_whole(two_workers, family, tmp_path):
    got = tmp_path / "got"
    clients.curl(two_workers, 1, family, "/big", "-o", str(got))
    assert run("sha256sum", str(got)).stdout.split()[0] == two_workers.cfs.big_hash()
    found = clients.big_by_h3(two_workers, 2, family)
    assert found["sha256"] == found["returned"] == two_workers.cfs.big_hash()
    accounting_is_exact(two_workers)
