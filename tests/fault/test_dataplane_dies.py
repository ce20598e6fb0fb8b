# SPDX-License-Identifier: BSD-3-Clause
"""cfr-dataplane is killed: nothing passes, the kernel included; a new one serves within two seconds."""

import subprocess
import time

import pytest
from bedtest import FAMILIES, CoreWatch
from cfrbed import clients, network
from cfrbed.processes import run, wait_until


def flood(bed, family):
    """A stream of echoes that nobody waits for."""
    return subprocess.Popen(["ip", "netns", "exec", bed.network.subscribers[0], "ping", "-i", "0.01", "-c", "2000", "-q",
                             network.CFS[family]], stdout=subprocess.DEVNULL)


def arrived(bed):
    """IP packets the CFS's interface has received so far."""
    return int(run("ip", "netns", "exec", bed.network.cfs, "cat", "/sys/class/net/cfs0/statistics/rx_packets").stdout)


@pytest.mark.parametrize("family", FAMILIES)
def test_nothing_passes_and_it_serves_again(bed, family):
    stream = flood(bed, family)
    wait_until(lambda: bed.relay.ask("flow", "stats")[family]["flows"] > 0, "echo flow")
    bed.relay.kill("cfr-dataplane")
    count = arrived(bed)
    assert clients.curl(bed, 2, family, "/who", "--connect-timeout", "1", check=False).returncode != 0
    assert arrived(bed) == count, "something reached the CFS without a dataplane"

    # The first TLS exchange succeeds within 2 s of the start.
    began = time.monotonic()
    bed.relay.start_dataplane(wait=False)
    wait_until(lambda: clients.curl(bed, 2, family, "/who", "--max-time", "1", check=False).returncode == 0, "service", 10)
    assert time.monotonic() - began < 2.0
    stream.kill()
    stream.wait()


def test_it_comes_back_many_times_and_never_leaks(bed):
    """Kills at moments spread over the start: no half-started dataplane lets anything through."""
    stream = flood(bed, "ipv4")
    watch = CoreWatch(bed)
    for n in range(8):
        bed.relay.kill("cfr-dataplane")
        bed.relay.start_dataplane(wait=False)
        # Not a wait for something: each round dies at another moment of the start.
        time.sleep(0.1 * n)
    _, leaks = watch.finish()
    assert not leaks, leaks
    bed.relay.wait_healthy()
    assert clients.seen_by_tls(bed, 1, "ipv4")["protocol"] == "tls1.3"
    stream.kill()
    stream.wait()


def test_it_refuses_interfaces_the_kernel_uses(bed):
    """An address, IPv6 or forwarding on a relay interface would let packets past the relay."""
    relay = bed.network.relay
    bed.relay.stop()
    for wrong, right in ((("ip", "addr", "add", "192.0.2.9/24", "dev", "acc0"), ("ip", "addr", "flush", "dev", "acc0")),
                         (("sysctl", "-qw", "net.ipv6.conf.core0.disable_ipv6=0"), ("sysctl", "-qw", "net.ipv6.conf.core0.disable_ipv6=1")),
                         (("sysctl", "-qw", "net.ipv4.ip_forward=1"), ("sysctl", "-qw", "net.ipv4.ip_forward=0"))):
        run("ip", "netns", "exec", relay, *wrong)
        done = run("ip", "netns", "exec", relay, bed.relay.program("cfr-dataplane"), "--config", bed.relay.file,
                   "--runtime_dir", bed.relay.runtime, check=False)
        assert done.returncode == 1 and "run:" in done.stderr, done.stderr
        run("ip", "netns", "exec", relay, *right)
    bed.relay.start()
