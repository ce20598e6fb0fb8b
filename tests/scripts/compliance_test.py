# SPDX-License-Identifier: BSD-3-Clause
"""scripts/compliance on a small tree: whole, and with one thing wrong at a time."""

import os
import subprocess

import pytest

SCRIPT = os.path.join(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))), "scripts", "compliance")
PAGE = """\
| id | asked for | status | proof |
|---|---|---|---|
| UDP-1 | Flows live. | obeyed | rows; unit/flow_test.cc: Flow.Lives, Flow.Ends |
| UDP-2 | Flows rest. | deviates | e2e/test_flows.py: test_rest |
| UDP-3 | Flows dance. | open |  |
| UDP-4 | Flows sing. | not applicable |  |

| reason | proof |
|---|---|
| `tx_full` | e2e/test_flows.py: test_rest |
"""
FILES = {
    "docs/compliance.md": PAGE,
    "common/drop_reasons.def": 'CFR_DROP(kNoFlow, "no_flow", "-", "None.")\nCFR_DROP(kTxFull, "tx_full", "-", "Full.")\n',
    "tests/packet/udp.rows": "row lives UDP-1\n  A flow lives.\n  on plain\n  core: S>A:a udp => nothing drop=no_flow\n",
    "tests/unit/flow_test.cc": "TEST(Flow, Lives) {\nTEST_F(Flow, Ends) {\n",
    "tests/e2e/test_flows.py": "def test_rest(bed):\n",
}


def run(tree, *arguments):
    return subprocess.run([SCRIPT, "--project", tree, *arguments], capture_output=True, text=True)


@pytest.fixture
def tree(tmp_path):
    for path, text in FILES.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)
    return tmp_path


def test_a_whole_tree(tree):
    done = run(tree)
    assert done.returncode == 0
    assert done.stdout == "obeyed 1, deviates 1, not applicable 1, open 1; 1 rows, 0 findings\n"


@pytest.mark.parametrize("path, old, new, says", [
    ("docs/compliance.md", "Flow.Lives,", "Flow.Leaves,", "tests/unit/flow_test.cc has no test 'Flow.Leaves'"),
    ("docs/compliance.md", "test_rest |\n| UDP-3", "test_run |\n| UDP-3", "tests/e2e/test_flows.py has no test 'test_run'"),
    ("docs/compliance.md", "unit/flow_test.cc", "unit/flaw_test.cc", "there is no file of tests 'tests/unit/flaw_test.cc'"),
    ("docs/compliance.md", "rows; ", "", "'rows' stands among the proofs if rows have the id"),
    ("docs/compliance.md", "| open |  |", "| open | rows |", "'rows' stands among the proofs if rows have the id"),
    ("docs/compliance.md", "| open |  |", "| obeyed |  |", "UDP-3 is said to be obeyed, but no test shows it"),
    ("docs/compliance.md", "| open |", "| perhaps |", "'perhaps' is none of"),
    ("docs/compliance.md", "| UDP-4 |", "| UDP-3 |", "UDP-3 stands here twice"),
    ("docs/compliance.md", "| UDP-4 | Flows sing. |", "| UDP-4 |", "UDP-4 has 3 cells"),
    ("docs/compliance.md", "`tx_full`", "`no_flow`", "no_flow is no drop reason, or has a row"),
    ("docs/compliance.md", "`tx_full`", "`tx_fool`", "no row drops a packet for tx_full"),
    ("tests/packet/udp.rows", "UDP-1", "UDP-1 UDP-9", "tests/packet/udp.rows:1: UDP-9 is not in docs/compliance.md"),
    ("tests/packet/udp.rows", "row lives UDP-1", "row lives", "'rows' stands among the proofs if rows have the id"),
    ("tests/packet/udp.rows", "drop=no_flow", "drop=land", "no row drops a packet for no_flow"),
])
def test_one_thing_wrong(tree, path, old, new, says):
    text = FILES[path]
    assert old in text
    (tree / path).write_text(text.replace(old, new, 1))
    done = run(tree)
    assert done.returncode == 1
    assert says in done.stdout


def test_nothing_at_all_is_no_success(tree):
    (tree / "docs/compliance.md").write_text("")
    (tree / "tests/packet/udp.rows").write_text("")
    assert run(tree).returncode == 1


def test_open(tree):
    assert run(tree, "--open").stdout == "UDP-3: Flows dance.\n"


def test_one_requirement(tree):
    assert run(tree, "UDP-1").stdout == "UDP-1 obeyed: Flows live.\n  tests/packet/udp.rows:1: lives: A flow lives.\n"
    assert run(tree, "UDP-9").returncode == 1
