# SPDX-License-Identifier: BSD-3-Clause
"""Programs of a seed, one after the other, and what they showed."""

import collections

from minimise import minimise
from trial import Driver, new_program, run_program

STEPS_PER_PROGRAM = 600
SHOWN_MAX = 8  # differences told in full


class Runner:
    def __init__(self, driver=None):
        self.driver = Driver(driver)
        self.steps = self.programs = self.differences = 0
        self.reports, self.tally = [], collections.Counter()

    def run(self, seed, steps, numbers=None, first_only=False):
        """At least so many steps; with `first_only` up to the first difference, of which nothing is told."""
        for number in numbers or range(steps):
            program = new_program(seed, number)
            done, made, difference = run_program(program, self.driver, min(STEPS_PER_PROGRAM, steps - self.steps))
            self.steps, self.programs = self.steps + done, self.programs + 1
            self.tally.update(program.model.counts)
            if difference is not None:
                self.differences += 1
                if not first_only and len(self.reports) < SHOWN_MAX:
                    self.reports.append(self.report(seed, number, program, made, difference))
            if self.steps >= steps or first_only and difference is not None:
                break

    def report(self, seed, number, program, made, difference):
        """The difference, and the shortest program that shows it."""
        text = (f"program {number} of seed {seed} ({program.profile}, {program.workers} workers):\n  {difference}\n"
                f"  again: tests/model/run --seed {seed} --program {number}")
        found = minimise(made, difference, program, self.driver)
        if found is not None:
            text += "\n  the shortest program:\n" + "\n".join(found[0].history) + f"\n  {found[1]}"
        return text

    def summary(self, seed):
        return f"seed {seed}: {self.steps} steps in {self.programs} programs, {self.differences} differences"

    def end(self):
        self.driver.end()
