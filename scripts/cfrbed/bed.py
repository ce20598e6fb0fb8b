# SPDX-License-Identifier: BSD-3-Clause
"""A bed as a whole: network, relay and CFS, remembered in one directory."""

import json
import os
import shutil

from . import network
from .cfs import H3_PORT, HOST, TLS_PORT, Cfs
from .network import Network
from .processes import Failed, is_running
from .relay import Relay, configuration

ROOT = "/run/cfr-bed"


class Bed:
    def __init__(self, name="cfr"):
        self.name, self.directory = name, os.path.join(ROOT, name)
        self._notes_file = os.path.join(self.directory, "processes.json")
        self.notes = {}
        if os.path.exists(self._notes_file):
            with open(self._notes_file) as file:
                self.notes = json.load(file)
        self.network = Network(name)
        self.relay = Relay(self.network, self.directory, self.notes, self._save)
        self.cfs = Cfs(self.network, self.directory, self.notes, self._save)

    def exists(self):
        return os.path.exists(self.directory) or self.network.exists()

    def up(self, workers=1, extra="", relay=True, cfs=True):
        """Everything, ready when it returns; nothing is left if it fails."""
        if self.exists():
            raise Failed(f"a bed '{self.name}' stands already; scripts/bed --name {self.name} down")
        os.makedirs(self.directory, mode=0o755)
        try:
            self.network.up()
            if cfs:
                self.cfs.start()
            self.relay.configure(configuration(workers, extra))
            if relay:
                self.relay.start()
        except BaseException:
            self.down()
            raise

    def restart_relay(self, workers=1, extra="", replace=()):
        """The relay anew, without any memory; `replace`: pairs of texts in the plain configuration."""
        self.relay.stop()
        self.relay.forget_state()
        text = configuration(workers, extra)
        for former, latter in replace:
            if former not in text:
                raise Failed(f"{former!r} is not in the configuration of a bed")
            text = text.replace(former, latter)
        self.relay.configure(text)
        self.relay.start()

    def restore(self):
        """The plain relay again, if a test left another one or none."""
        running = all(name in self.notes and is_running(self.notes[name]) for name in ("cfr-dataplane", "cfr-control"))
        plain = configuration()
        self.relay.configure(plain)
        if not running or self.relay.ask("config", "plan", self.relay.file)["changes"]:
            self.restart_relay()

    def down(self):
        self.relay.stop()
        self.cfs.stop()
        self.network.down()
        shutil.rmtree(self.directory, ignore_errors=True)
        if os.path.isdir(ROOT) and not os.listdir(ROOT):
            os.rmdir(ROOT)

    def status(self):
        """Names, interfaces, addresses and sockets, for people and for tests that others write."""
        addresses = network.subscriber_address
        return {
            "name": self.name, "directory": self.directory,
            "subscribers": [{"namespace": namespace, "interface": "sub0", "ipv4": addresses(n, "ipv4"),
                             "ipv6": addresses(n, "ipv6")} for n, namespace in enumerate(self.network.subscribers, 1)],
            "access": {"namespace": self.network.access, "bridge": "br0"},
            "relay": {"namespace": self.network.relay, "interfaces": {"access": "acc0", "core": "core0"},
                      "addresses": network.RELAY, "pools": network.POOLS, "configuration": self.relay.file,
                      "control_socket": self.relay.socket,
                      "readonly_socket": os.path.join(self.relay.runtime, "readonly.sock"),
                      "dataplane_socket": os.path.join(self.relay.runtime, "dataplane.sock")},
            "cfs": {"namespace": self.network.cfs, "interface": "cfs0", **network.CFS, "host": HOST, "tls_port": TLS_PORT,
                    "h3_port": H3_PORT, "certificate": self.cfs.certificate},
            "processes": {name: {"pid": note["pid"], "running": is_running(note), "log": note["log"]}
                          for name, note in self.notes.items()},
        }

    def _save(self):
        if not os.path.isdir(self.directory):
            return
        with open(self._notes_file + ".new", "w") as file:
            json.dump(self.notes, file, indent=1)
        os.rename(self._notes_file + ".new", self._notes_file)
