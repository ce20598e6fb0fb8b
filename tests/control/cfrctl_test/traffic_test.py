# SPDX-License-Identifier: BSD-3-Clause
"""What only live flows show. One subscriber, in a network namespace of the test's own:

    sub0 ---- acc0 [relay] core0 ---- cfs0 (nobody answers there)
"""

import json
import os
import subprocess

import pytest

from daemons import CFRCTL, CONFIG, RUNNING, Relay, run, wait_until

SEND = """
import sys
from scapy.all import Ether, IP, UDP, sendp
mac, count = sys.argv[1], int(sys.argv[2])
for port in range(40000, 40000 + count):
    sendp(Ether(src="02:00:00:00:00:07", dst=mac) / IP(src="10.10.0.7", dst="198.18.0.1") / UDP(sport=port, dport=443) / b"x",
          iface="sub0", verbose=False)
"""


@pytest.fixture
def namespace():
    """The words that run a program in it."""
    own = os.readlink("/proc/self/ns/net")
    words = ["unshare", "--net"] if os.getuid() == 0 else ["unshare", "--user", "--map-root-user", "--net"]
    holder = subprocess.Popen([*words, "sleep", "infinity"], stderr=subprocess.PIPE, text=True)
    RUNNING.append(holder.pid)
    try:
        wait_until(lambda: holder.poll() is not None or os.readlink(f"/proc/{holder.pid}/ns/net") != own, "a namespace")
        if holder.poll() is not None:
            pytest.skip(f"no network namespace: {holder.stderr.read().strip()}")
        enter = ["nsenter", f"--target={holder.pid}", "--net", *([] if os.getuid() == 0 else ["--user", "--preserve-credentials"])]
        for script in ("ip link add acc0 type veth peer name sub0", "ip link add core0 type veth peer name cfs0",
                       "for i in acc0 sub0 core0 cfs0; do echo 1 > /proc/sys/net/ipv6/conf/$i/disable_ipv6; ip link set $i up; done"):
            result = run(*enter, "sh", "-ec", script)
            if result.code != 0:
                pytest.skip(f"no interfaces of our own: {result.stderr.strip()}")
        yield enter
    finally:
        holder.kill()
        holder.wait()
        RUNNING.remove(holder.pid)


@pytest.fixture
def relay(directory, namespace):
    config = CONFIG.replace("null = true", 'netdev = "acc0"', 1).replace("null = true", 'netdev = "core0"', 1)
    with Relay(directory, config=config, prefix=namespace) as running:
        running.start()
        mac = running.ask("port", "list").json()["ports"][0]["mac"]
        sent = run(*namespace, "/usr/bin/python3", "-c", SEND, mac, "3")
        assert sent.code == 0, sent
        wait_until(lambda: running.ask("flow", "stats").json()["ipv4"]["flows"] == 3, "three flows")
        yield running


def test_flows_and_pools_that_carry_them(relay, schema):
    flows = schema.result("flow list", relay.ask("flow", "list"))["flows"]
    assert sorted(f["subscriber"]["port"] for f in flows) == [40000, 40001, 40002]
    flow = flows[0]
    assert (flow["subscriber"]["address"], flow["remote"], flow["protocol"], flow["state"], flow["pool"]) == \
        ("10.10.0.7", {"address": "198.18.0.1", "port": 443}, "udp", "udp_oneway", "milan")
    units = [u["address"] for u in relay.ask("pool", "show", "milan").json()["units"]]
    assert {f["alias"]["address"] for f in flows} <= set(units)
    assert len({f["alias"]["address"] for f in flows}) == 1

    for words, count in [(("--pool", "milan"), 3), (("--pool", "rome"), 0), (("--subscriber", "10.10.0.7"), 3), (("--proto", "udp"), 3),
                         (("--subscriber", "10.10.0.8"), 0), (("--subscriber", "10.10.0.0/29"), 3), (("--proto", "tcp"), 0)]:
        assert len(relay.ask("flow", "list", *words).json()["flows"]) == count, words
    limited = relay.ask("flow", "list", "--limit", "2").json()
    assert (len(limited["flows"]), limited["truncated"]) == (2, True)
    table = relay.ctl("flow", "list", "--limit", "2").stdout.splitlines()
    assert len(table) == 4 and table[1].startswith("10.10.0.7:4000") and table[3].startswith("more flows exist: --limit")

    assert schema.result("pool list", relay.ask("pool", "list"))["pools"][0]["flows"] == 3
    relay.ctl("pool", "add", "milan2", "--region", "IT-25", "--prefix", "203.0.113.192/28")
    result = relay.ctl("pool", "del", "milan")
    assert (result.code, result.stdout) == (1, "")
    assert "pool 'milan' carries 3 live flows" in result.stderr and "cfrctl pool drain milan --wait" in result.stderr
    schema.error(relay.ask("pool", "del", "milan"), 1, "failed")

    relay.configure(relay.ctl("config", "export").stdout.replace('state = "active"', 'state = "draining"', 1))
    assert "~ pool milan: state active -> draining (3 live flows keep their alias)" in relay.ctl("config", "plan", relay.file).stdout

    result = relay.ctl("pool", "drain", "milan", "--wait", "--deadline", "1s")
    assert result.code == 6
    assert result.stdout.splitlines()[-1] == "milan: 3 flows left"
    assert "cfrctl: milan: 3 flows left\n" in result.stderr and "cfrctl flow list --pool milan" in result.stderr
    result = relay.ask("pool", "drain", "milan", "--deadline", "0s")
    assert (result.code, result.stderr) == (6, "")
    documents = [json.loads(line) for line in result.stdout.splitlines()]
    assert [schema.validate("pool drain", d) for d in documents[:-1]][-1]["flows"] == 3
    assert schema.validate("error", documents[-1])["error"]["code"] == "deadline"
    assert relay.ctl("health").code == 0  # milan2 takes the new flows

    assert relay.ctl("pool", "del", "milan", "--drain").code == 0
    assert schema.result("pool show", relay.ask("pool", "show", "milan"))["deleted"] is True
    assert len(relay.ask("flow", "list", "--pool", "milan").json()["flows"]) == 3


def test_waiting_goes_on_while_the_dataplane_is_away(relay):
    """A dead dataplane is no empty pool; a new one is."""
    waiting = subprocess.Popen([CFRCTL, "--socket", relay.socket(), "pool", "drain", "milan", "--wait"],
                               stdout=subprocess.PIPE, text=True)
    RUNNING.append(waiting.pid)
    lines = []
    while "3 flows left" not in (lines[-1] if lines else ""):
        lines.append(waiting.stdout.readline())
        assert lines[-1], lines
    relay.end("cfr-dataplane", how=9)
    assert waiting.stdout.readline() == "milan: no dataplane, flows unknown\n"
    assert waiting.poll() is None
    relay.start_dataplane()
    assert waiting.stdout.readline() == "milan: 0 flows left\n"
    assert waiting.wait(timeout=20) == 0
    waiting.stdout.close()
    RUNNING.remove(waiting.pid)
