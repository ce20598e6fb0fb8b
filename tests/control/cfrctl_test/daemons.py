# SPDX-License-Identifier: BSD-3-Clause
"""The three programs as their users start them."""

import json
import os
import re
import signal
import subprocess
import time

import jsonschema

PROJECT = os.path.abspath(os.path.join(os.path.dirname(__file__), "../../.."))
BUILD = os.environ.get("CFR_BUILD", os.path.join(PROJECT, "build"))
CFRCTL = os.path.join(BUILD, "control/cfrctl")
CFR_CONTROL = os.path.join(BUILD, "control/cfr-control")
CFR_DATAPLANE = os.path.join(BUILD, "dataplane/cfr-dataplane")
NOBODY = 65534

RUNNING = []  # what this test run started and has not ended

CONFIG = """[node]
name = "edge1"
regions = ["IT-25", "IT-62"]
[port.access]
null = true
addresses = ["10.10.0.1/24"]
[port.core]
null = true
addresses = ["192.0.2.2/24"]
gateway_v4 = "192.0.2.1"
[dataplane]
packet_buffers = 4096
flows_v4 = 1024
flows_v6 = 1024
subscribers_max = 1024
egress_allowed = ["203.0.113.0/24", "2001:db8:cf::/48"]
[[subscribers]]
prefix = "10.10.0.0/16"
region = "IT-25"
[[pool]]
name = "milan"
region = "IT-25"
prefixes = ["203.0.113.0/28"]
[[pool]]
name = "rome"
region = "IT-62"
prefixes = ["203.0.113.128/28"]
state = "staged"
"""


def wait_until(condition, what, seconds=20):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, f"not within {seconds} s: {what}"
        time.sleep(0.02)


class Result:
    def __init__(self, process):
        self.code, self.stdout, self.stderr = process.returncode, process.stdout, process.stderr

    def __repr__(self):
        return f"exit {self.code}\n{self.stdout}{self.stderr}"

    def json(self):
        return json.loads(self.stdout)


def run(*words, stdin=None, timeout=30, prefix=(), **how):
    """A program to its end. No shell, no terminal."""
    return Result(subprocess.run([*prefix, *words], input=stdin, stdin=None if stdin is not None else subprocess.DEVNULL,
                                 capture_output=True, text=True, timeout=timeout, **how))


def cfrctl(*words, **how):
    return run(CFRCTL, *words, **how)


def commands():
    """Every command as words, from the reference."""
    page = cfrctl("reference").stdout
    return [tuple(heading.split()) for heading in re.findall(r"^## (.*)$", page, re.MULTILINE)]


class Schema:
    """The published schema; each document is validated on its way to a test."""

    def __init__(self):
        with open(os.path.join(PROJECT, "docs/cfrctl.schema.json")) as file:
            self.all = json.load(file)
        jsonschema.Draft202012Validator.check_schema(self.all)

    def names(self):
        return set(self.all["$defs"])

    def validate(self, name, document):
        jsonschema.Draft202012Validator({"$ref": f"#/$defs/{name}", "$defs": self.all["$defs"]}).validate(document)
        return document

    def result(self, name, result):
        """The one document of a command that said what it had to."""
        assert result.stderr == "", result
        return self.validate(name, result.json())

    def error(self, result, code, name):
        """The one document of a command that failed so."""
        assert result.code == code, result
        assert result.stderr == "", result
        document = self.validate("error", result.json())
        assert document["error"]["code"] == name, document
        return document["error"]


class Relay:
    """Daemons in a directory. `prefix` and `user`: in which namespace and as whom they run."""

    def __init__(self, directory, config=CONFIG, prefix=(), user=None):
        self.directory, self.prefix, self.user = directory, prefix, user
        self.runtime, self.state = os.path.join(directory, "run"), os.path.join(directory, "state")
        self.file = os.path.join(directory, "cfr.toml")
        self.processes = {}
        os.mkdir(self.runtime, 0o755)
        os.mkdir(self.state, 0o700)
        if user is not None:
            for path in (self.runtime, self.state):
                os.chown(path, user, user)
        self.configure(config)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for name in list(self.processes):
            self.end(name)

    def configure(self, text):
        with open(self.file, "w") as file:
            file.write(text)
        return self.file

    def start(self):
        self.start_dataplane()
        self.start_control()
        wait_until(lambda: self.ctl("health").code == 0, "a healthy relay")

    def start_dataplane(self):
        self._start("cfr-dataplane", CFR_DATAPLANE)
        self._wait("cfr-dataplane", "dataplane.sock")

    def start_control(self):
        self._start("cfr-control", CFR_CONTROL, "--state_dir", self.state)
        self._wait("cfr-control", "readonly.sock")

    def run_control(self):
        """cfr-control that is expected to refuse its start."""
        return run(CFR_CONTROL, "--config", self.file, "--runtime_dir", self.runtime, "--state_dir", self.state)

    def log(self, name):
        with open(os.path.join(self.directory, name + ".log")) as file:
            return file.read()

    def pid(self, name):
        return self.processes[name].pid

    def end(self, name, how=signal.SIGTERM):
        """Its exit code."""
        process = self.processes.pop(name)
        process.send_signal(signal.SIGCONT)
        process.send_signal(how)
        code = process.wait(timeout=20)
        RUNNING.remove(process.pid)
        return code

    def socket(self, name="control.sock"):
        return os.path.join(self.runtime, name)

    def ctl(self, *words, socket="control.sock", **how):
        return cfrctl("--socket", self.socket(socket), *words, **how)

    def ask(self, *words, **how):
        return self.ctl("--json", *words, **how)

    def _start(self, name, program, *more):
        how = {} if self.user is None else {"user": self.user, "group": self.user, "extra_groups": []}
        with open(os.path.join(self.directory, name + ".log"), "a") as log:
            process = subprocess.Popen([*self.prefix, program, "--config", self.file, "--runtime_dir", self.runtime, *more],
                                       stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd="/", **how)
        self.processes[name] = process
        RUNNING.append(process.pid)

    def _wait(self, name, socket):
        def there():
            assert self.processes[name].poll() is None, f"{name} ended:\n{self.log(name)}"
            return os.path.exists(self.socket(socket))
        wait_until(there, f"{socket} of {name}")
