# SPDX-License-Identifier: BSD-3-Clause
"""The client-facing server of a bed: nginx for TLS 1.3 over TCP, caddy for HTTP/3.

/who   protocol, address and port of whoever asks      /big   50 MB, random, the same from both
/slow  /big at 8 MB/s (nginx)                          /sink  takes an upload, answers its SHA-256
"""

import base64
import hashlib
import os

from . import network
from .processes import Failed, end, is_running, log_tail, run, start, wait_until

HOST = "www.cfs.test"
TLS_PORT, H3_PORT = 8443, 443
_SINK_PORT = 8000  # on the CFS's loopback
BIG_BYTES = 50 * 1024 * 1024

_NGINX = """daemon off; user root; worker_processes 1;
pid {dir}/nginx.pid; error_log {dir}/nginx.err;
events {{ worker_connections 4096; }}
http {{
  access_log off; client_body_temp_path {dir}/tmp; proxy_temp_path {dir}/tmp; fastcgi_temp_path {dir}/tmp;
  uwsgi_temp_path {dir}/tmp; scgi_temp_path {dir}/tmp;
  server {{
    listen {port} ssl http2; listen [::]:{port} ssl http2; server_name {host};
    ssl_certificate {dir}/cert.pem; ssl_certificate_key {dir}/key.pem; ssl_protocols TLSv1.3;
    location = /who {{ default_type text/plain; return 200 "$ssl_protocol $remote_addr $remote_port\\n"; }}
    location /big {{ alias {dir}/www/big; }}
    location /slow {{ alias {dir}/www/big; limit_rate 8m; }}
    location = /sink {{ client_max_body_size 100m; proxy_request_buffering off; proxy_pass http://127.0.0.1:{sink}; }}
  }}
}}
"""

_CADDY = """{{
	admin off
	auto_https off
	servers {{
		protocols h1 h2 h3
	}}
}}
https://{host}:{port} {{
	tls {dir}/cert.pem {dir}/key.pem
	respond /who "{{http.request.proto}} {{http.request.remote.host}} {{http.request.remote.port}}"
	reverse_proxy /sink 127.0.0.1:{sink}
	root * {dir}/www
	file_server
}}
"""

# Fetches the big file and sends it back; before and after, it asks whom the server sees.
_PAGE = """<p id=o>wait</p><script>(async () => {
  const who = async () => (await (await fetch('/who')).text()).trim();
  const first = await who();
  const body = await (await fetch('/big')).arrayBuffer();
  const hash = [...new Uint8Array(await crypto.subtle.digest('SHA-256', body))];
  const returned = await (await fetch('/sink', {method: 'POST', body})).text();
  const last = await who();
  o.textContent = JSON.stringify({first, last, bytes: body.byteLength, returned,
    sha256: hash.map(b => b.toString(16).padStart(2, '0')).join(''),
    protocols: [...new Set(performance.getEntriesByType('resource').map(e => e.nextHopProtocol))]});
})().catch(e => { o.textContent = JSON.stringify({error: String(e)}); })</script>
"""


class Cfs:
    def __init__(self, bed_network, directory, notes, save):
        self.network, self.directory, self.notes, self.save = bed_network, os.path.join(directory, "cfs"), notes, save

    @property
    def certificate(self):
        return os.path.join(self.directory, "cert.pem")

    def start(self):
        self._prepare()
        self._start("nginx", ["nginx", "-c", f"{self.directory}/nginx.conf", "-e", f"{self.directory}/nginx.err"])
        # HOME and the XDG directories keep what caddy stores inside the bed.
        self._start("caddy", ["env", f"HOME={self.directory}", f"XDG_DATA_HOME={self.directory}/data",
                              f"XDG_CONFIG_HOME={self.directory}/config", "caddy", "run", "--adapter", "caddyfile",
                              "--config", f"{self.directory}/Caddyfile"])
        self._start("sink", ["/usr/bin/python3", os.path.join(os.path.dirname(os.path.abspath(__file__)), "sink.py"), str(_SINK_PORT)])
        for name, port in (("nginx", TLS_PORT), ("caddy", H3_PORT)):
            wait_until(lambda name=name, port=port: self._listens(name, port), f"start of {name}", 15)

    def stop(self):
        for name in ("nginx", "caddy", "sink"):
            if name in self.notes:
                end(self.notes[name])
                del self.notes[name]
        self.save()

    def key_pin(self):
        """Hash of the certificate's public key: what Chromium is told to trust."""
        key = run("openssl", "x509", "-in", self.certificate, "-pubkey", "-noout").stdout
        der = base64.b64decode("".join(key.strip().splitlines()[1:-1]))
        return base64.b64encode(hashlib.sha256(der).digest()).decode()

    def big_hash(self):
        with open(f"{self.directory}/www/big", "rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()

    def _prepare(self):
        if os.path.exists(self.certificate):
            return
        os.makedirs(f"{self.directory}/www", exist_ok=True)
        os.makedirs(f"{self.directory}/tmp", exist_ok=True)
        os.chmod(self.directory, 0o755)
        run("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "30",
            "-subj", f"/CN={HOST}", "-addext", f"subjectAltName=DNS:{HOST}", "-keyout", f"{self.directory}/key.pem",
            "-out", self.certificate)
        facts = {"dir": self.directory, "host": HOST, "sink": _SINK_PORT}
        files = {"nginx.conf": _NGINX.format(port=TLS_PORT, **facts), "www/index.html": _PAGE,
                 "Caddyfile": _CADDY.format(port=H3_PORT, **facts)}
        for name, text in files.items():
            with open(f"{self.directory}/{name}", "w") as file:
                file.write(text)
        with open(f"{self.directory}/www/big", "wb") as file:
            for _ in range(BIG_BYTES >> 20):
                file.write(os.urandom(1 << 20))

    def _start(self, name, command):
        self.notes[name] = start(["ip", "netns", "exec", self.network.cfs, *command], f"{self.directory}/{name}.log")
        self.save()

    def _listens(self, name, port):
        if not is_running(self.notes[name]):
            raise Failed(f"{name} ended:\n{log_tail(self.notes[name])}")
        url = f"https://{HOST}:{port}/who"
        return run("ip", "netns", "exec", self.network.cfs, "curl", "-s", "--cacert", self.certificate, "--resolve",
                   f"{HOST}:{port}:{network.CFS['ipv4']}", url, check=False).returncode == 0
