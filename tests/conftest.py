# SPDX-License-Identifier: BSD-3-Clause
"""What a failed test in namespaces leaves to read: counters and the daemons' last words."""

import os
import sys

import pytest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import bedtest  # noqa: E402
from cfrbed.processes import log_tail  # noqa: E402


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    report = (yield).get_result()
    bed = getattr(item, "funcargs", {}).get("bed")
    if report.when == "call" and report.failed and bed is not None:
        report.sections.append(("counters", bed.relay.ctl("counters", check=False).stdout))
        for name, note in bed.notes.items():
            report.sections.append((name, log_tail(note)))


@pytest.fixture(scope="session")
def standing_bed():
    """The one bed of a run; one worker, plain configuration."""
    bed = bedtest.make_bed("cfr-test")
    yield bed
    bed.down()


@pytest.fixture
def bed(standing_bed):
    """The standing bed with its plain configuration in force, watched for leaks and for wrong checksums."""
    namespaces = [*standing_bed.network.subscribers, standing_bed.network.cfs]
    before = [bedtest.checksum_errors(n) for n in namespaces]
    with bedtest.watched(standing_bed):
        yield standing_bed
    assert [bedtest.checksum_errors(n) for n in namespaces] == before, "the kernel saw wrong checksums"
    standing_bed.restore()
