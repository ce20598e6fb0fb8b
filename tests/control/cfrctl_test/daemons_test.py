# SPDX-License-Identifier: BSD-3-Clause
"""The daemons' lives: start, death, restart, rights, logs."""

import json
import os
import signal
import socket

import pytest

from daemons import CFR_DATAPLANE, CONFIG, NOBODY, Relay, run, wait_until


def test_both_end_at_once_when_asked_and_tidy_up(relay):
    for name in ("cfr-control", "cfr-dataplane"):
        assert relay.end(name) == 0
    assert os.listdir(relay.runtime) == []


def test_a_second_control_process_harms_nobody(relay):
    result = relay.run_control()
    assert result.code == 1
    assert "control.sock: another process serves this socket" in result.stderr
    assert relay.ctl("health").code == 0


def test_sockets_of_the_dead_are_taken_over(relay):
    relay.end("cfr-control", signal.SIGKILL)
    assert os.path.exists(relay.socket())
    relay.start_control()
    wait_until(lambda: relay.ctl("health").code == 0, "health")


def test_generation_and_units_survive_a_crash(relay):
    relay.ctl("pool", "add", "new", "--region", "IT-62", "--prefix", "203.0.113.192/28")
    before = [p["units"] for p in relay.ask("pool", "list").json()["pools"]]
    relay.end("cfr-control", signal.SIGKILL)
    relay.start_control()
    wait_until(lambda: relay.ctl("health").code == 0, "health")
    assert relay.ask("version").json()["generation"] == 2
    assert [p["units"] for p in relay.ask("pool", "list").json()["pools"]] == before
    doctor = relay.ctl("doctor", "--config", relay.file).stdout
    assert "differs from the file in 1 place\n" in doctor


def test_a_new_dataplane_gets_the_generation_anew(relay):
    relay.ctl("pool", "drain", "milan")
    relay.end("cfr-dataplane", signal.SIGKILL)
    wait_until(lambda: relay.ask("version").json()["dataplane"] is None, "the loss")
    assert relay.ctl("pool", "undrain", "milan").code == 1
    relay.start_dataplane()
    wait_until(lambda: relay.ask("version").json()["dataplane"] is not None, "the attachment")
    wait_until(lambda: relay.ctl("pool", "undrain", "milan").code == 0, "the generation")
    wait_until(lambda: relay.ctl("health").code == 0, "health")


def test_a_bad_state_file_is_kept_aside(relay):
    relay.end("cfr-control")
    path = os.path.join(relay.state, "state.json")
    with open(path, "w") as file:
        file.write('{"schema": 1, "gener')
    relay.start_control()
    wait_until(lambda: relay.ctl("health").code == 0, "health")
    with open(path + ".bad") as file:
        assert file.read() == '{"schema": 1, "gener'
    assert f"{path} is no state of this program; kept as {path}.bad" in relay.log("cfr-control")


def test_a_state_that_cannot_be_read_is_not_taken_for_none(relay):
    relay.end("cfr-control")
    path = os.path.join(relay.state, "state.json")
    os.unlink(path)
    os.mkdir(path)
    result = relay.run_control()
    assert result.code == 1 and f"{path}: Is a directory" in result.stderr, result


def test_a_stopped_dataplane_is_noticed_and_never_hangs_a_command(relay, schema):
    os.kill(relay.pid("cfr-dataplane"), signal.SIGSTOP)
    wait_until(lambda: "stands still" in relay.ctl("health").stdout, "the silence")
    error = schema.error(relay.ask("epoch", "advance"), 6, "deadline")
    assert "may still take effect" in error["message"]
    os.kill(relay.pid("cfr-dataplane"), signal.SIGCONT)
    wait_until(lambda: relay.ctl("health").code == 0, "health")
    assert relay.ask("epoch", "show").json()["key_version"] == 2


def test_a_stopped_control_process_never_hangs_a_command(relay, schema):
    os.kill(relay.pid("cfr-control"), signal.SIGSTOP)
    report = schema.result("doctor", relay.ask("doctor", "--config", relay.file))
    assert [c["text"] for c in report["checks"] if c["check"] == "cfr-control"] == [f"{relay.socket()}: no answer"]
    os.kill(relay.pid("cfr-control"), signal.SIGCONT)
    wait_until(lambda: relay.ctl("health").code == 0, "health")


def test_who_changed_what_is_in_the_log(relay):
    relay.ctl("pool", "drain", "milan")
    relay.ctl("pool", "drain", "nope\n<0>msg=forged")
    relay.ctl("flow", "list", "--subscriber", "10.10.0.7")
    relay.ctl("pool", "list")
    relay.ctl("health", socket="readonly.sock")
    lines = [line for line in relay.log("cfr-control").splitlines() if "msg=command" in line]
    peer = f'peer="uid={os.getuid()},pid='
    assert len(lines) == 3, lines
    assert lines[0].startswith('<6>msg=command command="pool drain milan" ' + peer) and lines[0].endswith(" result=ok")
    assert lines[1].startswith('<4>msg=command command="pool drain nope?<0>msg=forged" ' + peer)
    assert lines[2].startswith('<6>msg=command command="flow list" ' + peer)
    assert "10.10.0.7" not in relay.log("cfr-control")


def test_scripts_may_talk_to_the_socket(relay):
    peer = socket.socket(socket.AF_UNIX)
    peer.connect(relay.socket("readonly.sock"))
    peer.sendall(b'{"command": "pool show", "args": {"name": "milan"}}\n{"command": "health"}\n{"command": "nope"}\n'
                 b'{"command": "pool show", "args": {"nmae": "milan"}}\n{"command": "pool show", "args": {"name": 5}}\n')
    lines = peer.makefile()
    assert json.loads(lines.readline())["result"]["name"] == "milan"
    assert json.loads(lines.readline())["result"]["healthy"] is True
    assert json.loads(lines.readline())["error"]["message"] == "unknown command 'nope'"
    unknown = json.loads(lines.readline())
    assert (unknown["exit"], unknown["error"]["hint"]) == (2, "did you mean 'name'?")
    assert json.loads(lines.readline())["error"]["message"] == "pool show: argument 'name' must be a string"
    peer.close()


@pytest.mark.skipif(os.getuid() != 0, reason="only root can become somebody else")
def test_both_run_without_any_right(directory, schema):
    with Relay(directory, user=NOBODY) as relay:
        relay.start()
        for name in ("cfr-control", "cfr-dataplane"):
            with open(f"/proc/{relay.pid(name)}/status") as status:
                assert "CapEff:\t0000000000000000\n" in status.read()
        assert os.stat(relay.socket()).st_uid == NOBODY
        assert relay.ctl("pool", "drain", "milan", "--wait").code == 0
        assert all(name == "run" or name == "state" or name.endswith((".log", ".toml")) for name in os.listdir(directory))


def test_an_interface_that_is_not_there_stops_the_start(directory):
    with Relay(directory, config=CONFIG.replace("null = true", 'netdev = "nowhere0"', 1)) as relay:
        result = run(CFR_DATAPLANE, "--config", relay.file, "--runtime_dir", relay.runtime)
        assert result.code == 1
        assert "port.access: no interface 'nowhere0' here" in result.stderr
