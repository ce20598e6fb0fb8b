# SPDX-License-Identifier: BSD-3-Clause
"""A frame of a program, described so that it can be made again when the program has become shorter and aliases
are other ones."""

import struct

import frames as f
from frames import ICMP, TCP, UDP


class Recipe:
    """`fields` of the packet, what is `wrong` about it, the flow whose alias it names, and which `part` of it this
    frame is: first byte, end, whether more follow."""

    def __init__(self, side, fields, wrong, flow=None, part=None):
        self.side, self.fields, self.wrong, self.part = side, fields, wrong, part
        self.flow = flow and (flow.key, flow.alias, flow.aport)

    def frame(self, model):
        fields = self.fields
        now = model.outbound.get(self.flow[0]) if self.flow else None
        if now is not None and fields["destination"] == self.flow[1]:
            fields = fields | {"destination": now.alias, "dport": (fields["dport"] + now.aport - self.flow[2]) % 65536}
        return packet_frame(self.side, fields, self.wrong, self.part)


class ErrorRecipe:
    """An ICMP error with `outer` fields about a packet with `quoted` ones, of which `kept` bytes behind the IP header are
    given back, and objects of so many bytes."""

    def __init__(self, side, outer, quoted, flow, kept, objects):
        self.side, self.fields, self.quoted, self.kept, self.objects = side, outer, quoted, kept, objects
        self.wrong, self.quoted_wrong, self.part = {}, {}, None
        self.flow = (flow.key, flow.alias, flow.aport)

    def frame(self, model):
        now, outer, quoted = model.outbound.get(self.flow[0]), self.fields, self.quoted
        if now is not None and self.side == "core":
            outer, quoted = (self.renamed(fields, now, "destination" if fields is outer else "source", "sport") for fields in (outer, quoted))
        other = "core" if self.side == "access" else "access"
        packet = ip_packet(other, quoted, self.quoted_wrong, None)
        header = 20 if quoted["version"] == 4 else 40
        body = packet[:header + self.kept] + bytes(self.objects)
        return packet_frame(self.side, outer | {"payload": body}, self.wrong, None)

    def renamed(self, fields, now, name, port):
        if fields[name] != self.flow[1]:
            return fields
        return fields | {name: now.alias, port: (fields[port] + now.aport - self.flow[2]) % 65536}


class Verbatim:
    """A frame that names no alias."""

    def __init__(self, bytes_):
        self.bytes = bytes_

    def frame(self, _):
        return self.bytes


def packet_frame(side, d, wrong, part):
    return ethernet_frame(side, d["version"], ip_packet(side, d, wrong, part), d.get("tags", b""), wrong)


def ip_packet(side, d, wrong, part):
    version, segment = d["version"], transport(side, d, wrong)
    header = {k: v for k, v in wrong.items() if k in ("version", "words", "total", "error")}
    frag, chain = d["frag"], list(d.get("chain", ()))
    if part is not None:
        start, end, more = part
        segment, frag = segment[start:end], start // 8 | more << 13
        chain.append((44, b"\0" + struct.pack(">HI", start & ~7 | more, d["ident"])))
    if version == 4:
        return f.ipv4(d["source"], d["destination"], d["protocol"], segment, d["ttl"], d["tc"], d["ident"], frag,
                      d.get("options", b""), **header)
    return f.ipv6(d["source"], d["destination"], d["protocol"], segment, d["ttl"], d["tc"], d["label"], chain, **header)


def transport(side, d, wrong):
    version, protocol = d["version"], d["protocol"]
    if protocol == TCP:
        segment = f.tcp(d["sport"], d["dport"], d["flags"], d["seq"], d["ack"], d["payload"], d.get("tcp_options", b""), d.get("words"))
    elif protocol == UDP:
        segment = f.udp(d["sport"], d["dport"], d["payload"], d.get("udp_length"))
    elif protocol == ICMP[version]:
        identifier = d["sport"] if side == "access" else d["dport"]
        rest = struct.pack(">I", d["rest"]) if "rest" in d else identifier.to_bytes(2, "big") + b"\0\1"
        segment = f.icmp(d["kind"], d.get("code", 0), rest, d["payload"])
    else:
        segment = d["payload"]
    segment = f.with_sum(version, d["source"], d["destination"], protocol, segment, d.get("error", 0))
    if "sum" in wrong and len(segment) >= 20:
        at = f.sum_offset(protocol)
        segment = segment[:at] + wrong["sum"].to_bytes(2, "big") + segment[at + 2:]
    return segment


def ethernet_frame(side, version, packet, tags, wrong):
    station = bytes((2, 0, 0, 0, 0, 0x10 + (side == "core")))
    ethertype = wrong.get("ethertype", 0x0800 if version == 4 else 0x86DD)
    frame = (wrong.get("to", f.PORT_MAC[side]) + wrong.get("station", station) + wrong.get("tags", tags) +
             struct.pack(">H", ethertype) + packet + wrong.get("trailer", b""))
    for where, bit in wrong.get("bits", ()):
        at = 12 + int(where * (len(frame) - 12))
        frame = frame[:at] + bytes((frame[at] ^ 1 << bit,)) + frame[at + 1:]
    return frame[:wrong.get("cut", len(frame))]
