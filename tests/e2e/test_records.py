# SPDX-License-Identifier: BSD-3-Clause
"""Sealed records of real connections: a server's report leads to the subscriber, and a full disk to what was configured."""

import datetime
import json
import os

import pytest
from bedtest import FAMILIES, drops
from cfrbed import clients, network
from cfrbed.cfs import TLS_PORT
from cfrbed.processes import Failed, wait_until



def utc():
    return datetime.datetime.now(datetime.timezone.utc)


@pytest.fixture
def keys(bed, tmp_path):
    """Day keys of today and tomorrow, each half in a directory of its own."""
    bed.relay.ctl("record", "keygen", "--days", "2", "--from", utc().strftime("%Y-%m-%d"), "--out", str(tmp_path / "keys"))
    return tmp_path / "keys"


# Records name an IPv6 subscriber by 64 bits at most, so all of the bed's are one of many possible.
WIDE = (f'prefix = "{network.ACCESS_V6}/64"\nper = 128', f'prefix = "{network.ACCESS_V6}/48"\nper = 64')


def subscriber_of(number, family):
    return network.subscriber_address(number, family) if family == "ipv4" else network.ACCESS_V6


def restart(bed, keys, directory, more=""):
    bed.restart_relay(replace=[WIDE], extra=f'\n[records]\ndirectory = "{directory}"\nday_keys = "{keys}/public"\n{more}')


def records(bed):
    health = json.loads(bed.relay.ctl("--json", "health", check=False).stdout)  # ends with 1 if anything is amiss
    return next(c for c in health["checks"] if c["check"] == "records")


def opened(bed, keys, directory, tmp_path, seen, family, time, **changes):
    """What `cfrctl record open` answers to the report of one connection, None if it finds nobody."""
    report = {"alias": seen["address"], "alias-port": seen["port"], "remote": network.CFS[family], "remote-port": TLS_PORT,
              "protocol": "tcp", "time": time.strftime("%Y-%m-%dT%H:%M:%SZ"), "case": "e2e", "dir": directory,
              "day-key": keys / "private" / f"{time:%Y-%m-%d}.key", "audit": tmp_path / "audit", **changes}
    words = [str(word) for key, value in report.items() for word in (f"--{key}", value)]
    done = bed.relay.ctl("record", "open", *words, check=False)
    return done.stdout.split()[1].split("/")[0] if done.returncode == 0 else None


def test_a_report_names_the_subscriber_and_no_other_does(bed, keys, tmp_path):
    directory = tmp_path / "log"
    restart(bed, keys, directory)
    seen = {(s, family): (clients.seen_by_tls(bed, s, family), utc()) for s in (1, 2, 3) for family in FAMILIES}
    wait_until(lambda: records(bed)["text"].startswith(f"{len(seen)} written, 0 lost"), "the records", 5)
    for (subscriber, family), (who, time) in seen.items():
        assert opened(bed, keys, directory, tmp_path, who, family, time) == subscriber_of(subscriber, family)
        assert opened(bed, keys, directory, tmp_path, who, family, time, **{"remote-port": TLS_PORT + 1}) is None
    assert bed.relay.ctl("record", "check", "--dir", str(directory)).returncode == 0
    log = b"".join((directory / name).read_bytes() for name in os.listdir(directory))
    for (subscriber, family), _ in seen.items():
        assert network.subscriber_address(subscriber, family).encode() not in log


def test_without_a_record_no_flow_if_so_configured(bed, keys, tmp_path):
    directory = tmp_path / "log"
    directory.write_text("a file where the directory should be")
    restart(bed, keys, directory, 'when_blocked = "refuse_new"\n')
    clients.seen_by_tls(bed, 1, "ipv4")  # its record waits in memory
    wait_until(lambda: not records(bed)["ok"], "the disk to be missed", 5)
    with pytest.raises(Failed):
        clients.seen_by_tls(bed, 2, "ipv4")
    assert drops(bed, "outbound", "record_blocked") > 0
    directory.unlink()
    wait_until(lambda: records(bed)["ok"], "the records to be written again", 5)
    clients.seen_by_tls(bed, 2, "ipv4")
    wait_until(lambda: records(bed)["text"].startswith("2 written, 0 lost"), "both records", 5)
