# SPDX-License-Identifier: BSD-3-Clause
"""The remotes of scripts/natprobe: prints a row of each datagram that arrives, until its sender says it is done."""

import selectors
import socket
import time

from flow_sender import END, FAMILIES, PORT


def listen(family):
    s = socket.socket(FAMILIES[family], socket.SOCK_DGRAM)
    if family == "ipv6":
        s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
    s.bind(("::" if family == "ipv6" else "0.0.0.0", PORT))
    return s


def main():
    sockets = selectors.DefaultSelector()
    for family in FAMILIES:
        sockets.register(listen(family), selectors.EVENT_READ)
    print("# time,subscriber,alias,port,remote", flush=True)
    running = len(FAMILIES)
    while running > 0:
        for key, _ in sockets.select():
            payload, (alias, port, *_) = key.fileobj.recvfrom(64)
            if payload == END:
                running -= 1
                continue
            subscriber, remote = payload.decode().split()
            print(f"{time.monotonic():.3f},{subscriber},{alias},{port},{remote}", flush=True)


if __name__ == "__main__":
    main()
