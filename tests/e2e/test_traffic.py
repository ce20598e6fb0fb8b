# SPDX-License-Identifier: BSD-3-Clause
"""Real clients reach real servers, both ways, whole, and under an alias."""

import ipaddress

import pytest
from bedtest import FAMILIES, accounting_is_exact, flows_of, reassemblies
from cfrbed import clients, network
from cfrbed.cfs import BIG_BYTES
from cfrbed.processes import run


def is_alias(address, family):
    return ipaddress.ip_address(address) in ipaddress.ip_network(network.POOLS[family])


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("subscriber", (1, 2, 3))
def test_tls13_is_seen_under_an_alias(bed, subscriber, family):
    seen = clients.seen_by_tls(bed, subscriber, family)
    assert seen["protocol"] == "tls1.3" and is_alias(seen["address"], family)
    flows = flows_of(bed, subscriber, family, "tcp")
    assert {"address": seen["address"], "port": seen["port"]} in [f["alias"] for f in flows]


@pytest.mark.parametrize("family", FAMILIES)
def test_new_connections_of_an_epoch_share_an_address_not_a_port(bed, family):
    seen = [clients.seen_by_tls(bed, 1, family) for _ in range(8)]
    assert len({s["address"] for s in seen}) == 1
    assert len({s["port"] for s in seen}) > 1


@pytest.mark.parametrize("family", FAMILIES)
def test_50_mb_over_tls13_there_and_back(bed, family, tmp_path):
    got = tmp_path / "got"
    clients.curl(bed, 1, family, "/big", "-o", str(got))
    assert got.stat().st_size == BIG_BYTES
    assert run("sha256sum", str(got)).stdout.split()[0] == bed.cfs.big_hash()
    returned = clients.curl(bed, 1, family, "/sink", "--data-binary", f"@{got}", "-H", "Expect:").stdout
    assert returned == bed.cfs.big_hash()
    accounting_is_exact(bed)


@pytest.mark.parametrize("family", FAMILIES)
def test_50_mb_over_http3_there_and_back(bed, family):
    found = clients.big_by_h3(bed, 2, family)
    assert found["protocols"] == ["h3"] and found["bytes"] == BIG_BYTES
    assert found["sha256"] == found["returned"] == bed.cfs.big_hash()
    assert found["first"] == found["last"], "the alias moved within the connection"
    assert is_alias(found["first"]["address"], family)
    accounting_is_exact(bed)


@pytest.mark.parametrize("family, bytes_of_payload", (("ipv4", 1472), ("ipv6", 1452)))
def test_packets_of_the_full_mtu_pass(bed, family, bytes_of_payload):
    """1500 bytes of IP, may not be fragmented; one byte more does not leave the sender."""
    def ping(size):
        return run("ip", "netns", "exec", bed.network.subscribers[0], "ping", "-M", "do", "-c", "3", "-i", "0.2", "-W", "2",
                   "-s", str(size), network.CFS[family], check=False)
    assert " 0% packet loss" in ping(bytes_of_payload).stdout
    assert "received" in ping(bytes_of_payload + 1).stdout and ping(bytes_of_payload + 1).returncode != 0


@pytest.mark.parametrize("family", FAMILIES)
def test_quic_initials_are_never_fragmented(bed, family):
    namespaces = [bed.network.cfs, bed.network.subscribers[2]]
    before = [reassemblies(n) for n in namespaces]
    assert clients.seen_by_h3(bed, 3, family)["protocol"] == "h3"
    assert [reassemblies(n) for n in namespaces] == before


@pytest.mark.parametrize("family", FAMILIES)
def test_echo_keeps_sequence_and_payload(bed, family):
    done = run("ip", "netns", "exec", bed.network.subscribers[1], "ping", "-c", "20", "-i", "0.02", "-p", "c5", network.CFS[family])
    assert " 0% packet loss" in done.stdout and "wrong data" not in done.stdout
