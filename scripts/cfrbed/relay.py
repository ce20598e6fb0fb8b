# SPDX-License-Identifier: BSD-3-Clause
"""The relay of a bed: its configuration, its two daemons and cfrctl."""

import json
import os
import shutil
import signal

from . import network
from .processes import Failed, end, is_running, log_tail, run, start, wait_until

PROJECT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


def configuration(workers=1, extra=""):
    """What the daemons of a bed are started with. Timers and limits are the defaults."""
    return f"""[node]
name = "bed"
regions = ["XA-1"]

[port.access]
netdev = "acc0"
addresses = ["{network.RELAY['access']['ipv4']}/24", "{network.RELAY['access']['ipv6']}/64"]

[port.core]
netdev = "core0"
addresses = ["{network.RELAY['core']['ipv4']}/24", "{network.RELAY['core']['ipv6']}/64"]
gateway_v4 = "{network.CFS['ipv4']}"
gateway_v6 = "{network.CFS['ipv6']}"

[dataplane]
workers = {workers}
egress_allowed = ["{network.ROUTED['ipv4']}", "{network.ROUTED['ipv6']}"]

[[subscribers]]
prefix = "{network.ACCESS_V4}.0/24"
region = "XA-1"

[[subscribers]]
prefix = "{network.ACCESS_V6}/64"
per = 128
region = "XA-1"

[[pool]]
name = "bed-v4"
region = "XA-1"
prefixes = ["{network.POOLS['ipv4']}"]
small_crowd = true

[[pool]]
name = "bed-v6"
region = "XA-1"
prefixes = ["{network.POOLS['ipv6']}"]
{extra}"""


class Relay:
    """`notes` is where running processes are remembered; `save()` is called when it changed."""

    def __init__(self, bed_network, directory, notes, save, build=None):
        self.network, self.directory, self.notes, self.save = bed_network, directory, notes, save
        self.build = build or os.environ.get("CFR_BUILD", os.path.join(PROJECT, "build"))
        self.file = os.path.join(directory, "cfr.toml")
        self.runtime = os.path.join(directory, "run")
        self.state = os.path.join(directory, "state")
        self.socket = os.path.join(self.runtime, "control.sock")

    def program(self, name):
        path = os.path.join(self.build, "dataplane" if name == "cfr-dataplane" else "control", name)
        if not os.path.exists(path):
            raise Failed(f"{path} does not exist; run scripts/build first")
        return path

    def configure(self, text):
        with open(self.file, "w") as file:
            file.write(text)

    def start(self):
        self.start_dataplane()
        self.start_control()
        self.wait_healthy()

    def start_dataplane(self, wait=True):
        os.makedirs(self.runtime, mode=0o750, exist_ok=True)
        self._start("cfr-dataplane", ["--config", self.file, "--runtime_dir", self.runtime])
        if wait:
            self._wait("cfr-dataplane", lambda: os.path.exists(os.path.join(self.runtime, "dataplane.sock")))

    def start_control(self, wait=True):
        self._start("cfr-control", ["--config", self.file, "--runtime_dir", self.runtime, "--state_dir", self.state])
        if wait:
            self._wait("cfr-control", lambda: self.ctl("version", check=False).returncode == 0)

    def wait_healthy(self, seconds=15):
        wait_until(lambda: self.ctl("health", check=False).returncode == 0, "cfrctl health", seconds)

    def stop(self):
        for name in ("cfr-control", "cfr-dataplane"):
            if name in self.notes:
                end(self.notes[name])
                del self.notes[name]
        self.save()

    def forget_state(self):
        shutil.rmtree(self.state, ignore_errors=True)

    def kill(self, name):
        """As a crash would: no goodbye."""
        os.kill(self.notes[name]["pid"], signal.SIGKILL)
        wait_until(lambda: not is_running(self.notes[name]), f"death of {name}")

    def ctl(self, *arguments, check=True, timeout=30):
        """Runs cfrctl; .stdout holds what it says."""
        return run(self.program("cfrctl"), "--socket", self.socket, *arguments, check=check, timeout=timeout)

    def ask(self, *arguments):
        """What `cfrctl --json` says, as a value."""
        return json.loads(self.ctl("--json", *arguments).stdout)

    def _start(self, name, arguments):
        command = ["ip", "netns", "exec", self.network.relay, self.program(name), *arguments]
        self.notes[name] = start(command, os.path.join(self.directory, name + ".log"))
        self.save()

    def _wait(self, name, condition):
        def ready():
            if not is_running(self.notes[name]):
                raise Failed(f"{name} ended:\n{log_tail(self.notes[name])}")
            return condition()
        wait_until(ready, f"start of {name}")


