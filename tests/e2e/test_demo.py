# SPDX-License-Identifier: BSD-3-Clause
"""scripts/demo and scripts/bed as a newcomer runs them, and the watch they rely on."""

import ipaddress
import json
import os
import signal
import subprocess

from bedtest import CoreWatch
from cfrbed import network
from cfrbed.processes import run, wait_until
from cfrbed.relay import PROJECT

DEMO = os.path.join(PROJECT, "scripts", "demo")
NOBODY = ("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups")


def test_the_watch_sees_what_must_not_be(standing_bed):
    """One ARP question for a subscriber on the core link, and the watch says so."""
    bed = standing_bed  # not `bed`: its own watch would see this, too
    watch = CoreWatch(bed)
    address = network.subscriber_address(1, "ipv4")
    cfs = bed.network.cfs
    run("ip", "netns", "exec", cfs, "/usr/bin/python3", "-c",
        "import socket,sys; s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW); s.bind(('cfs0', 0));"
        "s.send(bytes.fromhex('020000000009' '020000000008' '0806' '0001080006040001' '020000000008' 'c6120002' '000000000000')"
        " + socket.inet_aton(sys.argv[1]))", address)
    wait_until(lambda: watch.frames(), "the frame in the watch")
    frames, leaks = watch.finish()
    assert frames >= 1 and any("sub1 ipv4" in leak for leak in leaks), leaks


def test_demo_without_root(tmp_path):
    """Two curls and browsers, twice over, both ways: all in a user namespace of an ordinary user's."""
    os.chmod(tmp_path, 0o777)
    for parent in tmp_path.parents[:2]:
        os.chmod(parent, 0o755)
    file = tmp_path / "demo.json"
    done = run(*NOBODY, DEMO, "--json", str(file), check=False, timeout=300)
    if run(*NOBODY, "unshare", "-Urnm", "true", check=False).returncode != 0:
        assert done.returncode == 1 and "sysctl" in done.stderr
        return
    assert done.returncode == 0, done.stdout + done.stderr
    connections = json.loads(file.read_text())["connections"]
    assert len(connections) == 48
    for c in connections:
        assert set(c) == {"subscriber", "family", "protocol", "seen_by_cfs", "via", "turn"}
        pool = ipaddress.ip_network(network.POOLS[c["family"]])
        assert ipaddress.ip_address(c["seen_by_cfs"]["address"]) in pool and 0 < c["seen_by_cfs"]["port"] < 65536
    assert {(c["protocol"], c["via"]) for c in connections} == {(p, v) for p in ("tls1.3", "h3") for v in ("cfr", "nft")}
    kernel = {(c["subscriber"], c["seen_by_cfs"]["address"]) for c in connections if c["via"] == "nft"}
    assert len(kernel) == 6, "the kernel's NAT gives each subscriber one address"


def test_demo_cleans_up_when_interrupted():
    process = subprocess.Popen([DEMO], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    for line in process.stdout:
        if line.startswith("[3/6]"):
            break
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 1 and "taken down" in errors
    assert "cfr-demo" not in run("ip", "netns", "list").stdout
    assert not os.path.exists("/run/cfr-bed/cfr-demo")


def test_bed_up_status_down():
    bed = os.path.join(PROJECT, "scripts", "bed")
    up = json.loads(run(bed, "--name", "cfr-other", "up", "--workers", "2").stdout)
    status = json.loads(run(bed, "--name", "cfr-other", "status").stdout)
    assert up["subscribers"] == status["subscribers"] and len(up["subscribers"]) == 3
    assert all(p["running"] for p in status["processes"].values())
    assert os.path.exists(status["relay"]["control_socket"]) and os.path.exists(status["relay"]["readonly_socket"])
    again = run(bed, "--name", "cfr-other", "up", check=False)
    assert again.returncode == 1 and "stands already" in again.stderr
    run(bed, "--name", "cfr-other", "down")
    assert "cfr-other" not in run("ip", "netns", "list").stdout
    assert run(bed, "--name", "cfr-other", "down").returncode == 0, "nothing to take down is no error"
    assert run(bed, "--name", "cfr-other", "status", check=False).returncode == 1
