# SPDX-License-Identifier: BSD-3-Clause
"""cfrctl completion bash, in a real bash."""

import os

import pytest

from daemons import CFRCTL, run

PATH = {"PATH": f"{os.path.dirname(CFRCTL)}:/usr/bin:/bin"}


def complete(*words, cwd="/"):
    """What bash would offer for the last word."""
    script = 'eval "$(cfrctl completion bash)"; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _cfrctl; printf "%s\\n" "${COMPREPLY[@]}"'
    result = run("bash", "-c", script, "bash", "cfrctl", *words, env=PATH, cwd=cwd)
    assert result.stderr == "", result
    return [line for line in result.stdout.splitlines() if line]


@pytest.mark.parametrize("words, offered", [
    (("po",), ["pool", "port"]),
    (("pool", "d"), ["del", "drain"]),
    (("--json", "pool", "un"), ["undrain", "unmerge"]),
    (("flow", "list", "--l"), ["--limit"]),
    (("flow", "list", "--limit", "5", "--p"), ["--pool", "--proto"]),
    (("health", "--"), ["--json", "--socket", "--help"]),
    (("nonsense", "x"), []),
])
def test_words(words, offered):
    assert complete(*words) == offered


def test_files_are_offered_and_never_obeyed(directory):
    for name in ("a.toml", "b.toml", "$(touch obeyed)", "`touch obeyed`"):
        with open(os.path.join(directory, name), "w"):
            pass
    assert complete("config", "check", "a", cwd=directory) == ["a.toml"]
    assert set(complete("config", "apply", "", cwd=directory)) >= {"a.toml", "b.toml", "$(touch obeyed)"}
    assert not os.path.exists(os.path.join(directory, "obeyed"))


def test_pools_come_from_the_socket(relay):
    socket = relay.socket("readonly.sock")
    assert complete("--socket", socket, "pool", "show", "") [-2:] == ["milan", "rome"]
    assert complete("--socket", socket, "pool", "drain", "ro") == ["rome"]
    assert complete("--socket", "/nonexistent", "pool", "drain", "ro") == []
