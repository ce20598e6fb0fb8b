# SPDX-License-Identifier: BSD-3-Clause
"""Nonsense on every socket and ring while traffic runs: a clear error, nothing half-applied, no crash."""

import array
import contextlib
import json
import mmap
import os
import random
import socket
import subprocess

import pytest
from bedtest import accounting_is_exact
from cfrbed import clients, network
from cfrbed.processes import is_running, run, wait_until

RING_BYTES = 128 + 4096 * 64  # common/shared_ring.h: two index lines and the slots
OPENED_BYTES = 128 + 16384 * 64  # that of a worker's openings


@contextlib.contextmanager
def undisturbed(bed):
    """Both daemons live on, the generation stays, echoes are not lost and new connections open."""
    before = {name: bed.notes[name]["pid"] for name in ("cfr-dataplane", "cfr-control")}
    generation = bed.relay.ask("version")["generation"]
    ping = subprocess.Popen(["ip", "netns", "exec", bed.network.subscribers[0], "ping", "-i", "0.02", "-c", "150", "-q",
                             network.CFS["ipv4"]], stdout=subprocess.PIPE, text=True)
    yield
    assert " 0% packet loss" in ping.communicate(timeout=30)[0]
    assert all(is_running(bed.notes[name]) and bed.notes[name]["pid"] == pid for name, pid in before.items())
    bed.relay.wait_healthy()
    assert bed.relay.ask("version")["generation"] == generation
    assert clients.seen_by_tls(bed, 1, "ipv4")["protocol"] == "tls1.3"
    accounting_is_exact(bed)


def resident_bytes(note):
    with open(f"/proc/{note['pid']}/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def connect(path):
    s = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    s.connect(path)
    s.settimeout(10)
    return s


@pytest.mark.parametrize("name", ("control.sock", "readonly.sock"))
def test_a_line_of_a_gigabyte(bed, name):
    """Refused long before it ends, in bounded memory."""
    path = os.path.join(bed.relay.runtime, name)
    before = resident_bytes(bed.notes["cfr-control"])
    with undisturbed(bed), connect(path) as s:
        sent, part = 0, b'{"command": "' + b"a" * (1 << 20)
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            while sent < 1 << 30:
                sent += s.send(part)
        assert sent < 64 << 20, "nobody stopped the line"
    assert resident_bytes(bed.notes["cfr-control"]) < before + (64 << 20)


def test_random_bytes_on_the_sockets(bed):
    rng = random.Random(1)
    with undisturbed(bed):
        for n in range(200):
            path = os.path.join(bed.relay.runtime, ("control.sock", "readonly.sock")[n % 2])
            with connect(path) as s, contextlib.suppress(BrokenPipeError, ConnectionResetError):
                s.sendall(rng.randbytes(rng.randrange(1, 5000)) + b"\n")
                answer = s.recv(65536)
                assert answer == b"" or "error" in json.loads(answer.splitlines()[0])


def attach_as_control(path):
    """What any process of the socket's group can do: the rings of a fresh attachment, mapped."""
    s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    s.connect(path)
    s.settimeout(5)
    _, ancillary, _, _ = s.recvmsg(4096, socket.CMSG_SPACE(16))
    descriptors = array.array("i")
    for _, _, data in ancillary:
        descriptors.frombytes(data[:len(data) - len(data) % descriptors.itemsize])
    link = mmap.mmap(descriptors[1], os.fstat(descriptors[1]).st_size)
    for descriptor in descriptors:
        os.close(descriptor)
    return s, link


def test_random_bytes_in_the_ring(bed):
    """A peer that writes anything anywhere into the shared memory, messages and indices alike."""
    rng = random.Random(2)
    with undisturbed(bed):
        for n in range(30):
            s, link = attach_as_control(os.path.join(bed.relay.runtime, "dataplane.sock"))
            with s, link:
                assert len(link) == 2 * 2 * RING_BYTES + OPENED_BYTES
                for _ in range(50):
                    at = rng.randrange(0, len(link) - 64)
                    link[at:at + 64] = rng.randbytes(64)
                # Plausible messages too: whole slots from the first on, and a published index that fits.
                for slot in range(32):
                    message = rng.randbytes(64) if n % 2 else bytes([slot + 1, 0, 0, 0, rng.randrange(40), 0]) + rng.randbytes(58)
                    link[128 + slot * 64:192 + slot * 64] = message
                link[0:4] = (32).to_bytes(4, "little") if n % 3 else rng.randbytes(4)
        # The real control process takes its place again by itself.
        wait_until(lambda: bed.relay.ctl("health", check=False).returncode == 0, "health", 10)


BAD = {
    "broken syntax": ("[node]", "[node", "error"),
    "wrong type": ("workers = 1", 'workers = "one"', "error"),
    "unknown key": ("workers = 1", "wrokers = 1", "workers"),
    "overlapping pools": ('prefixes = ["203.0.113.0/28"]', 'prefixes = ["203.0.113.0/28", "203.0.113.8/29"]', "overlap"),
    "pool among subscribers": ('prefixes = ["203.0.113.0/28"]', 'prefixes = ["10.10.0.16/28"]', "10.10.0"),
    "host bits": ('prefixes = ["203.0.113.0/28"]', 'prefixes = ["203.0.113.1/28"]', "203.0.113.0/28"),
    "unknown region": ('prefix = "10.10.0.0/24"\nregion = "XA-1"', 'prefix = "10.10.0.0/24"\nregion = "XB-1"', "XB-1"),
    "reversed ports": ("[dataplane]", "[alias]\nport_first = 6000\nport_last = 5000\n[dataplane]", "port"),
}


@pytest.mark.parametrize("what", BAD)
def test_a_bad_configuration_changes_nothing(bed, what, tmp_path):
    former, latter, word = BAD[what]
    with open(bed.relay.file) as file:
        text = file.read()
    assert former in text
    bad = tmp_path / "bad.toml"
    bad.write_text(text.replace(former, latter, 1))
    generation = bed.relay.ask("version")["generation"]
    for verb in ("check", "apply"):
        done = bed.relay.ctl("config", verb, str(bad), check=False)
        assert done.returncode == 4 and word in done.stderr and f"{bad}:" in done.stderr, done.stderr
    assert bed.relay.ask("version")["generation"] == generation
    assert clients.seen_by_tls(bed, 1, "ipv4")["address"].startswith("203.0.113.")


def test_a_bad_file_at_start(bed, tmp_path):
    """Neither daemon starts from a file that is wrong; the sentence names the place."""
    bad = tmp_path / "bad.toml"
    bad.write_text("[node]\nname = 7\n")
    for name in ("cfr-dataplane", "cfr-control"):
        done = run("ip", "netns", "exec", bed.network.relay, bed.relay.program(name), "--config", str(bad),
                   "--runtime_dir", str(tmp_path), *(["--state_dir", str(tmp_path / "s")] if name == "cfr-control" else []), check=False)
        assert done.returncode == 4 and f"{bad}:2:" in done.stderr, done.stderr
