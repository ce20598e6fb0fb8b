# SPDX-License-Identifier: BSD-3-Clause
"""Two beds with the same network: in one the kernel's NAT relays, in the other cfr-dataplane. Their links are
used through raw sockets, so that the test decides every byte; the hosts' own kernels keep still.

     sub1..3 -- access (bridge) -- acc0 RELAY core0 -- cfs0 CFS
"""

import ctypes
import os
import select
import shutil
import socket
import tempfile

from cfrbed import network
from cfrbed.network import Network
from cfrbed.processes import Failed, run
from cfrbed.relay import Relay, configuration

_CLONE_NEWNET = 0x40000000
_ETH_P_ALL = 3
_PACKET_OUTGOING = 4
_LIMITS = "[limits]\nnew_flows_burst = 100000\n"
_QUIET = """
table inet quiet {
  chain in { type filter hook input priority 0; policy drop;
             icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert } accept; }
}
"""


def socket_in(namespace, interface):
    """A raw socket on an interface of another namespace."""
    libc = ctypes.CDLL(None, use_errno=True)

    def enter(path):
        with open(path) as file:
            if libc.setns(file.fileno(), _CLONE_NEWNET) != 0:
                raise Failed(f"{path}: {os.strerror(ctypes.get_errno())}")

    with open("/proc/self/ns/net") as home:
        enter(f"/run/netns/{namespace}")
        try:
            s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(_ETH_P_ALL))
            s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 16 << 20)
            s.bind((interface, _ETH_P_ALL))
        finally:
            if libc.setns(home.fileno(), _CLONE_NEWNET) != 0:
                raise Failed("the way back into the own namespace is lost")
    s.setblocking(False)
    return s


def mac_of(namespace, interface):
    text = run("ip", "netns", "exec", namespace, "cat", f"/sys/class/net/{interface}/address").stdout
    return bytes.fromhex(text.strip().replace(":", ""))


class World:
    """One bed. Ends are the numbers of the subscribers and 0, the CFS."""

    def __init__(self, name):
        self.network = Network(name)
        if self.network.exists():
            self.network.down()
        try:
            self.open()
        except BaseException:
            self.network.down()
            raise

    def open(self):
        self.network.up()
        places = {0: (self.network.cfs, "cfs0", "core0")}
        places |= {n: (namespace, "sub0", "acc0") for n, namespace in enumerate(self.network.subscribers, 1)}
        for namespace, _, _ in places.values():
            run("ip", "netns", "exec", namespace, "nft", "-f", "-", input=_QUIET)
        self.sockets = {end: socket_in(namespace, interface) for end, (namespace, interface, _) in places.items()}
        self._ethernet = {end: mac_of(self.network.relay, towards) + mac_of(namespace, interface)
                          for end, (namespace, interface, towards) in places.items()}

    def send(self, end, packet):
        ethertype = b"\x08\x00" if packet[0] >> 4 == 4 else b"\x86\xdd"
        self.sockets[end].send(self._ethernet[end] + ethertype + packet)

    def receive(self, seconds):
        """Pairs of end and IP packet; an empty list when nothing came in time."""
        ready, _, _ = select.select(list(self.sockets.values()), [], [], seconds)
        arrived = []
        for end, s in self.sockets.items():
            while s in ready:
                try:
                    frame, (_, _, kind, _, _) = s.recvfrom(65536)
                except BlockingIOError:
                    break
                if kind != _PACKET_OUTGOING and frame[12:14] in (b"\x08\x00", b"\x86\xdd"):
                    arrived.append((end, whole_packet(frame[14:])))
        return arrived

    def close(self):
        for s in self.sockets.values():
            s.close()
        self.network.down()


def whole_packet(data):
    """Without what Ethernet put behind it."""
    return data[:int.from_bytes(data[2:4], "big")] if data[0] >> 4 == 4 else data[:40 + int.from_bytes(data[4:6], "big")]


class KernelWorld(World):
    """conntrack and nft, as an administrator would set them up."""

    def __init__(self, name):
        super().__init__(name)
        self.network.give_to_kernel()


class RelayWorld(World):
    """The product, with limits that a whole run at once does not reach."""

    def __init__(self, name):
        super().__init__(name)
        self.directory = tempfile.mkdtemp(prefix="cfr-twin-")
        self.relay = Relay(self.network, self.directory, {}, lambda: None)
        self.relay.configure(configuration().replace("[[subscribers]]", _LIMITS + "\n[[subscribers]]", 1))
        try:
            self.relay.start()
        except BaseException:
            self.close()
            raise

    def close(self):
        self.relay.stop()
        super().close()
        shutil.rmtree(self.directory)


def addresses(family, subscriber):
    """Those of a subscriber and of the CFS, as bytes."""
    kind = socket.AF_INET if family == "ipv4" else socket.AF_INET6
    return (socket.inet_pton(kind, network.subscriber_address(subscriber, family)), socket.inet_pton(kind, network.CFS[family]))
