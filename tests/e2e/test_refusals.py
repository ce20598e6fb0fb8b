# SPDX-License-Identifier: BSD-3-Clause
"""What must not pass: each refusal is a counted drop, and the CFS sees nothing of it."""

import contextlib
import subprocess

import pytest
from bedtest import FAMILIES, accounting_is_exact, drops, flows_of
from cfrbed import clients, network
from cfrbed.processes import run, wait_until

FOREIGN = {"ipv4": "192.0.2.77", "ipv6": "2001:db8:77::1"}


@contextlib.contextmanager
def nothing_arrives(bed):
    """No IP packet that is not the CFS's own or neighbour discovery comes in on the CFS's link."""
    arrived = "tcp or udp or icmp or (icmp6 and ip6[40] = 128)"
    process = subprocess.Popen(["ip", "netns", "exec", bed.network.cfs, "tcpdump", "-i", "cfs0", "-n", "-l", "-Q", "in",
                                arrived], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    line = process.stderr.readline()
    while "listening" not in line:
        assert line, "tcpdump did not start"
        line = process.stderr.readline()
    yield
    process.terminate()
    seen = process.communicate(timeout=10)[0]
    assert seen.strip() == "", seen


def send_udp(bed, namespace, source, destination, port, count=5):
    """Datagrams from any address, held by the namespace or not."""
    script = ("import socket,sys\n"
              "s = socket.socket(socket.AF_INET6 if ':' in sys.argv[1] else socket.AF_INET, socket.SOCK_DGRAM)\n"
              "s.setsockopt(socket.SOL_IP if s.family == socket.AF_INET else 41,"
              " 19 if s.family == socket.AF_INET else 75, 1)\n"  # IP_TRANSPARENT, IPV6_TRANSPARENT
              "s.bind((sys.argv[1], 0))\n"
              "for n in range(int(sys.argv[4])): s.sendto(b'x', (sys.argv[2], int(sys.argv[3])))\n")
    run("ip", "netns", "exec", namespace, "/usr/bin/python3", "-c", script, source, destination, str(port), str(count))


def expect_growth(bed, direction, reason, before, growth):
    wait_until(lambda: drops(bed, direction, reason) >= before + growth, f"{growth} more {reason}", 3)
    accounting_is_exact(bed)


@pytest.mark.parametrize("family", FAMILIES)
def test_a_source_that_is_no_subscriber(bed, family):
    before = drops(bed, "outbound", "spoof_access")
    with nothing_arrives(bed):
        send_udp(bed, bed.network.subscribers[0], FOREIGN[family], network.CFS[family], 443)
        expect_growth(bed, "outbound", "spoof_access", before, 5)


@pytest.mark.parametrize("family", FAMILIES)
def test_a_tcp_segment_without_a_flow(bed, family):
    """Connections whose flows the relay forgot: nothing of them goes on, in either direction."""
    upload = ("/sink", "--data-binary", f"@{bed.cfs.directory}/www/big", "--limit-rate", "4m")
    processes = [subprocess.Popen(clients.curl_command(bed, 1, family, *what), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
                 for what in (("/slow",), upload)]

    def both_carry_data():
        return sum(f["state"] == "tcp_established" for f in flows_of(bed, 1, family, "tcp")) == 2
    wait_until(both_carry_data, "flows of both")
    bed.restart_relay()
    wait_until(lambda: drops(bed, "outbound", "tcp_no_flow") > 0, "dropped segments of the upload", 10)
    wait_until(lambda: drops(bed, "inbound", "no_flow") > 0, "dropped segments of the download", 10)
    for process in processes:
        process.kill()
        process.wait()


@pytest.mark.parametrize("family, alias", (("ipv4", "203.0.113.5"), ("ipv6", "2001:db8:cf::5")))
def test_an_unsolicited_inbound_packet(bed, family, alias):
    before = drops(bed, "inbound", "no_flow")
    send_udp(bed, bed.network.cfs, network.CFS[family], alias, 5000)
    expect_growth(bed, "inbound", "no_flow", before, 5)


@pytest.mark.parametrize("family", FAMILIES)
def test_an_exhausted_pool(bed, family):
    """Four units, two ports each: eight flows to one remote, the ninth is refused, others are not hurt."""
    bed.restart_relay(extra="[alias]\nport_first = 5000\nport_last = 5001\n")
    source = network.subscriber_address(1, family)
    for _ in range(8):
        send_udp(bed, bed.network.subscribers[0], source, network.CFS[family], 7777, count=1)
    wait_until(lambda: bed.relay.ask("flow", "stats")[family]["flows"] == 8, "eight flows", 3)
    with nothing_arrives(bed):
        send_udp(bed, bed.network.subscribers[0], source, network.CFS[family], 7777, count=3)
        expect_growth(bed, "outbound", "ports_exhausted", 0, 3)
    assert clients.seen_by_tls(bed, 1, family)["port"] in (5000, 5001)


@pytest.mark.parametrize("family, pool", (("ipv4", "bed-v4"), ("ipv6", "bed-v6")))
def test_an_empty_pool(bed, family, pool):
    bed.relay.ctl("pool", "drain", pool)
    before = drops(bed, "outbound", "pool_empty")
    with nothing_arrives(bed):
        send_udp(bed, bed.network.subscribers[1], network.subscriber_address(2, family), network.CFS[family], 443)
        expect_growth(bed, "outbound", "pool_empty", before, 5)
    bed.relay.ctl("pool", "undrain", pool)


@pytest.mark.parametrize("family", FAMILIES)
def test_no_configuration_yet(bed, family):
    """A dataplane nobody spoke to relays nothing, and says why once somebody can ask."""
    bed.relay.stop()
    bed.relay.forget_state()
    bed.relay.start_dataplane()
    # Without a snapshot the relay answers for no address; the gateway's MAC must be known to get that far.
    mac = run("ip", "netns", "exec", bed.network.relay, "cat", "/sys/class/net/acc0/address").stdout.strip()
    sender = bed.network.subscribers[0]
    run("ip", "-n", sender, "neigh", "replace", network.RELAY["access"][family], "lladdr", mac, "dev", "sub0", "nud", "permanent")
    with nothing_arrives(bed):
        send_udp(bed, sender, network.subscriber_address(1, family), network.CFS[family], 443)
        bed.relay.start_control()
        bed.relay.wait_healthy()
        assert drops(bed, "outbound", "no_snapshot") >= 5
    run("ip", "-n", sender, "neigh", "del", network.RELAY["access"][family], "dev", "sub0")
