# SPDX-License-Identifier: BSD-3-Clause
"""pool list, show, add, del, drain, undrain."""

import json

NEW = ("pool", "add", "new", "--region", "IT-62", "--prefix", "203.0.113.192/28", "--prefix", "203.0.113.224/28")


def test_list_and_show(relay, schema):
    pools = schema.result("pool list", relay.ask("pool", "list"))["pools"]
    assert [(p["name"], p["state"], p["unit_states"]) for p in pools] == [("milan", "active", {"active": 4}), ("rome", "staged", {})]
    assert schema.result("pool show", relay.ask("pool", "show", "milan")) == {**pools[0], "schema_version": 1}
    lines = relay.ctl("pool", "list").stdout.splitlines()
    assert lines[0].split() == ["pool", "region", "state", "units", "flows", "prefixes"]
    assert lines[1].split() == ["milan", "IT-25", "active", "4", "active", "0", "203.0.113.0/28"]
    shown = relay.ctl("pool", "show", "milan").stdout
    assert all(unit["address"] in shown for unit in pools[0]["units"])


def test_no_such_pool(relay, schema):
    for verb in ("show", "drain", "undrain"):
        result = relay.ctl("pool", verb, "nope")
        assert (result.code, result.stdout) == (1, ""), result
        assert result.stderr == "cfrctl: no pool 'nope'\n  hint: cfrctl pool list\n"
        schema.error(relay.ask("pool", verb, "nope"), 1, "failed")


def test_add_and_del_are_idempotent(relay, schema):
    assert schema.result("pool add", relay.ask(*NEW)) == {"schema_version": 1, "changed": True, "generation": 2}
    again = relay.ask(*NEW)
    assert again.code == 0 and schema.result("pool add", again)["changed"] is False
    result = relay.ctl(*NEW, "--alias-units", "5")
    assert result.code == 5 and "another pool 'new' exists" in result.stderr
    schema.error(relay.ask(*NEW, "--answer-neighbours"), 5, "conflict")
    assert schema.result("pool del", relay.ask("pool", "del", "new"))["changed"] is True
    again = relay.ask("pool", "del", "new")
    assert again.code == 0 and schema.result("pool del", again)["changed"] is False
    assert schema.result("pool del", relay.ask("pool", "del", "never-there"))["changed"] is False


def test_what_a_file_must_not_say_a_command_must_not_either(relay, schema):
    for words, message in [
            (("a", "--region", "IT-99", "--prefix", "203.0.113.192/28"), "unknown region 'IT-99' (did you mean 'IT-25'?)"),
            (("a", "--region", "IT-62", "--prefix", "203.0.113.193/28"), "has host bits set"),
            (("a", "--region", "IT-62", "--prefix", "203.0.113.193"), "is no prefix"),
            (("a", "--region", "IT-62", "--prefix", "10.10.0.0/28"), ""),
            (("a", "--region", "IT-62", "--prefix", "203.0.113.0/28"), ""),
            (("a", "--region", "IT-62", "--prefix", "198.18.0.0/28"), "egress_allowed"),
            (("a b", "--region", "IT-62", "--prefix", "203.0.113.192/28"), "a name holds letters"),
            (('a"\n[[x]]', "--region", "IT-62", "--prefix", "203.0.113.192/28"), ""),
            (("", "--region", "IT-62", "--prefix", "203.0.113.192/28"), "'pool.name'")]:
        result = relay.ctl("pool", "add", *words)
        assert (result.code, result.stdout) == (4, ""), result
        assert message in result.stderr, result
        schema.error(relay.ask("pool", "add", *words), 4, "config")
    assert relay.ask("version").json()["generation"] == 1


def test_the_last_pool_of_a_region_stays(relay, schema):
    assert "no ipv4 pool" in schema.error(relay.ask("pool", "del", "milan"), 4, "config")["message"]


def test_drain_and_undrain(relay, schema):
    change = schema.result("pool drain", relay.ask("pool", "drain", "milan"))
    assert change == {"schema_version": 1, "changed": True, "generation": 2, "live_flows": 0}
    assert relay.ask("pool", "drain", "milan").json()["changed"] is False
    unhealthy = relay.ctl("health")
    assert unhealthy.code == 1 and "no active one for IT-25 ipv4" in unhealthy.stdout
    change = schema.result("pool undrain", relay.ask("pool", "undrain", "milan"))
    assert change["changed"] is True
    assert relay.ctl("health").code == 0
    assert relay.ask("pool", "undrain", "milan").json()["changed"] is False
    schema.error(relay.ask("pool", "undrain", "rome"), 5, "conflict")


def test_waiting_for_an_empty_pool_is_short(relay, schema):
    result = relay.ctl("pool", "drain", "milan", "--wait")
    assert (result.code, result.stderr) == (0, "")
    assert result.stdout == "changed, generation 2, live flows 0\nmilan: 0 flows left\n"
    result = relay.ask("pool", "drain", "milan", "--deadline", "1h")
    assert result.code == 0
    lines = [schema.validate("pool drain", json.loads(line)) for line in result.stdout.splitlines()]
    assert lines[-1] == {"schema_version": 1, "pool": "milan", "flows": 0}


def test_without_a_dataplane_flows_are_unknown_not_none(control_only, schema):
    pools = schema.result("pool list", control_only.ask("pool", "list"))["pools"]
    assert [p["flows"] for p in pools] == [None, None]
    result = control_only.ctl("pool", "drain", "milan", "--wait")
    assert (result.code, result.stdout) == (1, "")
    assert "no dataplane is attached" in result.stderr
