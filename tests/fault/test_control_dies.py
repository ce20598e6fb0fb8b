# SPDX-License-Identifier: BSD-3-Clause
"""cfr-control is killed: packets do not notice, new flows go on until the lease lapses, a new one takes over."""

import re
import subprocess
import time

import pytest
from bedtest import FAMILIES, accounting_is_exact, alias_of_download, drops
from cfrbed import clients, network
from cfrbed.processes import run, wait_until


@pytest.mark.parametrize("family", FAMILIES)
def test_no_packet_is_lost(bed, family):
    """500 echoes in 5 s; control dies in the midst of them and comes back."""
    ping = subprocess.Popen(["ip", "netns", "exec", bed.network.subscribers[0], "ping", "-i", "0.01", "-c", "500", "-W", "2", "-q",
                             network.CFS[family]], stdout=subprocess.PIPE, text=True)
    wait_until(lambda: any(f["protocol"] == "icmp" for f in bed.relay.ask("flow", "list")["flows"]), "echo flow")
    bed.relay.kill("cfr-control")
    assert clients.seen_by_tls(bed, 2, family)["protocol"] == "tls1.3", "the lease still runs: new flows open"
    bed.relay.start_control()
    assert ping.poll() is None, "the echoes were over before control came back"
    report = ping.communicate(timeout=30)[0]
    sent, received = map(int, re.search(r"(\d+) packets transmitted, (\d+) received", report).groups())
    assert (sent, received) == (500, 500), report
    accounting_is_exact(bed)


def test_it_attaches_again_within_a_second_and_obeys(bed, tmp_path):
    bed.relay.kill("cfr-control")
    began = time.monotonic()
    bed.relay.start_control(wait=False)
    wait_until(lambda: bed.relay.ctl("health", check=False).returncode == 0, "health", 5, every=0.01)
    assert time.monotonic() - began < 1.0
    with open(bed.relay.file) as file:
        text = file.read().replace(network.POOLS["ipv4"], "203.0.113.32/28")
    changed = tmp_path / "changed.toml"
    changed.write_text(text)
    assert bed.relay.ask("config", "apply", str(changed))["changed"] is True
    assert clients.seen_by_tls(bed, 1, "ipv4")["address"].startswith("203.0.113.")
    assert int(clients.seen_by_tls(bed, 1, "ipv4")["address"].split(".")[3]) in range(32, 48)
    # What was applied outlives another death, although the file on disk says otherwise.
    bed.relay.kill("cfr-control")
    bed.relay.start_control()
    bed.relay.wait_healthy()
    assert bed.relay.ask("config", "plan", str(changed))["changes"] == []
    assert bed.relay.ask("config", "apply", bed.relay.file)["changed"] is True


@pytest.mark.parametrize("family", FAMILIES)
def test_a_lapsed_lease_stops_new_flows_only(bed, family, tmp_path):
    bed.restart_relay(extra='[assignment]\nlease = "3s"\n')
    got = tmp_path / "got"
    download = subprocess.Popen(clients.curl_command(bed, 1, family, "/slow", "-o", str(got)), stderr=subprocess.PIPE)
    wait_until(lambda: alias_of_download(bed, family), "flow of the download")
    bed.relay.kill("cfr-control")

    def refused():  # told so, or, above the rate of such messages, not answered
        unreachable, timeout = 7, 28
        return clients.curl(bed, 2, family, "/who", "--connect-timeout", "1", check=False).returncode in (unreachable, timeout)
    wait_until(refused, "refusal of new flows", 8, every=0.2)
    assert download.poll() is None, "the download was over before the lease lapsed"
    assert download.wait(60) == 0
    assert run("sha256sum", str(got)).stdout.split()[0] == bed.cfs.big_hash()
    bed.relay.start_control()
    bed.relay.wait_healthy()
    assert drops(bed, "outbound", "lease_expired") > 0
    assert clients.seen_by_tls(bed, 2, family)["protocol"] == "tls1.3"
    accounting_is_exact(bed)
