# SPDX-License-Identifier: BSD-3-Clause
"""privacy size: a calculator; no daemon runs here."""

from daemons import cfrctl


def size(subscribers, flows, *more):
    return cfrctl("privacy", "size", "--subscribers", str(subscribers), "--flows", str(flows), *more)


def test_size(schema):
    document = schema.result("privacy size", size(4500, 645, "--json"))
    assert document == {"schema_version": 1, "units": 4, "lift_bits": 2.0, "crowd": 1125, "headroom": 400.1, "warnings": []}
    shown = size(4500, 645)
    assert shown.code == 0 and shown.stdout.splitlines()[0].split() == ["alias_units", "4"], shown


def test_ports_ask_for_more_units_than_the_crowd():
    assert size(3000, 150_000, "--json").json()["units"] == 5


def test_what_no_number_of_units_serves_is_a_finding(schema):
    for subscribers, flows, word in ((99, 10, "crowd"), (100_000, 600_000, "ports"), (1_000_000, 10, "reputation")):
        result = size(subscribers, flows, "--json")
        assert result.code == 1, result
        warnings = schema.validate("privacy size", result.json())["warnings"]
        assert len(warnings) == 1 and warnings[0].startswith(word), warnings
        assert warnings[0] in size(subscribers, flows).stdout


def test_both_figures_are_needed():
    result = cfrctl("privacy", "size", "--subscribers", "10")
    assert result.code == 2 and "--flows is required" in result.stderr, result
