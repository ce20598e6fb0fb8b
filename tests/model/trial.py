# SPDX-License-Identifier: BSD-3-Clause
"""One program on the product's relay and on the model: what becomes of every frame must be the same."""

import os
import subprocess

from alias_draws import Broken
from configurations import toml
from frames import describe
from programs import Program
from relay_model import RelayModel, describe_made

BUILD = os.environ.get("CFR_BUILD", os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../build"))


class Difference(Exception):
    """`kind` is what stays the same when the program becomes shorter."""

    def __init__(self, kind, text):
        super().__init__(text)
        self.kind = kind


class Driver:
    """The product as a co-process (relay_driver.cc)."""

    def __init__(self, path=None):
        path = path or os.path.join(BUILD, "tests/model/relay_driver")
        self.process = subprocess.Popen([path], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def ask(self, *lines):
        self.process.stdin.write("\n".join(lines) + "\n")
        self.process.stdin.flush()
        answer = []
        while (line := self.process.stdout.readline().rstrip("\n")) != "done":
            if not line:
                raise SystemExit("the driver ended")
            answer.append(line.split(" "))
        return answer

    def end(self):
        self.process.stdin.close()
        self.process.wait()


def seen(words):
    """The outcome in an answer line of the driver as the model takes it; the worker comes last."""
    words = words[2:]
    if words[0] == "sent":
        return ("sent", words[1], words[3] == "1", int(words[4]), bytes.fromhex(words[5]), int(words[2]))
    return (*words[:-1], int(words[-1]))


def tell(what):
    return " ".join(describe(part) if isinstance(part, bytes) else str(part) for part in what)


def unequal_bytes(wanted, outcome):
    if wanted[0] != "sent" or outcome[0] != "sent":
        return ""
    pairs = enumerate(zip(wanted[-1], outcome[-2]))
    return "\n  unequal bytes     " + " ".join(f"{at}:{a:02x}/{b:02x}" for at, (a, b) in pairs if a != b)


class Trial:
    def __init__(self, driver, model):
        self.driver, self.model = driver, model
        self.vlan = {"access": [], "core": []}
        self.waited = set()  # packets of the last burst that waited for their station
        self.history = []

    def take(self, step):
        """Does one step in both; raises Difference."""
        verb, driver, model = step[0], self.driver, self.model
        if verb == "burst":
            rest = self.burst(*step[1:])
        elif verb == "apply":
            self.note("apply")
            self.vlan = {side: step[1][side]["vlan"] for side in self.vlan}
            lines = toml(step[1])
            rest = driver.ask(f"apply {len(lines)}", *lines)
            if rest[0] != ["applied", "0"]:
                raise Difference("apply", f"the relay refuses the configuration: {rest[0]}")
            model.apply(step[1])
        else:
            self.note(" ".join(map(str, step)))
            rest = driver.ask(" ".join(map(str, step)))
            if verb != "relay":
                {"wait": model.wait, "epoch": model.advance_epoch, "lease": model.renew_lease}[verb](*step[1:])
        self.compare_released(rest)
        for words in rest:
            if words[0] == "violation":
                raise Difference("violation", "the inspector: " + " ".join(words[1:]))
        self.compare_made(rest)
        if verb == "wait":
            self.compare_totals()

    def note(self, text):
        self.history.append(f"    {self.model.now:9} ms {text}")

    def burst(self, side, worker, nic_bad, recipes):
        model = self.model
        model.awaited.clear()
        frames = [recipe.frame(self.model) for recipe in recipes]
        answer = self.driver.ask(f"burst {side} {worker} {int(nic_bad)} {len(frames)}", *(frame.hex() for frame in frames))
        outcomes = [seen(words) for words in answer[:len(frames)]]
        released = {words[1] for words in answer if words[0] == "released"}
        at_first = [("held", o[-1]) if words[0] in released else o for words, o in zip(answer, outcomes)]
        packets = [model.arrive(side, frame, outcome, nic_bad) for frame, outcome in zip(frames, at_first)]
        for packet, words in zip(packets, answer):
            packet.number = words[0]
        # What was handed off comes behind the rest of the burst; a fragment may be twice, to its home and to its owner.
        handoffs = [int(words[1]) for words in answer[:len(frames)]]
        for _, packet, frame, outcome in sorted(zip(handoffs, packets, frames, outcomes), key=lambda row: row[0]):
            if not model.datagrams.is_released(packet):  # otherwise it is compared as such
                self.compare(lambda p=packet, o=outcome: model.decide(p, o), f"{side:6} to {worker}", frame, outcome)
        self.waited = {packet.number for packet in packets if getattr(packet, "waited", False)}
        return answer[len(frames):]

    def compare(self, decide, where, frame, outcome):
        self.note(f"{where}: {describe(frame)}\n              => {tell(outcome)}")
        try:
            wanted = decide()
        except Broken as broken:
            raise Difference(str(broken), str(broken)) from broken
        if wanted != outcome[:-1]:
            kind = [" ".join(what[:2] if what[0] == "dropped" else what[:1]) for what in (wanted, outcome)]
            raise Difference(kind, f"the model says    {tell(wanted)}\n  the product said  {tell(outcome[:-1])}\n  about             {frame.hex()}"
                             + unequal_bytes(wanted, outcome))

    def compare_released(self, lines):
        """Fragments whose wait ended, in the order in which they went on."""
        outcomes = {words[1]: seen(words[1:]) for words in lines
                    if words[0] == "released" and words[1] not in self.waited}
        released = {packet.number: (packet, reason) for packet, reason in self.model.datagrams.take_released()}
        if outcomes.keys() != released.keys():
            raise Difference("released", f"the model releases {len(released)} fragments, the product {len(outcomes)}")
        for number, outcome in outcomes.items():
            packet, reason = released[number]
            self.compare(lambda p=packet, r=reason, o=outcome: self.model.release_fragment(p, r, o), "released", packet.frame, outcome)

    def compare_made(self, lines):
        made = [describe_made(words[1], bytes.fromhex(words[2]), self.vlan[words[1]]) for words in lines if words[0] == "made"]
        wanted, self.model.made = self.model.made, []
        if sorted(made, key=repr) != sorted(wanted, key=repr):  # workers speak in an order of their own
            raise Difference("made", f"the model makes    {wanted}\n  the product made   {made}")

    def compare_totals(self):
        """Every counter that the model keeps, all drops, and the flows of both families."""
        bounds = self.model.totals()
        for name, value in self.driver.ask("totals"):
            counted = name in bounds or ".drop." in name or ".opened_" in name
            least, most = bounds.get(name, (0, 0))
            if counted and not least <= int(value) <= most:
                raise Difference(name, f"{name} is {value}, not {least} to {most}")


def run_program(program, driver, steps_max):
    """Runs a new Program; how many frames and other steps that were, all of them, and the Difference or None."""
    trial, script, done, steps = Trial(driver, program.model), program.begin(), 0, []
    try:
        while done < steps_max:
            steps.append(next(script, None) or program.step())
            done += len(steps[-1][-1]) if steps[-1][0] == "burst" else 1
            trial.take(steps[-1])
        trial.compare_totals()
    except Difference as difference:
        return done, steps, difference
    return done, steps, None


def replay(steps, program, driver):
    """The trial of steps that a program made, and the Difference or None."""
    trial = Trial(driver, RelayModel(program.workers, program.capacity))
    try:
        for step in steps:
            trial.take(step)
        trial.compare_totals()
    except Difference as difference:
        return trial, difference
    return trial, None


def new_program(seed, number):
    return Program(f"{seed}:{number}", RelayModel)
