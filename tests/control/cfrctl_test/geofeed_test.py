# SPDX-License-Identifier: BSD-3-Clause
"""geofeed export and check; pool merge."""

import daemons

FEED = """# prefix,country,region,city,postal code: RFC 8805
203.0.113.0/28,IT,IT-25,,
203.0.113.128/28,IT,IT-62,,
"""
HIERARCHY = daemons.CONFIG.replace('regions = ["IT-25", "IT-62"]', 'regions = ["IT-25", "IT-62", "IT", "lab"]') + """
[[pool]]
name = "italy"
region = "IT"
prefixes = ["203.0.113.64/28"]
[[pool]]
name = "bench"
region = "lab"
prefixes = ["203.0.113.96/28"]
"""


def test_export_and_check_agree(relay, schema):
    assert relay.ctl("geofeed", "export").stdout == FEED
    exported = schema.result("geofeed export", relay.ask("geofeed", "export"))
    assert exported == {"schema_version": 1, "geofeed": FEED, "omitted": []}
    result = relay.ctl("geofeed", "check", "-", stdin=FEED)
    assert (result.code, result.stdout, result.stderr) == (0, "valid, and says of the pools what they are\n", "")
    checked = schema.result("geofeed check", relay.ask("geofeed", "check", "-", stdin=FEED))
    assert checked == {"schema_version": 1, "valid": True, "compared": True, "findings": []}


def test_lines_that_are_no_entries(relay, schema):
    text = "203.0.113.0/28,IT,IT-25,,\n203.0.113.1/28,IT,,,\n\n203.0.113.0/28,IT,IT-25\n"
    result = relay.ctl("geofeed", "check", "-", stdin=text)
    assert (result.code, result.stdout) == (1, "")
    assert result.stderr == ("-:2: '203.0.113.1/28' has host bits set\n"
                             "-:4: 2 commas; prefix,country,region,city,postal code have 4\n")
    checked = schema.result("geofeed check", relay.ask("geofeed", "check", "-", stdin=text))
    assert (checked["valid"], checked["compared"], [f["line"] for f in checked["findings"]]) == (False, False, [2, 4])


def test_what_the_pools_are_not(relay, schema):
    result = relay.ctl("geofeed", "check", "-", stdin="203.0.113.0/28,IT,IT-25,Milano,\n")
    assert result.code == 1
    assert result.stderr == ("-: the pools' 203.0.113.128/28, in IT-62, is missing\n"
                             "-:1: 203.0.113.0/28 is said to be in IT-25, Milano; the pools' 203.0.113.0/28 is in IT-25\n")


def test_without_a_daemon(directory, schema):
    nowhere = ("--socket", directory + "/none")
    assert daemons.cfrctl(*nowhere, "geofeed", "check", "-", "--syntax", stdin=FEED).stdout == "valid\n"
    assert daemons.cfrctl(*nowhere, "geofeed", "check", "-", stdin=FEED).code == 3
    assert daemons.cfrctl(*nowhere, "geofeed", "check", directory + "/none").code == 1
    assert daemons.cfrctl(*nowhere, "geofeed", "export").code == 3


def test_regions_that_are_no_codes_are_left_out_and_told(relay, schema):
    assert relay.ctl("config", "apply", "-", stdin=HIERARCHY).code == 0
    result = relay.ctl("geofeed", "export")
    assert result.code == 0 and "203.0.113.64/28,IT,,,\n" in result.stdout and "203.0.113.96" not in result.stdout
    assert result.stderr == "cfrctl: pool 'bench' is left out: its region is no code of ISO 3166\n"
    assert relay.ask("geofeed", "export").json()["omitted"] == ["bench"]


def test_merge_and_unmerge(relay, schema):
    with_parent = HIERARCHY.replace('name = "milan"', 'name = "milan"\nparent = "italy"')
    assert relay.ctl("config", "apply", "-", stdin=with_parent).code == 0
    assert schema.result("pool merge", relay.ask("pool", "merge", "milan"))["changed"] is True
    shown = schema.result("pool show", relay.ask("pool", "show", "milan"))
    assert (shown["parent"], shown["merged_into"]) == ("italy", "italy")
    assert "merged into italy" in relay.ctl("pool", "list").stdout
    assert relay.ctl("health").code == 0
    assert schema.result("pool unmerge", relay.ask("pool", "unmerge", "milan"))["changed"] is True
    schema.error(relay.ask("pool", "merge", "rome"), 5, "conflict")


def test_prefixes_have_an_age(relay, schema):
    (life,) = schema.result("pool show", relay.ask("pool", "show", "rome"))["prefix_states"]
    assert life["prefix"] == "203.0.113.128/28" and life["state"] == "staged"
    assert "203.0.113.128/28  staged" in relay.ctl("pool", "show", "rome").stdout
