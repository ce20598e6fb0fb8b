# SPDX-License-Identifier: BSD-3-Clause
"""Looks at the core link, from the CFS, for what must not be there: a subscriber's address or MAC.

Kept are frames from or to a subscriber, of which there may be none, and every ARP and ICMP frame, none of
which may quote one.
"""

import ipaddress
import os
import signal
import subprocess
import tempfile

from . import network
from .processes import Failed, run, wait_until


_RECORDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "frame_recorder.py")


def subscriber_secrets(bed):
    """Every subscriber's addresses and MAC, as bytes that no core frame may hold."""
    secrets = {}
    for n, namespace in enumerate(bed.network.subscribers, 1):
        mac = run("ip", "netns", "exec", namespace, "cat", "/sys/class/net/sub0/address").stdout.strip()
        secrets[f"sub{n} MAC"] = bytes.fromhex(mac.replace(":", ""))
        for family in network.CFS:
            secrets[f"sub{n} {family}"] = ipaddress.ip_address(network.subscriber_address(n, family)).packed
    return secrets


class CoreWatch:
    def __init__(self, bed):
        self._secrets = subscriber_secrets(bed)
        macs = [":".join(f"{b:02x}" for b in s) for name, s in self._secrets.items() if name.endswith("MAC")]
        wanted = " or ".join([f"net {network.ACCESS_V4}.0/24", f"net {network.ACCESS_V6}/64", "arp", "icmp", "icmp6",
                              *(f"ether host {mac}" for mac in macs)])
        with tempfile.NamedTemporaryFile("w", dir=bed.directory, prefix="core_watch.", delete=False) as file:
            self._file = file.name
            self._process = subprocess.Popen(["ip", "netns", "exec", bed.network.cfs, "/usr/bin/python3", _RECORDER, "cfs0", wanted],
                                             stdout=file)
        wait_until(lambda: self._lines() or self._process.poll() is not None, "watch on the core link")
        if self._process.poll() is not None:
            raise Failed("the core link cannot be watched")

    def finish(self):
        """Frames kept, and sentences about leaks."""
        if self._process.poll() is not None:
            raise Failed("the watch on the core link ended by itself")
        self._process.send_signal(signal.SIGTERM)
        self._process.wait(10)
        frames = self.frames()
        return len(frames), [f"{name} in {frame[:80].hex()}" for frame in frames for name, secret in self._secrets.items()
                             if secret in frame]

    def frames(self):
        """Those kept so far."""
        return [bytes.fromhex(line) for line in self._lines()[1:]]

    def _lines(self):
        with open(self._file) as file:
            return file.read().splitlines()

