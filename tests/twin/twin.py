# SPDX-License-Identifier: BSD-3-Clause
"""Holds the same conversations in both worlds, event by event, and pairs what arrived."""

import ipaddress
import itertools
import time

from cfrbed import network
from cfrbed.processes import Failed
from comparison import error_type, normal, reassembled, timestamps, told, transport_of
from conversations import Conversation, Ends, udp_event
from frames import ECHO, ICMP, REPLY, TCP, UDP
from worlds import addresses

WAIT_SECONDS = 20  # for a barrier, however busy the machine
AT_ONCE = 60       # conversations
_LOOK = {"ttl": 64, "tc": 0, "ident": 1, "frag": 0x4000, "label": 0}
_RELAY = {ipaddress.ip_address(a).packed for side in network.RELAY.values() for a in side.values()}


class Side:
    """All conversations in one world."""

    def __init__(self, world, conversations):
        self.world = world
        self.conversations = {c.number: c for c in conversations}
        self.ends = {c.number: Ends(c, *addresses(c.family, c.subscriber)) for c in conversations}
        # What is sent behind everything else and arrives behind everything else: flows of each subscriber.
        self.barriers = [Conversation(-n, family, (n - 1) % network.SUBSCRIBERS + 1, "barrier", [])
                         for n, family in enumerate(network.SUBSCRIBERS * ["ipv4"] + network.SUBSCRIBERS * ["ipv6"], 1)]
        for barrier in self.barriers:
            self.conversations[barrier.number] = barrier
            self.ends[barrier.number] = Ends(barrier, *addresses(barrier.family, barrier.subscriber))
        self.rounds = 0
        self.until_barrier()  # from here on all stations are known

    def hold(self, spoken):
        """One event of each conversation in `spoken`, pairs of number and event. Answers what was sent, what arrived and
        at which end, both by conversation, and what the relay said in its own name."""
        sent, arrived, said = {}, {number: [] for number, _ in spoken}, []
        for number, event in spoken:
            sent[number] = event.make(self.ends[number])
            for packet in sent[number]:
                self.send(number, event.side, packet)
        for end, packet in reassembled_ends(self.until_barrier()):
            number = self.conversation_of(end, packet)
            if transport_of(packet)[1] in _RELAY:
                said.append(packet)
            elif number in arrived:
                arrived[number].append((end, packet))
            elif number is not None:
                raise Failed(f"a packet of conversation {number} arrived out of its turn in {type(self.world).__name__}")
        for number, event in spoken:
            for end, packet in arrived[number]:
                if not is_sender(end, event):
                    self.remember(number, event.side, packet)
        return sent, arrived, said

    def send(self, number, side, packet):
        self.world.send(0 if side == "server" else self.conversations[number].subscriber, packet)

    def until_barrier(self):
        """Everything that arrives before the last barrier does."""
        self.rounds += 1
        mark, arrived = b"barrier %d" % self.rounds, []
        for side in ("client", "server"):
            missing = {barrier.number for barrier in self.barriers}
            for number in missing:
                self.send(number, side, udp_event(side, mark, _LOOK).make(self.ends[number])[0])
            end = time.monotonic() + WAIT_SECONDS
            while missing:
                if time.monotonic() > end:
                    raise Failed(f"barriers {missing} of {side} did not arrive in {type(self.world).__name__}")
                for place, packet in self.world.receive(1):
                    number = self.conversation_of(place, packet)
                    if number is not None and number < 0 and b"barrier " in packet:  # a fragment's bytes may look like it
                        if packet.endswith(mark) and (place == 0) == (side == "client"):
                            missing.discard(number)
                            self.remember(number, side, packet)
                    else:
                        arrived.append((place, packet))
        return arrived

    def remember(self, number, side, packet):
        """What the hearing side learns from a packet."""
        ends = self.ends[number]
        version, source, _, protocol, l4 = transport_of(packet)
        if not error_type(packet):
            ends.heard["server" if side == "client" else "client"] = packet
        if side == "server" or error_type(packet):
            return
        if source != ends.client and ends.alias is None:
            at = l4 + (4 if protocol == ICMP[version] else 0)
            ends.alias, ends.aport = source, int.from_bytes(packet[at:at + 2], "big")
        clock = timestamps(packet[l4:]) if protocol == TCP else None
        if clock is not None:
            ends.clock = int.from_bytes(packet[l4 + clock:l4 + clock + 4], "big")

    def conversation_of(self, end, packet):
        """By the server's port or by the number in an echo's payload; of an error by what it quotes."""
        version, _, _, protocol, l4 = transport_of(packet)
        data = packet[l4:]
        if error_type(packet):
            return self.quoted(end, packet[l4 + 8:])
        if protocol in (TCP, UDP) and len(data) >= 4:
            return Conversation.number_of(int.from_bytes(data[2:4] if end == 0 else data[:2], "big"))
        if protocol == ICMP[version] and data[0] in (ECHO[version], REPLY[version]):
            return int.from_bytes(data[8:12], "big", signed=True)
        return None

    def quoted(self, end, packet):
        version, source, destination, protocol, l4 = transport_of(packet)
        data = packet[l4:]
        if protocol in (TCP, UDP):
            return Conversation.number_of(int.from_bytes(data[:2] if end == 0 else data[2:4], "big"))
        # The address belongs to it: two aliases may have the same identifier.
        echo = {source, destination}, int.from_bytes(data[4:6], "big")
        for number, ends in self.ends.items():
            own = (ends.alias, ends.aport) if end == 0 else (ends.client, ends.cport)
            if self.conversations[number].is_echo and echo == ({own[0], ends.server}, own[1]):
                return number
        return None


def is_sender(end, event):
    return (end == 0) == (event.side == "server")


def reassembled_ends(arrived):
    for end in range(network.SUBSCRIBERS + 1):
        for packet in reassembled([packet for place, packet in arrived if place == end]):
            yield end, packet


def chunks(conversations):
    """So few at a time that no queue of the kernel's is too short, however busy the machine."""
    return [conversations[start:start + AT_ONCE] for start in range(0, len(conversations), AT_ONCE)]


def compare(kernel, relay, conversations):
    """Yields event, conversation, and what arrived of it in each world in comparable form."""
    steps = range(max(len(c.events) for c in conversations))
    for step, some in itertools.product(steps, chunks(conversations)):
        spoken = [(c.number, c.events[step]) for c in some if step < len(c.events)]
        outcomes = [(side, *side.hold(spoken)) for side in (kernel, relay)]
        for number, event in spoken:
            forms = []
            for side, sent, arrived, _ in outcomes:
                original = sent[number][0] if event.side == "client" and sent[number] else None
                forms.append([told(packet) if is_sender(end, event) else normal(packet, side.ends[number], original, event.side)
                              for end, packet in arrived[number]])
            yield event, kernel.conversations[number], len(outcomes[0][1][number]), *forms
