# SPDX-License-Identifier: BSD-3-Clause
"""The subscribers' programs: curl over TLS 1.3 and headless Chromium over HTTP/3."""

import html
import json
import re
import tempfile

from . import network
from .cfs import H3_PORT, HOST, TLS_PORT
from .processes import Failed, run

_QUIET = ["--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync",
          "--disable-extensions", "--disable-default-apps", "--metrics-recording-only", "--mute-audio"]


def _bracketed(address):
    return f"[{address}]" if ":" in address else address


def curl_command(bed, subscriber, family, path="/who", *options):
    address = _bracketed(network.CFS[family])
    return ["ip", "netns", "exec", bed.network.subscribers[subscriber - 1], "curl", "-sS", "--cacert", bed.cfs.certificate,
            "--tlsv1.3", "--resolve", f"{HOST}:{TLS_PORT}:{address}", f"https://{HOST}:{TLS_PORT}{path}", *options]


def curl(bed, subscriber, family, path="/who", *options, check=True, timeout=60):
    return run(*curl_command(bed, subscriber, family, path, *options), check=check, timeout=timeout)


def seen_by_tls(bed, subscriber, family):
    """What nginx saw of one connection: {"protocol", "address", "port"}."""
    return _who(curl(bed, subscriber, family, "/who", "--max-time", "10").stdout)


def chromium(bed, subscriber, family, path, timeout=90):
    """The text of a page that headless Chromium made over HTTP/3."""
    with tempfile.TemporaryDirectory(dir=bed.directory) as profile:
        done = run("ip", "netns", "exec", bed.network.subscribers[subscriber - 1], "env", f"HOME={profile}",
                   "chromium", "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", *_QUIET,
                   f"--user-data-dir={profile}/data", f"--origin-to-force-quic-on={HOST}:{H3_PORT}",
                   f"--ignore-certificate-errors-spki-list={bed.cfs.key_pin()}",
                   f"--host-resolver-rules=MAP {HOST} {_bracketed(network.CFS[family])}, MAP * ~NOTFOUND", "--timeout=60000",
                   "--virtual-time-budget=90000", "--dump-dom", f"https://{HOST}:{H3_PORT}{path}",
                   check=False, timeout=timeout)
    text = html.unescape(re.sub(r"<script>.*?</script>|<[^>]*>", "", done.stdout, flags=re.DOTALL)).strip()
    if not text:
        raise Failed(f"chromium showed nothing of {path}: {done.stderr.strip()[-400:]}")
    return text


def seen_by_h3(bed, subscriber, family):
    return _who(chromium(bed, subscriber, family, "/who"))


def big_by_h3(bed, subscriber, family):
    """The big file through HTTP/3 and back: {"first", "last", "bytes", "sha256", "returned", "protocols"} as the page found them."""
    found = json.loads(chromium(bed, subscriber, family, "/index.html", timeout=120))
    if "error" in found:
        raise Failed(f"the page failed: {found['error']}")
    return {**found, "first": _who(found["first"]), "last": _who(found["last"])}


def _who(text):
    fields = text.split()
    if len(fields) != 3:
        raise Failed(f"the server said {text!r}, not protocol, address and port")
    protocol = {"TLSv1.3": "tls1.3", "HTTP/3.0": "h3"}.get(fields[0], fields[0])
    return {"protocol": protocol, "address": fields[1], "port": int(fields[2])}
