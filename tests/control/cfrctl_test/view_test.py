# SPDX-License-Identifier: BSD-3-Clause
"""Commands that only show, epoch advance, doctor, and what each socket gives."""

import json
import os

import pytest

from daemons import CONFIG, NOBODY, cfrctl, commands

VIEWS = [("geofeed", "export"), ("privacy", "show"), ("epoch", "show"), ("flow", "stats"), ("worker", "list"), ("port", "list"), ("counters",),
         ("counters", "--all"), ("counters", "--explain"), ("counters", "--worker", "0"), ("health",), ("version",),
         ("pool", "list"), ("pool", "show", "milan")]
FULL_ONLY = [("config", "export"), ("config", "plan", "FILE"), ("config", "apply", "FILE"), ("pool", "del", "milan"),
             ("pool", "add", "x", "--region", "IT-62", "--prefix", "203.0.113.192/28"), ("pool", "drain", "milan"),
             ("pool", "undrain", "milan"), ("pool", "merge", "milan"), ("pool", "unmerge", "milan"), ("epoch", "advance"),
             ("flow", "list")]


def test_every_view_on_both_sockets(relay, schema):
    for words in VIEWS:
        name = " ".join(words[:2] if tuple(words[:2]) in commands() else words[:1])
        for socket in ("control.sock", "readonly.sock"):
            text = relay.ctl(*words, socket=socket)
            assert text.code == 0 and text.stdout and text.stderr == "", text
            assert all(line == line.rstrip() for line in text.stdout.splitlines()), text
            schema.result(name, relay.ask(*words, socket=socket))


def test_the_read_only_socket_is_read_only(relay, schema):
    for words in FULL_ONLY:
        words = [relay.file if w == "FILE" else w for w in words]
        result = relay.ctl(*words, socket="readonly.sock")
        assert (result.code, result.stdout) == (1, ""), result
        assert "is not for the read-only socket" in result.stderr and "use control.sock" in result.stderr
        schema.error(relay.ask(*words, socket="readonly.sock"), 1, "failed")
    pairs = ("pool", "geofeed", "privacy", "epoch", "flow", "worker", "port")
    covered = {" ".join(words[:2]) for words in FULL_ONLY} | {" ".join(w[:2]) if w[0] in pairs else w[0] for w in VIEWS}
    local = {"config check", "geofeed check", "privacy watch", "privacy size", "record keygen", "record open", "record check", "doctor",
             "completion bash", "reference"}
    assert covered | local == {" ".join(c) for c in commands()}
    assert relay.ask("version").json()["generation"] == 1


def test_epoch_advance(relay, schema):
    assert relay.ask("epoch", "show").json()["key_version"] == 1
    assert schema.result("epoch advance", relay.ask("epoch", "advance"))["key_version"] == 2
    shown = schema.result("epoch show", relay.ask("epoch", "show"))
    assert (shown["key_version"], shown["advances"], shown["length_seconds"]) == (2, 2, 3600)
    assert relay.ctl("epoch", "advance").stdout == "changed, key version 3\n"


def test_privacy_without_flows(relay, schema):
    shown = schema.result("privacy show", relay.ask("privacy", "show"))
    assert shown["verdict"] == "not yet: too few samples" and shown["openings"] == {"taken": 0, "refused": 0, "lost": 0}
    assert [p["active_subscribers"] for p in shown["pools"]] == [0] * len(shown["pools"]) != []
    assert relay.ctl("privacy", "show").stdout.startswith("profile CFR-U1: not yet: too few samples\n")


def test_privacy_watch_shows_it_again(relay, schema):
    watched = relay.ctl("--json", "privacy", "watch", "--count", "2", "--interval", "1s")
    assert watched.code == 0
    lines = watched.stdout.splitlines()
    assert len(lines) == 2
    for line in lines:
        schema.validate("privacy watch", json.loads(line))


def test_flow_list_without_flows(relay, schema):
    assert schema.result("flow list", relay.ask("flow", "list")) == {"schema_version": 1, "flows": [], "truncated": False}
    assert relay.ctl("flow", "list").stdout.split()[0] == "subscriber"
    for words, message in [(("--proto", "sctp"), "'sctp' is no protocol"), (("--subscriber", "10.0.0.0/33"), "is no address or prefix"),
                           (("--subscriber", "10.10.0.1/24"), "is no address or prefix")]:
        assert message in schema.error(relay.ask("flow", "list", *words), 2, "usage")["message"]
    schema.error(relay.ask("flow", "list", "--pool", "nope"), 1, "failed")


def test_a_worker_that_is_not_there(relay, schema):
    assert "there is no worker 1" in schema.error(relay.ask("counters", "--worker", "1"), 2, "usage")["message"]
    schema.error(relay.ask("counters", "--explain", "--worker", "1"), 2, "usage")


def test_null_ports_receive_nothing(relay):
    for port in relay.ask("port", "list").json()["ports"]:
        assert (port["driver"], port["received"], port["link_up"]) == ("net_null", 0, True)
    assert relay.ask("worker", "list").json()["workers"][0]["received"] == 0


def test_counters_all_has_every_row(relay):
    few = relay.ask("counters").json()
    every = relay.ask("counters", "--all").json()
    meanings = relay.ask("counters", "--explain").json()["meanings"]
    assert set(every["inbound"]["drops"]) == set(meanings["drops"])
    assert set(every["inbound"]["counters"]) == set(meanings["counters"])
    assert set(few["inbound"]["drops"]) < set(every["inbound"]["drops"])


def test_without_a_dataplane(control_only, schema):
    for words in (("flow", "stats"), ("flow", "list"), ("worker", "list"), ("port", "list"), ("counters",), ("epoch", "advance")):
        error = schema.error(control_only.ask(*words), 1, "failed")
        assert error["message"].startswith("no dataplane is attached"), words
        assert "cfr-dataplane" in error["hint"]
    result = control_only.ask("health")
    assert result.code == 1 and schema.result("health", result)["healthy"] is False
    assert schema.result("epoch show", control_only.ask("epoch", "show"))["key_version"] is None
    assert "cfr-dataplane  not attached" in control_only.ctl("version").stdout
    result = control_only.ctl("counters", "--explain")
    assert result.code == 0 and "no dataplane is attached" in result.stderr


def test_doctor_of_a_sound_relay(relay, schema):
    report = schema.result("doctor", relay.ask("doctor", "--config", relay.file))
    bad = [c for c in report["checks"] if not c["ok"] and c["check"] != "memlock"]
    assert bad == []
    checks = [c["check"] for c in report["checks"]]
    assert {"config", "cfr-control", "dataplane", "lease", "running config"} <= set(checks)


def test_doctor_finds_what_is_wrong(control_only, schema):
    control_only.configure(CONFIG.replace("null = true", 'netdev = "nowhere0"', 1))
    result = control_only.ask("doctor", "--config", control_only.file)
    assert result.code == 1
    bad = {c["check"]: c for c in schema.result("doctor", result)["checks"] if not c["ok"]}
    assert bad["port access"]["text"] == "no interface 'nowhere0' here"
    assert bad["dataplane"]["fix"] == f"cfr-dataplane --config {control_only.file}"
    assert bad["running config"]["fix"] == f"cfrctl config plan {control_only.file}"
    text = control_only.ctl("doctor", "--config", control_only.file)
    assert text.code == 1
    assert "BAD  port access" in text.stdout and "run: cfr-dataplane --config" in text.stdout
    control_only.configure("[nod]\n")
    bad = control_only.ctl("doctor", "--config", control_only.file)
    assert f"{control_only.file}:1:1: error: unknown table 'nod'" in bad.stdout


def test_doctor_without_anything(directory, schema):
    result = cfrctl("--json", "--socket", f"{directory}/none.sock", "doctor", "--config", f"{directory}/none.toml")
    assert result.code == 1
    bad = [c["check"] for c in schema.result("doctor", result)["checks"] if not c["ok"]]
    assert {"config", "cfr-control"} <= set(bad)


@pytest.mark.skipif(os.getuid() != 0, reason="only root can become somebody else")
def test_everybody_may_read_and_nobody_else_more(relay, schema):
    stranger = {"user": NOBODY, "group": NOBODY, "extra_groups": []}
    assert relay.ctl("health", socket="readonly.sock", **stranger).code == 0
    result = relay.ctl("health", **stranger)
    assert result.code == 3
    assert "Permission denied" in result.stderr and "readonly.sock" in result.stderr
    schema.error(relay.ask("health", **stranger), 3, "unreachable")
    assert os.stat(relay.socket()).st_mode & 0o777 == 0o660
    assert os.stat(relay.socket("readonly.sock")).st_mode & 0o777 == 0o666
