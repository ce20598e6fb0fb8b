# SPDX-License-Identifier: BSD-3-Clause
"""Namespaces, links and addresses of a bed."""

import os

from .processes import run

SUBSCRIBERS = 3
ACCESS_V4, ACCESS_V6 = "10.10.0", "fd10::"
RELAY = {"access": {"ipv4": "10.10.0.1", "ipv6": "fd10::1"}, "core": {"ipv4": "198.18.0.1", "ipv6": "2001:db8:5::1"}}
CFS = {"ipv4": "198.18.0.2", "ipv6": "2001:db8:5::2"}
POOLS = {"ipv4": "203.0.113.0/28", "ipv6": "2001:db8:cf::/64"}
KERNEL_POOLS = {"ipv4": "203.0.113.1-203.0.113.14", "ipv6": "2001:db8:cf::1-2001:db8:cf::ffff"}
ROUTED = {"ipv4": "203.0.113.0/24", "ipv6": "2001:db8:cf::/48"}  # by the CFS to the relay; pools may lie in it


def subscriber_address(number, family):
    return f"{ACCESS_V4}.{10 + number}" if family == "ipv4" else f"{ACCESS_V6}{10 + number}"


class Network:
    def __init__(self, name):
        self.name = name
        self.subscribers = [f"{name}-sub{n}" for n in range(1, SUBSCRIBERS + 1)]
        self.access, self.relay, self.cfs = f"{name}-access", f"{name}-relay", f"{name}-cfs"

    @property
    def namespaces(self):
        return [*self.subscribers, self.access, self.relay, self.cfs]

    def exists(self):
        return any(os.path.exists(f"/run/netns/{n}") for n in self.namespaces)

    def up(self):
        for namespace in self.namespaces:
            run("ip", "netns", "add", namespace)
            run("ip", "-n", namespace, "link", "set", "lo", "up")
        run("ip", "-n", self.access, "link", "add", "br0", "type", "bridge", "mcast_snooping", "0")
        run("ip", "-n", self.access, "link", "set", "br0", "up")
        for n, namespace in enumerate(self.subscribers, 1):
            self._link(namespace, "sub0", self.access, f"line{n}")
            run("ip", "-n", self.access, "link", "set", f"line{n}", "master", "br0")
        self._link(self.relay, "acc0", self.access, "uplink")
        run("ip", "-n", self.access, "link", "set", "uplink", "master", "br0")
        self._link(self.relay, "core0", self.cfs, "cfs0")
        for n, namespace in enumerate(self.subscribers, 1):
            self._address(namespace, "sub0", subscriber_address(n, "ipv4") + "/24", subscriber_address(n, "ipv6") + "/64")
            run("ip", "-n", namespace, "route", "add", "default", "via", RELAY["access"]["ipv4"])
            run("ip", "-n", namespace, "-6", "route", "add", "default", "via", RELAY["access"]["ipv6"])
        self._address(self.cfs, "cfs0", CFS["ipv4"] + "/24", CFS["ipv6"] + "/64")
        run("ip", "-n", self.cfs, "route", "add", ROUTED["ipv4"], "via", RELAY["core"]["ipv4"])
        run("ip", "-n", self.cfs, "-6", "route", "add", ROUTED["ipv6"], "via", RELAY["core"]["ipv6"])
        self.give_to_relay()

    def down(self):
        for namespace in self.namespaces:
            run("ip", "netns", "del", namespace, check=False)

    def give_to_relay(self):
        """The relay owns its interfaces: the kernel keeps no address there, forwards and translates nothing."""
        run("ip", "netns", "exec", self.relay, "nft", "flush", "ruleset")
        for device in ("acc0", "core0"):
            run("ip", "-n", self.relay, "addr", "flush", "dev", device)
            self.sysctl(self.relay, f"net.ipv6.conf.{device}.disable_ipv6=1")
        self.sysctl(self.relay, "net.ipv4.ip_forward=0", "net.ipv6.conf.all.forwarding=0")

    def give_to_kernel(self, pools=KERNEL_POOLS, how="random"):
        """The kernel's own NAT in the relay's place; `how`: nft's words after the pool."""
        self.sysctl(self.relay, "net.ipv4.ip_forward=1", "net.ipv6.conf.all.forwarding=1")
        for device, side in (("acc0", "access"), ("core0", "core")):
            self.sysctl(self.relay, f"net.ipv6.conf.{device}.disable_ipv6=0")
            self._address(self.relay, device, RELAY[side]["ipv4"] + "/24", RELAY[side]["ipv6"] + "/64")
        for family, cfs in CFS.items():
            run("ip", "-n", self.relay, "-6" if family == "ipv6" else "-4", "route", "replace", "default", "via", cfs)
            # What is for no flow of a pool ends here, instead of going back by that route.
            run("ip", "-n", self.relay, "route", "replace", "blackhole", ROUTED[family])
        rules = f"""
table inet contrast {{
  chain post {{
    type nat hook postrouting priority srcnat; policy accept;
    oifname "core0" ip saddr {ACCESS_V4}.0/24 snat ip to {pools['ipv4']} {how}
    oifname "core0" ip6 saddr {ACCESS_V6}/64 snat ip6 to {pools['ipv6']} {how}
  }}
}}
"""
        run("ip", "netns", "exec", self.relay, "nft", "-f", "-", input=rules)

    def sysctl(self, namespace, *settings):
        run("ip", "netns", "exec", namespace, "sysctl", "-qw", *settings)

    def _link(self, namespace, device, peer_namespace, peer):
        run("ip", "link", "add", device, "netns", namespace, "type", "veth", "peer", "name", peer, "netns", peer_namespace)
        for where, what in ((namespace, device), (peer_namespace, peer)):
            # A raw port hands on what it gets: endpoints must send finished checksums and single packets.
            run("ip", "netns", "exec", where, "ethtool", "-K", what, "tx", "off", "tso", "off", "gso", "off", "gro", "off",
                "rxvlan", "off", "txvlan", "off", check=False)
            run("ip", "-n", where, "link", "set", what, "up")

    def _address(self, namespace, device, *addresses):
        for address in addresses:
            options = ["nodad"] if ":" in address else []
            run("ip", "-n", namespace, "addr", "add", address, "dev", device, *options)
