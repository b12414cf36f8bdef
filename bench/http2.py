#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A run over HTTP/2 and TLS: nginx in front of the mock API, on loopback.

usage: http2.py CONFAB MOCKLLM [--iterations 5000] [--concurrency 64] [--delay-ms 100] [--rate R]

Needs nginx and openssl, and root, for the certificate is trusted by a mount that only this run sees.
Says how many requests came by which protocol over how many connections, how long it took, and with
--rate how much of the rate was used and how much refused.
"""
import argparse
import collections
import json
import os
import pathlib
import signal
import socket
import subprocess
import sys
import tempfile
import time

CERTIFICATES = "/etc/ssl/certs/ca-certificates.crt"

NGINX = """
worker_processes 1;
daemon off;
pid {work}/nginx.pid;
error_log {work}/nginx.err;
events {{ worker_connections 4096; }}
http {{
  log_format one '$server_protocol $connection $status';
  access_log {work}/access one;
  client_body_temp_path {work}/body; proxy_temp_path {work}/proxy; fastcgi_temp_path {work}/f; uwsgi_temp_path {work}/u; scgi_temp_path {work}/s;
  upstream mock {{ server 127.0.0.1:{port}; keepalive 256; }}
  server {{
    listen 127.0.0.1:{tls} ssl http2;
    ssl_certificate {work}/cert.pem; ssl_certificate_key {work}/key.pem;
    http2_max_concurrent_streams 128; keepalive_requests 1000000;
    location / {{ proxy_pass http://mock; proxy_http_version 1.1; proxy_set_header Connection ""; }}
  }}
}}
"""


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("confab")
    parser.add_argument("mockllm")
    parser.add_argument("--iterations", type=int, default=5000)
    parser.add_argument("--concurrency", type=int, default=64)
    parser.add_argument("--delay-ms", default="100")
    parser.add_argument("--rate", type=float)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="confab-http2-") as folder:
        work = pathlib.Path(folder)
        work.chmod(0o755)
        rate = ["--rate", str(args.rate), "--rate-burst", str(args.rate / 10)] if args.rate else []
        mock = subprocess.Popen([args.mockllm, "--port", "0", "--port-file", str(work / "port"), "--delay-ms", args.delay_ms,
                                 "--die-with-parent", *rate], stdout=subprocess.DEVNULL)
        nginx = None
        try:
            while not ((work / "port").exists() and (work / "port").read_text().strip()):
                time.sleep(0.01)
            nginx, tls = start_nginx(work, (work / "port").read_text().strip())
            return run(args, work, tls)
        finally:
            for process in (nginx, mock):
                if process:
                    process.send_signal(signal.SIGTERM)
                    process.wait()


def start_nginx(work, port):
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-keyout", work / "key.pem", "-out",
                    work / "cert.pem", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"],
                   check=True, capture_output=True)
    (work / "trusted.pem").write_text(pathlib.Path(CERTIFICATES).read_text() + (work / "cert.pem").read_text())
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        tls = s.getsockname()[1]
    (work / "nginx.conf").write_text(NGINX.format(work=work, port=port, tls=tls))
    nginx = subprocess.Popen(["nginx", "-c", str(work / "nginx.conf"), "-e", str(work / "nginx.err")])
    for _ in range(200):
        with socket.socket() as s:
            if s.connect_ex(("127.0.0.1", tls)) == 0:
                return nginx, tls
        time.sleep(0.02)
    raise SystemExit((work / "nginx.err").read_text())


def run(args, work, tls):
    project = work / "project"
    (project / "prompting").mkdir(parents=True)
    (project / "prompting/system-prompt.txt").write_text("You write chats.\n")
    (project / "prompting/user-prompt.txt").write_text("Write a chat of {exchanges} exchanges.\n")
    env = {k: v for k, v in os.environ.items() if not k.startswith(("LLM_", "CONFAB_"))}
    env.update(LLM_API_URL=f"https://127.0.0.1:{tls}", LLM_NAME="mock-model", NO_COLOR="1")
    command = [args.confab, "run", "-p", str(project), "-n", str(args.iterations), "-x", "2", "--seed", "5", "--dedup", "off", "--yes",
               "--progress", "none", "-j", str(args.concurrency)]
    trusting = ["unshare", "--mount", "sh", "-c", f'mount --bind {work}/trusted.pem {CERTIFICATES} && exec "$@"', "sh"]
    began = time.monotonic()
    result = subprocess.run(trusting + command, env=env, capture_output=True, text=True)
    seconds = time.monotonic() - began
    records = [json.loads(path.read_text()) for path in project.glob("generated/*.json") if not path.name.endswith(".run.json")]
    kept = len(records[0]) if records else 0
    lines = [line.split() for line in (work / "access").read_text().splitlines()]
    protocols = collections.Counter(line[0] for line in lines)
    statuses = collections.Counter(line[2] for line in lines)
    print(f"exit {result.returncode}, {kept} of {args.iterations} kept in {seconds:.1f} s ({kept / seconds:.0f} a second); "
          f"{dict(protocols)} over {len({line[1] for line in lines})} connections; {dict(statuses)}")
    if args.rate:
        print(f"{statuses['200'] / (args.rate * seconds):.1%} of the rate used, {statuses['429'] / len(lines):.2%} refused")
    if result.returncode or kept != args.iterations:
        print(result.stderr[-500:])
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
