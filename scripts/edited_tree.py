# SPDX-License-Identifier: BSD-3-Clause
"""A copy of the source tree with some texts replaced, and its build: for scripts/plants and scripts/mutate.

Only files that differ are written, so that a second build compiles only what an edit touches.
"""

import os
import subprocess

PROJECT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


class EditedTree:
    def __init__(self, name):
        # The one inside the other, as a worktree has them: ccache knows a file by its path from the build.
        self.source = os.path.join(PROJECT, f"build-{name}")
        self.build = os.path.join(self.source, "build")
        self._originals = {}

    def files(self):
        """Every file git knows or would add."""
        listing = subprocess.run(["git", "-C", PROJECT, "ls-files", "-co", "--exclude-standard", "-z"],
                                 check=True, capture_output=True).stdout
        return [name for name in listing.decode().split("\0") if name and os.path.isfile(os.path.join(PROJECT, name))]

    def copy(self):
        """The tree as it is."""
        wanted = self.files()
        for name in wanted:
            with open(os.path.join(PROJECT, name), "rb") as file:
                self._originals[name] = file.read()
            self._write(name, self._originals[name])
            os.chmod(os.path.join(self.source, name), os.stat(os.path.join(PROJECT, name)).st_mode)
        for directory, directories, names in os.walk(self.source):
            if directory == self.source and "build" in directories:
                directories.remove("build")
            for name in names:
                path = os.path.join(directory, name)
                if os.path.relpath(path, self.source) not in self._originals:
                    os.remove(path)

    def text(self, name):
        return self._originals[name].decode()

    def edit(self, name, text):
        self._write(name, text.encode())

    def restore(self, name):
        self._write(name, self._originals[name])

    def _write(self, name, content):
        path = os.path.join(self.source, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        if os.path.exists(path):
            with open(path, "rb") as file:
                if file.read() == content:
                    return
        with open(path, "wb") as file:
            file.write(content)

    def setup(self, *options):
        if os.path.exists(os.path.join(self.build, "build.ninja")):
            return
        subprocess.run(["meson", "setup", self.build, self.source, *options], check=True,
                       stdout=subprocess.DEVNULL)

    def make(self, targets, timeout=None):
        """Builds the targets; the compiler's output if that failed, else None."""
        done = subprocess.run(["ninja", "-C", self.build, "-j2", *targets], capture_output=True, text=True, timeout=timeout)
        return None if done.returncode == 0 else done.stdout + done.stderr
