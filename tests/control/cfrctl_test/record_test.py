# SPDX-License-Identifier: BSD-3-Clause
"""record keygen, open, check, as those do who answer a report. The log is a sealed one of the unit tests: nobody
here can write one."""

import json
import os
import stat
import subprocess

import pytest

import record_opener
from daemons import BUILD, cfrctl

QUERY = {"--alias": "203.0.113.2", "--alias-port": "1025", "--remote": "198.51.0.7", "--remote-port": "443",
         "--protocol": "udp", "--time": "2024-10-04T01:00:30Z", "--case": "2024-1"}


@pytest.fixture
def log(directory):
    """keys/ of 2024-10-04 and 05, log/ with a flow at 2024-10-04T01:00:00Z."""
    subprocess.run([f"{BUILD}/tests/control/sample_log", directory], check=True)
    return directory


def open_record(log, **changes):
    query = {**QUERY, "--day-key": f"{log}/keys/private/2024-10-04.key", "--dir": f"{log}/log", "--audit": f"{log}/audit",
             **{f"--{key.replace('_', '-')}": value for key, value in changes.items()}}
    return ["record", "open", *(word for pair in query.items() for word in pair)]


def test_keygen(directory, schema):
    words = ("record", "keygen", "--days", "3", "--from", "2026-12-30", "--out", f"{directory}/keys")
    result = cfrctl(*words)
    assert (result.code, result.stdout, result.stderr) == (0, "made the keys of 2026-12-30 to 2027-01-01\n", "")
    assert sorted(os.listdir(f"{directory}/keys/public")) == ["2026-12-30.pub", "2026-12-31.pub", "2027-01-01.pub"]
    for name in os.listdir(f"{directory}/keys/private"):
        assert stat.S_IMODE(os.stat(f"{directory}/keys/private/{name}").st_mode) == 0o600
    again = cfrctl(*words)
    assert (again.code, again.stdout) == (1, "") and "exists; nothing was written" in again.stderr
    made = schema.result("record keygen", cfrctl("--json", *words[:-1], f"{directory}/other"))
    assert (made["first"], made["last"]) == ("2026-12-30", "2027-01-01")


def test_open(log, schema):
    result = cfrctl(*open_record(log))
    assert (result.code, result.stderr) == (0, "")
    assert [line.split() for line in result.stdout.splitlines()] == \
        [["subscriber", "10.0.0.1"], ["opened", "2024-10-04T01:00:00Z"], ["pool", "milan"]]
    opened = schema.result("record open", cfrctl("--json", *open_record(log)))
    assert opened["subscriber"] == "10.0.0.1" and opened["log_whole"] is True


def test_an_independent_reader_opens_the_same(log):
    with open(f"{log}/keys/private/2024-10-04.key") as file:
        private = file.read().split()[-1]
    found = record_opener.subscribers(f"{log}/log", private, "2024-10-04", "203.0.113.2", 1025, "198.51.0.7", 443, 17)
    assert [(start, str(subscriber)) for start, subscriber in found] == [(1728003600, "10.0.0.1")]
    assert not record_opener.subscribers(f"{log}/log", private, "2024-10-04", "203.0.113.2", 1025, "198.51.0.7", 444, 17)


@pytest.mark.parametrize("change", [{"alias": "203.0.113.3"}, {"alias_port": "1026"}, {"remote": "198.51.0.8"},
                                    {"remote_port": "444"}, {"protocol": "tcp"}, {"time": "2024-10-04T00:59:00Z"}], ids=str)
def test_any_other_report_opens_nothing(log, change, schema):
    result = cfrctl(*open_record(log, **change))
    assert (result.code, result.stdout) == (1, "") and result.stderr.startswith("cfrctl: ")
    schema.error(cfrctl("--json", *open_record(log, **change)), 1, "failed")


def test_the_key_of_another_day_opens_nothing(log):
    result = cfrctl(*open_record(log, day_key=f"{log}/keys/private/2024-10-05.key"))
    assert result.code == 1 and "no day key given is of a day" in result.stderr


@pytest.mark.parametrize("change", [{"alias": "x"}, {"remote": "2001:db8::1"}, {"protocol": "sctp"}, {"case": ""},
                                    {"time": "2024-10-04 01:00:30"}, {"alias_port": "65536"}], ids=str)
def test_half_a_report_is_a_mistake(log, change):
    assert cfrctl(*open_record(log, **change)).code == 2
    assert not os.path.exists(f"{log}/audit")


def test_each_use_is_in_the_audit_file(log):
    cfrctl(*open_record(log))
    cfrctl(*open_record(log, alias_port="1026", case="2024-2"))
    with open(f"{log}/audit") as file:
        text = file.read()
    lines = [json.loads(line.rsplit(" ", 1)[0]) for line in text.splitlines()]
    assert [(line["case"], line["outcome"]) for line in lines] == [("2024-1", "one"), ("2024-2", "none")]
    assert "10.0.0.1" not in text and "198.51" not in text
    assert cfrctl("record", "check", "--dir", f"{log}/log", "--audit", f"{log}/audit").code == 0
    with open(f"{log}/audit", "w") as file:
        file.write(text.replace("2024-2", "2024-3"))
    result = cfrctl(*open_record(log))
    assert (result.code, result.stdout) == (1, ""), "nothing is told that is not audited"
    assert "was changed" in result.stderr
    assert cfrctl("record", "check", "--dir", f"{log}/log", "--audit", f"{log}/audit").code == 1


def test_no_answer_without_an_audit_line(log):
    result = cfrctl(*open_record(log, audit=f"{log}/none/audit"))
    assert (result.code, result.stdout) == (1, "")


def test_check(log, schema):
    check = ("record", "check", "--dir", f"{log}/log")
    found = schema.result("record check", cfrctl("--json", *check))
    assert found["whole"] and found["segments"] == 1 and found["node"] == "edge1"
    assert cfrctl(*check).stdout == f"whole: 4 entries in 1 files, last {found['chain']}\n"
    path = f"{log}/log/0000000001-2024-10-04.records"
    os.truncate(path, os.path.getsize(path) - 1)
    result = cfrctl(*check)
    assert result.code == 1 and "NOT whole" in result.stdout
    opened = cfrctl(*open_record(log))
    assert opened.code == 0 and "the log is not whole" in opened.stderr


def test_a_key_others_may_read_is_refused(log):
    os.chmod(f"{log}/keys/private/2024-10-04.key", 0o640)
    result = cfrctl(*open_record(log))
    assert result.code == 1 and "chmod 600" in result.stderr
