# SPDX-License-Identifier: BSD-3-Clause
"""Running programs: to the end, or in the background and ended by the pid that was noted."""

import os
import signal
import subprocess
import time


class Failed(Exception):
    """What the operator is told, without a traceback."""


def run(*command, check=True, timeout=60, **options):
    """Runs a command to its end; its output as text in .stdout and .stderr."""
    done = subprocess.run(command, text=True, capture_output=True, timeout=timeout, **options)
    if check and done.returncode != 0:
        raise Failed(f"{' '.join(command)}: ended with {done.returncode}: {done.stderr.strip() or done.stdout.strip()}")
    return done


def wait_until(condition, what, seconds=10, every=0.05):
    """The first true value of condition()."""
    end = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise Failed(f"{what}: not within {seconds} s")
        time.sleep(every)


def _start_time(pid):
    """Field 22 of /proc/PID/stat: with the pid it names one process for ever. None: gone or a zombie."""
    try:
        with open(f"/proc/{pid}/stat") as file:
            fields = file.read().rpartition(")")[2].split()
    except OSError:
        return None
    return None if fields[0] == "Z" else int(fields[19])


def start(command, log, **options):
    """Starts a program in the background; returns the note by which it can be found and ended."""
    with open(log, "ab") as output:
        child = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=output,
                                 start_new_session=True, **options)
    return {"pid": child.pid, "start_time": _start_time(child.pid), "log": log, "command": " ".join(command)}


def is_running(note):
    try:
        os.waitpid(note["pid"], os.WNOHANG)  # ours or not: never leave a zombie behind
    except ChildProcessError:
        pass
    return note["start_time"] is not None and _start_time(note["pid"]) == note["start_time"]


def end(note, sig=signal.SIGTERM, seconds=5):
    """Ends a noted process; what does not obey is killed."""
    for s in (sig, signal.SIGKILL):
        if not is_running(note):
            return
        os.kill(note["pid"], s)
        deadline = time.monotonic() + seconds
        while is_running(note) and time.monotonic() < deadline:
            time.sleep(0.02)


def log_tail(note, lines=15):
    try:
        with open(note["log"], errors="replace") as file:
            return "".join(file.readlines()[-lines:]).rstrip()
    except OSError:
        return ""
