# SPDX-License-Identifier: BSD-3-Clause
"""Fixtures, and under meson the report as TAP: it counts each case."""

import os
import shutil
import tempfile

import pytest

import daemons


class TapReport:
    def __init__(self):
        self.number = 0

    def pytest_runtest_logreport(self, report):
        if report.when != "call" and not (report.skipped or report.failed):
            return
        self.number += 1
        name = report.nodeid.split("cfrctl_test/")[-1].replace("#", "")
        outcome = f"{'not ok' if report.failed else 'ok'} {self.number} - {name}"
        print(f"{outcome} # SKIP {report.longrepr[2]}" if report.skipped else outcome, flush=True)
        if report.failed:
            self.explain(report)

    def pytest_collectreport(self, report):
        if report.failed:
            self.explain(report)
            print("Bail out! a file could not be collected", flush=True)

    def pytest_sessionfinish(self):
        print(f"1..{self.number}")

    @staticmethod
    def explain(report):
        for line in report.longreprtext.splitlines():
            print(f"# {line}", flush=True)


@pytest.hookimpl(trylast=True)
def pytest_configure(config):
    if os.environ.get("CFR_REPORT") == "tap":
        config.pluginmanager.unregister(name="terminalreporter")
        config.pluginmanager.register(TapReport())


@pytest.fixture(scope="session", autouse=True)
def no_leftovers():
    yield
    assert not daemons.RUNNING, f"still running: {daemons.RUNNING}"


@pytest.fixture(scope="session")
def schema():
    return daemons.Schema()


@pytest.fixture
def directory():
    """For sockets: a short path. Others may look into it."""
    path = tempfile.mkdtemp(prefix="cfr-", dir="/tmp")
    os.chmod(path, 0o755)
    yield path
    shutil.rmtree(path)


@pytest.fixture
def relay(directory):
    """Both daemons, healthy, ports that carry nothing."""
    with daemons.Relay(directory) as running:
        running.start()
        yield running


@pytest.fixture
def control_only(directory):
    """cfr-control without a dataplane."""
    with daemons.Relay(directory) as running:
        running.start_control()
        yield running
