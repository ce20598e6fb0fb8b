# SPDX-License-Identifier: BSD-3-Clause
"""The right to make network namespaces: root's, or that of a user namespace of our own."""

import os
import subprocess
import sys

from .processes import Failed, run

_INSIDE = "CFR_IN_USER_NAMESPACE"


def obtain():
    """Returns as root of something. An ordinary user's program is started again inside a user namespace."""
    if os.environ.get(_INSIDE):
        # `ip netns` keeps its names under /run; a /run of our own is gone with the namespace.
        run("mount", "-t", "tmpfs", "tmpfs", "/run")
        return
    if os.geteuid() == 0:
        return
    probe = subprocess.run(["unshare", "-Urnm", "true"], capture_output=True, text=True)
    if probe.returncode != 0:
        raise Failed(f"""network namespaces need root, or the right to make user namespaces, and both are missing here:
  {probe.stderr.strip()}
Either run this as root, or let root allow it: sysctl -w kernel.unprivileged_userns_clone=1 user.max_user_namespaces=1024""")
    os.environ[_INSIDE] = "1"
    os.execvp("unshare", ["unshare", "-Urnm", "--", sys.executable, *sys.argv])


def enter_command():
    """What another terminal of the same user puts before a command to get where this program is; empty as root."""
    if not os.environ.get(_INSIDE):
        return ""
    return f"nsenter -t {os.getpid()} -U -m -n --preserve-credentials "
