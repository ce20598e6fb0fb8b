# SPDX-License-Identifier: BSD-3-Clause
"""Prints the frames of an interface that a tcpdump expression wants, each as a line of hexadecimal digits.

The kernel filters, so that nothing is overlooked under load. tcpdump only compiles the expression: in a user
namespace it fails to give up the rights it has there.
"""

import ctypes
import socket
import struct
import subprocess
import sys

_SO_ATTACH_FILTER = 26
_ETH_P_ALL = 3


def record(interface, expression):
    program = subprocess.run(["tcpdump", "-y", "EN10MB", "-ddd", expression], capture_output=True, text=True, check=True).stdout
    instructions = [tuple(map(int, line.split())) for line in program.splitlines()[1:]]
    code = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *i) for i in instructions))
    s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
    s.setsockopt(socket.SOL_SOCKET, _SO_ATTACH_FILTER, struct.pack("HL", len(instructions), ctypes.addressof(code)))
    s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8 << 20)
    s.bind((interface, _ETH_P_ALL))
    print("recording", flush=True)
    while True:
        print(s.recv(65536).hex(), flush=True)


if __name__ == "__main__":
    record(*sys.argv[1:])
