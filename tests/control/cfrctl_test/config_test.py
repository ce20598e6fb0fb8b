# SPDX-License-Identifier: BSD-3-Clause
"""config check, plan, apply, export."""

import glob
import os
import re

import pytest

from daemons import CONFIG, NOBODY, PROJECT, cfrctl

SAMPLES = f"{PROJECT}/tests/common/config"
GOOD = sorted(glob.glob(f"{SAMPLES}/good/*.toml")) + [f"{PROJECT}/docs/cfr.toml"]
BAD = sorted(glob.glob(f"{SAMPLES}/bad/*.toml"))
LONGER = CONFIG + '[timers]\nudp = "6m"\n'


def is_nobody():
    """As somebody without any right, where we may become that."""
    return {"user": NOBODY, "group": NOBODY, "extra_groups": []} if os.getuid() == 0 else {}


@pytest.mark.parametrize("path", GOOD, ids=os.path.basename)
def test_good_files(path, schema):
    result = cfrctl("config", "check", path, **is_nobody())
    assert (result.code, result.stdout, result.stderr) == (0, "valid\n", "")
    schema.result("config check", cfrctl("--json", "config", "check", path))


@pytest.mark.parametrize("path", BAD, ids=os.path.basename)
def test_bad_files(path, schema):
    result = cfrctl("config", "check", path, **is_nobody())
    assert result.code == 4
    assert result.stdout == ""
    lines = [line for line in result.stderr.splitlines() if not line.startswith("  hint: ")]
    assert lines
    for line in lines:
        assert re.match(rf"{re.escape(path)}:[1-9]\d*:[1-9]\d*: error: \S", line), line
    answer = cfrctl("--json", "config", "check", path)
    schema.error(answer, 4, "config")
    errors = answer.json()["errors"]
    assert [f"{e['file']}:{e['line']}:{e['column']}: error: {e['message']}" for e in errors] == \
        [line for line in lines]


def test_standard_input():
    with open(BAD[0]) as file:
        text = file.read()
    assert cfrctl("config", "check", "-", stdin=CONFIG).code == 0
    result = cfrctl("config", "check", "-", stdin=text)
    assert result.code == 4 and result.stderr.startswith("-:")


@pytest.mark.parametrize("path, why", [("/nonexistent", "No such file or directory"), ("/etc", "Is a directory"),
                                       ("/dev/zero", "longer than 8388608 bytes")])
@pytest.mark.parametrize("verb", ["check", "plan", "apply"])
def test_files_that_cannot_be_read(verb, path, why, schema):
    result = cfrctl("config", verb, path)
    assert (result.code, result.stdout, result.stderr) == (4, "", f"cfrctl: {path}: {why}\n")
    assert schema.error(cfrctl("--json", "config", verb, path), 4, "config")["message"] == f"{path}: {why}"


@pytest.mark.parametrize("verb", ["plan", "apply"])
def test_bad_files_are_told_alike(verb, relay, schema):
    check = cfrctl("config", "check", BAD[0])
    result = relay.ctl("config", verb, BAD[0])
    assert (result.code, result.stdout, result.stderr) == (4, "", check.stderr)
    schema.error(relay.ask("config", verb, BAD[0]), 4, "config")
    assert relay.ask("version").json()["generation"] == 1


def test_plan(relay, schema):
    plan = schema.result("config plan", relay.ask("config", "plan", relay.file))
    assert plan["changes"] == []
    assert relay.ctl("config", "plan", relay.file, "--detailed-exitcode").code == 0
    relay.configure(LONGER.replace("flows_v4 = 1024", "flows_v4 = 2048").replace('"rome"', '"roma"'))
    result = relay.ctl("config", "plan", relay.file)
    assert result.code == 0
    assert "~ setting timers.udp: 300 s -> 360 s\n" in result.stdout
    assert "~ setting dataplane.flows_v4: 1024 -> 2048 (when cfr-dataplane is restarted)\n" in result.stdout
    assert "+ pool roma" in result.stdout and "- pool rome" in result.stdout
    assert relay.ctl("config", "plan", relay.file, "--detailed-exitcode").code == 10
    result = relay.ask("config", "plan", relay.file, "--detailed-exitcode")
    assert result.code == 10 and len(schema.result("config plan", result)["changes"]) == 4
    assert relay.ask("version").json()["generation"] == 1


def test_apply_is_idempotent(relay, schema):
    relay.configure(LONGER)
    first = schema.result("config apply", relay.ask("config", "apply", relay.file))
    assert first == {"schema_version": 1, "changed": True, "generation": 2, "needs_restart": []}
    for _ in range(2):
        again = relay.ask("config", "apply", relay.file)
        assert again.code == 0
        assert schema.result("config apply", again) == {**first, "changed": False}
    assert relay.ctl("config", "apply", relay.file).stdout == "nothing to change, generation 2\n"
    assert relay.ctl("config", "apply", "-", stdin=CONFIG).stdout == "changed, generation 3\n"


def test_export_applied_again_is_no_change(relay, schema, directory):
    relay.configure(LONGER)
    relay.ctl("config", "apply", relay.file)
    relay.ctl("pool", "drain", "milan")
    relay.ctl("pool", "add", "new", "--region", "IT-62", "--prefix", "203.0.113.192/28", "--alias-units", "2")
    text = relay.ctl("config", "export").stdout
    document = schema.result("config export", relay.ask("config", "export"))
    assert document["config"] == text
    exported = os.path.join(directory, "exported.toml")
    with open(exported, "w") as file:
        file.write(text)
    assert relay.ctl("config", "plan", exported, "--detailed-exitcode").code == 0
    assert relay.ctl("config", "apply", exported).stdout.startswith("nothing to change")


def test_if_generation(relay, schema):
    relay.configure(LONGER)
    result = relay.ctl("config", "apply", relay.file, "--if-generation", "7")
    assert (result.code, result.stdout) == (5, "")
    assert "generation 1 is in force, not 7" in result.stderr and "config export" in result.stderr
    schema.error(relay.ask("config", "apply", relay.file, "--if-generation", "0"), 5, "conflict")
    assert relay.ctl("config", "apply", relay.file, "--if-generation", "1").code == 0


def test_a_refusal_changes_nothing(relay, schema):
    """The dataplane holds to the egress prefixes of its start, whatever the file says."""
    before = relay.ctl("config", "export").stdout
    relay.configure(CONFIG.replace('"203.0.113.0/24"', '"203.0.113.0/24", "198.18.0.0/24"')
                    + '[[pool]]\nname = "outside"\nregion = "IT-25"\nprefixes = ["198.18.0.0/28"]\n')
    result = relay.ctl("config", "apply", relay.file)
    assert (result.code, result.stdout) == (1, "")
    assert "outside dataplane.egress_allowed" in result.stderr and "generation 1 is in force" in result.stderr
    schema.error(relay.ask("config", "apply", relay.file), 1, "failed")
    assert relay.ctl("config", "export").stdout == before
    assert relay.ctl("health").code == 0


def test_without_a_dataplane(control_only, schema):
    control_only.configure(LONGER)
    assert control_only.ctl("config", "plan", control_only.file).stdout == "~ setting timers.udp: 300 s -> 360 s\n"
    result = control_only.ctl("config", "apply", control_only.file)
    assert result.code == 1
    assert "no dataplane is attached" in result.stderr and "start cfr-dataplane" in result.stderr
    schema.error(control_only.ask("config", "apply", control_only.file), 1, "failed")
