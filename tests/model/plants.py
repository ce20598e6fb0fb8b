# SPDX-License-Identifier: BSD-3-Clause
"""Mistakes to put into the model: whoever compares must see each of them, or the comparison is worth nothing."""

import contextlib
from unittest.mock import patch

import answers
import icmp_errors
import parse
import tcp_machine
import tcp_options
from datagrams import Datagrams
from relay_model import RelayModel


def settings_with(**changes):
    """The model reads other settings than the product."""
    original = RelayModel.apply

    def apply(self, config):
        original(self, config | {"settings": config["settings"] | {name.replace("__", "."): value for name, value in changes.items()}})
    return patch.object(RelayModel, "apply", apply)


def any_remote(original):
    """Filtering that forgets the remote's port."""
    def find(self, table, key):
        flow = original(self, table, key)
        if flow is None and table is self.inbound:
            return next((f for k, f in table.items() if k[:4] == key[:4]), None)
        return flow
    return find


def staged_too(original):
    def open_flow(self, p):
        for pool in self.pools:
            pool["state"] = "active" if pool["state"] == "staged" else pool["state"]
        return original(self, p)
    return open_flow


def last_fin_counts(flow, p, from_client, now):
    """A FIN of the server's counts at once."""
    if not from_client and p.kind == "tcp" and p.flags & tcp_machine.FIN and flow.state == "EST":
        tcp_machine.enter(flow, "SFIN", now)
    else:
        ADVANCE(flow, p, from_client, now)


def refreshed_by_anyone(flow, p, from_client, now):
    flow.last = now
    ADVANCE(flow, p, from_client, now)


ADVANCE = tcp_machine.advance
PLANTS = {
    "an answered UDP flow is kept no longer": lambda: patch.dict(tcp_machine.TIMER, answered="timers.udp_oneway"),
    "both FINs shorten nothing": lambda: patch.dict(tcp_machine.TIMER, BOTHFIN="timers.tcp_established"),
    "an exact RST shortens nothing": lambda: patch.dict(tcp_machine.TIMER, TRANS="timers.tcp_established"),
    "a FIN from the core counts unacknowledged": lambda: patch.object(tcp_machine, "advance", last_fin_counts),
    "the remote keeps a flow alive": lambda: patch.object(tcp_machine, "advance", refreshed_by_anyone),
    "any port of the remote may answer": lambda: patch.object(RelayModel, "find", any_remote(RelayModel.find)),
    "an epoch key changes no alias": lambda: patch.object(RelayModel, "advance_epoch", lambda self: setattr(self, "key", self.key + 1)),
    "staged pools are drawn from": lambda: patch.object(RelayModel, "open", staged_too(RelayModel.open)),
    "the quarantine is twice as long": lambda: settings_with(timers__port_quarantine=400),
    "one flow more than the quota": lambda: settings_with(limits__flows_per_subscriber_v4=9),
    "the TTL is not capped": lambda: settings_with(scrub__ttl_cap=255),
    "DSCP stays": lambda: settings_with(scrub__dscp=False),
    "the id of an atomic datagram stays": lambda: settings_with(scrub__ipv4_id=False),
    "the flow label stays": lambda: settings_with(scrub__flow_label=False),
    "MSS is not clamped": lambda: settings_with(scrub__mss_clamp_v4=65535),
    "timestamps stay": lambda: settings_with(scrub__tcp_timestamps="keep"),
    "Fast Open stays": lambda: patch.object(tcp_options, "FAST_OPEN", 35),
    "overlapping fragments are repetitions": lambda: patch.object(Datagrams, "fit", lambda self, p, now: None),
    "early fragments wait a second longer": lambda: settings_with(timers__frag_hold=6),
    "options of an IPv6 chain pass": lambda: patch.object(parse, "is_zero_padding", lambda options: True),
    "pools may be addressed from the access side": lambda: patch.object(RelayModel, "in_pool", lambda self, address: False),
    "a quote keeps its length outbound": lambda: patch.object(icmp_errors, "QUOTE_MAX", 548),
    "errors about errors are relayed": lambda: patch.object(icmp_errors, "ERRORS", {4: (), 6: ()}),
    "nobody hears of an expired packet": lambda: patch.dict(answers.SAID, ttl_expired={}),
    "answers have no rate": lambda: settings_with(icmp__answers_per_receiver=10**6, icmp__answers_per_second=10**6),
}


@contextlib.contextmanager
def planted(name):
    with PLANTS[name]():
        yield
