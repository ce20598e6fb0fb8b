# SPDX-License-Identifier: BSD-3-Clause
"""The command line itself: help, mistakes, streams. No daemon runs here."""

import os
import pty
import subprocess

import pytest

from daemons import CFR_CONTROL, CFR_DATAPLANE, CFRCTL, PROJECT, cfrctl, commands, run

NOWHERE = ("--socket", "/nonexistent/control.sock")


@pytest.mark.parametrize("words", commands() + [(), ("config",), ("pool",), ("flow",)], ids=" ".join)
def test_help_is_everywhere(words):
    for help_words in ([*words, "--help"], [*words, "-h"], ["help", *words]):
        result = cfrctl(*help_words)
        assert result.code == 0, result
        assert "Usage: cfrctl" in result.stdout
        assert result.stderr == ""


@pytest.mark.parametrize("words, message, hint", [
    ((), "no command", "cfrctl config | pool | "),
    (("pol", "list"), "unknown command 'pol'", "did you mean 'pool'?"),
    (("pol", "--help"), "unknown command 'pol'", "did you mean 'pool'?"),
    (("pool", "lst"), "unknown command 'pool lst'", "did you mean 'list'?"),
    (("pool", "frobnicate"), "unknown command 'pool frobnicate'", "known here: list, show, add"),
    (("pool",), "'pool' alone is no command", "cfrctl pool list | show | add"),
    (("list", "pool"), "unknown command 'list'", ""),
    (("pool", "show"), "NAME is required", "cfrctl pool show --help"),
    (("pool", "show", "a", "b"), "unexpected argument 'b'", "cfrctl pool show --help"),
    (("pool", "list", "a"), "unexpected argument 'a'", "cfrctl pool list --help"),
    (("flow", "list", "--limt", "5"), "unknown option '--limt'", "did you mean '--limit'?"),
    (("flow", "list", "--limit"), "--limit", "cfrctl flow list --help"),
    (("flow", "list", "--limit", "0"), "--limit: '0' is no whole number from 1 to 10000", ""),
    (("flow", "list", "--limit", "10001"), "--limit: '10001' is no whole number", ""),
    (("flow", "list", "--limit", "-1"), "--limit: '-1' is no whole number", ""),
    (("flow", "list", "--limit", "1.5"), "--limit: '1.5' is no whole number", ""),
    (("flow", "list", "--limit", "5x"), "--limit: '5x' is no whole number", ""),
    (("flow", "list", "--limit", "99999999999999999999"), "is no whole number", ""),
    (("flow", "list", "--limit", "5", "--limit", "6"), "--limit", ""),
    (("config", "apply", "/dev/null", "--if-generation", "-1"), "--if-generation: '-1' is no whole number", ""),
    (("config", "apply", "/dev/null", "--if-generation", "x"), "--if-generation: 'x' is no whole number", ""),
    (("pool", "drain", "a", "--deadline", "-5s"), "--deadline: '-5s' is no duration like 90s", ""),
    (("pool", "drain", "a", "--deadline", "5"), "--deadline: '5' is no duration", ""),
    (("pool", "add", "a", "--region", "r"), "--prefix is required", "cfrctl pool add --help"),
    (("pool", "add", "a", "--region", "r", "--prefix", "x", "y"), "unexpected argument 'y'", ""),
    (("-x",), "no command", ""),
    (("health", "-x"), "unknown option '-x'", ""),
    (("pool", "list", "--socket"), "--socket", ""),
    (("--socket", "x" * 200, "health"), "socket path", "--socket PATH"),
], ids=lambda value: " ".join(value)[:40] or "nothing" if isinstance(value, tuple) else "")
def test_mistakes(words, message, hint, schema):
    result = cfrctl(*words)
    assert result.code == 2, result
    assert result.stdout == ""
    assert result.stderr.startswith("cfrctl: ") and message in result.stderr, result
    assert hint in result.stderr, result
    error = schema.error(cfrctl("--json", *words), 2, "usage")
    assert message in error["message"] and hint in error["hint"]


def test_options_stand_anywhere():
    for words in (["--json", "health"], ["health", "--json"]):
        for where in (0, len(words)):
            result = cfrctl(*words[:where], *NOWHERE, *words[where:])
            assert result.code == 3 and result.json()["error"]["code"] == "unreachable", result


def test_prefixes_do_not_swallow_the_name(schema):
    for words in (["--prefix", "a", "--prefix", "b", "NAME"], ["NAME", "--prefix", "a", "--prefix", "b"]):
        schema.error(cfrctl("--json", *NOWHERE, "pool", "add", "--region", "r", *words), 3, "unreachable")


@pytest.mark.parametrize("words", [c for c in commands() if c not in {
    ("config", "check"), ("geofeed", "check"), ("doctor",), ("version",), ("completion", "bash"), ("reference",),
    ("privacy", "size"), ("record", "keygen"), ("record", "open"), ("record", "check")}], ids=" ".join)
def test_nobody_answers(words, schema):
    arguments = {"FILE": [f"{PROJECT}/docs/cfr.toml"], "NAME": ["x"]}
    more = {"plan": ["FILE"], "apply": ["FILE"], "show": ["NAME"], "del": ["NAME"], "drain": ["NAME"], "undrain": ["NAME"],
            "add": ["NAME"], "merge": ["NAME"], "unmerge": ["NAME"]}.get(words[-1] if words[0] in ("config", "pool") else "", [])
    given = [w for m in more for w in arguments[m]]
    if words == ("pool", "add"):
        given += ["--region", "r", "--prefix", "192.0.2.0/24"]
    result = cfrctl(*NOWHERE, *words, *given)
    assert result.code == 3, result
    assert result.stdout == ""
    assert "No such file or directory" in result.stderr and "is cfr-control running?" in result.stderr
    schema.error(cfrctl("--json", *NOWHERE, *words, *given), 3, "unreachable")


def test_version_needs_no_daemon(schema):
    versions = schema.result("version", cfrctl("--json", *NOWHERE, "version"))
    assert versions["control"] is None and versions["dataplane"] is None
    assert cfrctl("--version").stdout.strip() == versions["cfrctl"]
    assert cfrctl(*NOWHERE, "version").code == 0


def test_explanations_need_no_daemon(schema):
    result = cfrctl(*NOWHERE, "counters", "--explain")
    assert result.code == 0
    assert "ports_exhausted" in result.stdout and "RFC 6888" in result.stdout
    assert "No such file or directory" in result.stderr
    result = cfrctl("--json", *NOWHERE, "counters", "--explain")
    assert result.code == 0
    document = schema.validate("counters", result.json())
    assert set(document["meanings"]) == {"counters", "drops"}


def test_every_command_has_a_schema(schema):
    assert {" ".join(words) for words in commands()} <= schema.names()


def test_completion_and_reference_as_documents(schema):
    assert schema.result("completion bash", cfrctl("--json", "completion", "bash"))["text"] == cfrctl("completion", "bash").stdout
    assert schema.result("reference", cfrctl("--json", "reference"))["text"] == cfrctl("reference").stdout


def test_a_full_disk_is_told():
    with open("/dev/full", "w") as full:
        done = subprocess.run([CFRCTL, "reference"], stdout=full, stderr=subprocess.PIPE, text=True)
    assert done.returncode == 1
    assert done.stderr == "cfrctl: stdout: No space left on device\n"


def test_a_reader_that_leaves_is_no_crash():
    read, write = os.pipe()
    os.close(read)
    done = subprocess.run([CFRCTL, "reference"], stdout=write, stderr=subprocess.PIPE, text=True)
    os.close(write)
    assert done.returncode == 1
    assert "Broken pipe" in done.stderr


def test_a_terminal_gets_no_colour_and_no_pager():
    main, terminal = pty.openpty()
    done = subprocess.run([CFRCTL, "help"], stdin=terminal, stdout=terminal, stderr=terminal,
                          env={**os.environ, "TERM": "xterm-256color"}, timeout=10)
    os.close(terminal)
    shown = os.read(main, 100_000)
    os.close(main)
    assert done.returncode == 0
    assert b"Usage" in shown and b"\x1b" not in shown


def test_control_characters_do_not_reach_the_terminal():
    assert "\x1b" not in cfrctl("pool", "\x1b[2J").stderr
    assert "\x1b" not in cfrctl("config", "check", "/tmp/\x1b[2J").stderr
    result = cfrctl("config", "check", "-", stdin='"\\u001b[31m" = 1\n')
    assert result.code == 4 and "\x1b" not in result.stderr


@pytest.mark.parametrize("program", [CFR_CONTROL, CFR_DATAPLANE], ids=os.path.basename)
class TestDaemons:
    def test_help(self, program):
        result = run(program, "--help")
        assert result.code == 0
        assert "-runtime_dir" in result.stdout and "-config" in result.stdout

    def test_version_names_the_instruction_set(self, program):
        result = run(program, "--version")
        assert result.code == 0
        assert result.stdout.split() == [os.path.basename(program), "version", *cfrctl("--version").stdout.split()]
        assert "(x86-64" in result.stdout or "(native" in result.stdout

    @pytest.mark.parametrize("words", [("--frobnicate",), ("--config",), ("--config=x", "more"), ("--help=maybe",)], ids=" ".join)
    def test_usage(self, program, words):
        result = run(program, *words)
        assert result.code == 2, result
        assert result.stderr != ""

    def test_unreadable_configuration(self, program, directory):
        where = ("--runtime_dir", directory) + (("--state_dir", directory) if program == CFR_CONTROL else ())
        result = run(program, "--config", "/nonexistent.toml", *where)
        assert result.code == 4
        assert "/nonexistent.toml: No such file or directory" in result.stderr
        assert run(program, "--config", "/dev/zero", *where).code == 4

    def test_bad_configuration(self, program, directory):
        where = ("--runtime_dir", directory) + (("--state_dir", directory) if program == CFR_CONTROL else ())
        bad = f"{PROJECT}/tests/common/config/bad/host_bits.toml"
        result = run(program, "--config", bad, *where)
        assert result.code == 4
        assert f"{bad}:12:13: error: " in result.stderr, result
