# SPDX-License-Identifier: BSD-3-Clause
"""The model's suite: many programs without a difference, and each planted mistake found. tests/model/run runs longer."""

import os
import sys
import time

import pytest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(os.path.dirname(HERE), "support")]
from plants import PLANTS, planted  # noqa: E402
from runner import Runner  # noqa: E402

SEEDS = (1, 2, 3)
STEPS = 20_000        # of each seed
PLANT_STEPS = 60_000  # within which a mistake is found


@pytest.fixture
def runner():
    runner = Runner()
    yield runner
    runner.end()


@pytest.mark.parametrize("seed", SEEDS)
def test_product_and_model_agree(runner, seed, capsys):
    began = time.monotonic()
    runner.run(seed, STEPS)
    with capsys.disabled():
        print(f" {runner.summary(seed)}, {time.monotonic() - began:.0f} s", end=" ", flush=True)
    assert not runner.reports, "\n".join(runner.reports)
    assert runner.steps >= STEPS
    # A run that reached less would prove less.
    sent, drops = (sum(count for name, count in runner.tally.items() if part in name) for part in (".sent", ".drop."))
    assert sent > STEPS / 3 and drops > STEPS / 10


@pytest.mark.parametrize("name", PLANTS)
def test_a_mistake_is_found(runner, name, capsys):
    with planted(name):
        runner.run(1, PLANT_STEPS, first_only=True)
    with capsys.disabled():
        print(f" after {runner.steps} steps", end=" ", flush=True)
    assert runner.differences == 1
