# SPDX-License-Identifier: BSD-3-Clause
"""Changes under traffic: a download of 50 MB goes on under its alias, new connections move."""

import contextlib
import ipaddress
import subprocess

import pytest
from bedtest import FAMILIES, accounting_is_exact, alias_of_download
from cfrbed import clients, network
from cfrbed.processes import run, wait_until

SECOND = {"ipv4": "203.0.113.16/28", "ipv6": "2001:db8:cf:1::/64"}
POOL = {"ipv4": "bed-v4", "ipv6": "bed-v6"}


def peers_at_cfs(bed):
    """Addresses and ports the CFS has connections with."""
    lines = run("ip", "netns", "exec", bed.network.cfs, "ss", "-Htn", "state", "established", "sport", "=", ":8443").stdout
    return [line.split()[-1] for line in lines.splitlines()]


@contextlib.contextmanager
def download(bed, family, path):
    """A slow download around the body; afterwards it must be whole and under the alias it began with."""
    command = clients.curl_command(bed, 1, family, "/slow", "-o", str(path))
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    alias = wait_until(lambda: alias_of_download(bed, family), "flow of the download")
    peer = wait_until(lambda: peers_at_cfs(bed), "connection at the CFS")
    yield alias
    assert process.poll() is None, "the download was over before the change"
    assert alias_of_download(bed, family) == alias
    assert peers_at_cfs(bed) == peer, "the CFS sees another peer"
    assert process.wait(60) == 0, process.stderr.read()
    assert run("sha256sum", str(path)).stdout.split()[0] == bed.cfs.big_hash()
    accounting_is_exact(bed)


def address_of_new(bed, family):
    return clients.seen_by_tls(bed, 1, family)["address"]


@pytest.mark.parametrize("family", FAMILIES)
def test_epoch_advance(bed, family, tmp_path):
    with download(bed, family, tmp_path / "got") as alias:
        # A new key draws the former of four addresses again once in four times.
        for _ in range(24):
            bed.relay.ctl("epoch", "advance")
            if address_of_new(bed, family) != alias["address"]:
                break
        else:
            pytest.fail("24 epochs, and new connections never moved")


@pytest.mark.parametrize("family", FAMILIES)
def test_pool_add_then_drain(bed, family, tmp_path):
    with download(bed, family, tmp_path / "got"):
        bed.relay.ctl("pool", "add", "second", "--region", "XA-1", "--prefix", SECOND[family], "--small-crowd")
        assert bed.relay.ask("pool", "drain", POOL[family])["live_flows"] >= 1
        assert ipaddress.ip_address(address_of_new(bed, family)) in ipaddress.ip_network(SECOND[family])
        assert bed.relay.ask("pool", "show", POOL[family])["state"] == "draining"
    bed.relay.ctl("pool", "undrain", POOL[family])
    bed.relay.ctl("pool", "del", "second", "--drain")


@pytest.mark.parametrize("family", FAMILIES)
def test_config_apply(bed, family, tmp_path):
    with open(bed.relay.file) as file:
        text = file.read().replace(network.POOLS[family], SECOND[family])
    changed = tmp_path / "changed.toml"
    changed.write_text(text)
    with download(bed, family, tmp_path / "got"):
        assert bed.relay.ask("config", "apply", str(changed))["changed"] is True
        assert ipaddress.ip_address(address_of_new(bed, family)) in ipaddress.ip_network(SECOND[family])
        assert bed.relay.ask("config", "apply", str(changed))["changed"] is False
    bed.relay.ctl("config", "apply", bed.relay.file)
