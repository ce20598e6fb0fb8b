# SPDX-License-Identifier: BSD-3-Clause
"""scripts/nat_metrics on made-up NATs whose figures are known, and scripts/natprobe on a file."""

import json
import math
import os
import random
import subprocess
import sys

import pytest

SCRIPTS = os.path.join(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))), "scripts")
sys.path.insert(0, SCRIPTS)
import nat_metrics  # noqa: E402
from nat_metrics import Row  # noqa: E402

SUBSCRIBERS, FLOWS, UNITS = 80, 50, 8


def flows(alias, port, gap=10, subscribers=SUBSCRIBERS, remotes=4):
    """FLOWS of each subscriber, `gap` seconds apart; `alias` and `port` are functions of (dice, subscriber, n, time, remote)."""
    dice, rows = random.Random(7), []
    for subscriber in range(subscribers):
        start = dice.uniform(0, gap)
        for n in range(FLOWS):
            t, remote = start + n * gap, dice.randrange(remotes)
            about = dice, subscriber, n, t, remote
            rows.append(Row(t, str(subscriber), f"192.0.2.{alias(*about)}", port(*about), str(remote)))
    return sorted(rows)


def uniform(dice, *_):
    return dice.randrange(UNITS)


def paired(dice, subscriber, *_):
    return subscriber % UNITS


def drawn(dice, *_):
    return dice.randint(1024, 65535)


def near(estimate, value, tolerance):
    return estimate.low <= value <= estimate.high and abs(estimate.value - value) <= tolerance


def test_a_uniform_nat_tells_nothing():
    found = nat_metrics.measure(flows(uniform, drawn))
    assert (found["flows"], found["subscribers"], found["alias_units"]) == (SUBSCRIBERS * FLOWS, SUBSCRIBERS, UNITS)
    assert near(found["lift"][0].bits, 0, 0.1)
    assert found["half_life"] is None
    assert found["port_entropy"].high > 7.95
    assert near(found["slice_leak_high"], 0, 0.03) and near(found["slice_leak_low"], 0, 0.03)
    assert near(found["sequence_leak"], 0, 0.005)


def test_a_paired_nat_has_the_pool_s_bits_for_ever():
    found = nat_metrics.measure(flows(paired, drawn))
    assert near(found["lift"][0].bits, math.log2(UNITS), 0.15)
    assert all(point is None or near(point.bits, math.log2(UNITS), 0.15) for point in found["curve"])
    assert found["half_life"] is None and found["lift"][1:] == [None, None]


def test_pairing_by_remote_shows_between_flows_to_one():
    found = nat_metrics.measure(flows(lambda dice, subscriber, n, t, remote: (subscriber * 5 + remote * 3) % UNITS, drawn))
    assert abs(found["lift_one_remote"][0].bits.value - math.log2(UNITS)) < 0.15
    assert found["lift_different_remotes"][0].bits.value < -3, "never the same alias for another remote"


def test_epochs_halve_the_lift_within_one():
    def epochs(dice, subscriber, n, t, remote):
        return random.Random(f"{subscriber} {(t + subscriber * 17) // 100}").randrange(UNITS)
    curve = nat_metrics.measure(flows(epochs, drawn, gap=5))
    assert curve["half_life"] in ((40, 80), (80, 160))
    assert near(curve["curve"][5].bits, 0, 0.4), "160 s to 320 s apart no two flows share an epoch of 100 s"
    assert curve["curve"][0].bits.value > 2.5


def test_port_blocks_show_in_the_slice():
    """16 subscribers of 256 ports each: their upper bits are theirs alone, their lower ones nobody's."""
    found = nat_metrics.measure(flows(uniform, lambda dice, subscriber, *_: (subscriber << 12) + dice.randrange(4096),
                                      subscribers=16))
    assert found["slice_leak_high"].value == pytest.approx(4, abs=0.3)
    assert near(found["slice_leak_low"], 0, 0.05)


def test_low_bits_of_the_subscriber_show_in_the_low_slice():
    found = nat_metrics.measure(flows(uniform, lambda dice, subscriber, *_: (dice.randrange(64, 4096) << 4) + subscriber % 16))
    assert found["slice_leak_low"].low > 3.5 and found["slice_leak_high"].high < 0.1


def test_counted_ports_show_in_the_sequence():
    found = nat_metrics.measure(flows(uniform, lambda dice, subscriber, n, *_: 1024 + (subscriber * 600 + n) % 64512))
    assert found["sequence_leak"].value == pytest.approx(1 - 33 / 64512)


def test_few_bins_have_few_bits():
    found = nat_metrics.measure(flows(uniform, lambda dice, *_: 1024 + dice.randrange(1024)))
    assert near(found["port_entropy"], 2, 0.01)


def test_too_few_pairs_are_no_lift():
    flow = nat_metrics.Flows(flows(uniform, drawn, gap=100, subscribers=2)[:60])
    assert flow.lift(7200, 86400) is None
    assert flow.lift(10, 600) is None, "fewer than 200 stranger pairs for each of eight aliases"


@pytest.mark.parametrize("line, says", [
    ("1,a,192.0.2.1", "line 3: 3 cells"),
    ("now,a,192.0.2.1,5", "line 3: 'now' is no time"),
    ("1,a,192.0.2.1,65536", "line 3: '65536' is no port"),
    ("1,a,192.0.2.1,-1", "line 3: '-1' is no port"),
])
def test_bad_rows_are_told_by_their_line(line, says):
    with pytest.raises(nat_metrics.BadRow, match=says):
        nat_metrics.read_rows(["# a comment", "", line])


def test_rows_are_put_in_order():
    assert nat_metrics.read_rows(["2,a,192.0.2.1,5", "1.5,b,2001:db8::1,6,www"]) == [
        Row(1.5, "b", "2001:db8::1", 6, "www"), Row(2.0, "a", "192.0.2.1", 5, "")]


def probe(*arguments):
    return subprocess.run([os.path.join(SCRIPTS, "natprobe"), *arguments], capture_output=True, text=True)


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "other_cgn"
    path.write_text("".join(f"{r.time},{r.subscriber},{r.alias},{r.port}\n" for r in flows(paired, drawn)))
    return str(path)


def test_natprobe_prints_a_file_s_figures(file):
    done = probe("--csv", file, "--csv", file)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("other_cgn") == 1 and "10 min to 2 h" in done.stdout
    assert "The flows span 500 s" in done.stdout


def test_natprobe_json(file):
    (found,) = json.loads(probe("--csv", file, "--json").stdout)["measured"]
    assert found["nat"] == "other_cgn" and found["family"] == "ipv4"
    assert abs(found["lift"][0]["bits"]["value"] - math.log2(UNITS)) < 0.15 and found["lift"][0]["own_pairs"] > 100
    assert found["lift"][1] is None and found["half_life"] is None


def test_natprobe_tells_a_bad_file(tmp_path):
    for text, says in (("1,a,192.0.2.1,5\n1,a\n", "bad: line 2"), ("", "no flow")):
        (tmp_path / "bad").write_text(text)
        done = probe("--csv", str(tmp_path / "bad"))
        assert done.returncode == 1 and says in done.stderr
    assert probe("--csv", str(tmp_path / "none")).returncode == 1
    assert probe("--subscribers", "1").returncode == 2
