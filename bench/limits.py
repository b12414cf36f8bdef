#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""How much of a server's rate the engine uses, and how much it is refused, in real time.

usage: limits.py CONFAB MOCKLLM [--seconds 60] [--only WORD]

Each case runs against mockllm with a token bucket; what went through and what was answered 429 is read
from the mock's own ledger. Goal: at least 90% of the rate used, at most 2% of the requests refused.
"""
import argparse
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import time

# name, requests a second, further options of the mock
CASES = [
    ("100 a second, bucket of 10, Retry-After 1", 100, ["--rate-burst", "10"]),
    ("100 a second, bucket of 100, no Retry-After", 100, ["--rate-burst", "100", "--retry-after", "none"]),
    ("100 a second, bucket of 10, no Retry-After", 100, ["--rate-burst", "10", "--retry-after", "none"]),
    ("20 a second, bucket of 2, Retry-After 1", 20, ["--rate-burst", "2"]),
    ("20 a second, bucket of 2, no Retry-After", 20, ["--rate-burst", "2", "--retry-after", "none"]),
    ("500 a second, bucket of 50, Retry-After as a date", 500, ["--rate-burst", "50", "--retry-after", "date"]),
    ("1,000 a second, bucket of 100, no Retry-After", 1000, ["--rate-burst", "100", "--retry-after", "none"]),
    ("100 a second, bucket of 100, headers", 100, ["--rate-burst", "100", "--ratelimit-headers"]),
]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("confab")
    parser.add_argument("mockllm")
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--only", default="")
    args = parser.parse_args()
    cases = [case for case in CASES if args.only in case[0]]
    below = [case[0] for case in cases if not measure(args, *case)]
    return 1 if below else 0


def measure(args, name, rate, options):
    with tempfile.TemporaryDirectory(prefix="confab-limits-") as folder:
        work = pathlib.Path(folder)
        project = work / "project"
        (project / "prompting").mkdir(parents=True)
        (project / "prompting/system-prompt.txt").write_text("You write chats.\n")
        (project / "prompting/user-prompt.txt").write_text("Write a chat of {exchanges} exchanges.\n")
        mock = subprocess.Popen([args.mockllm, "--port", "0", "--port-file", str(work / "port"), "--ledger", str(work / "ledger"),
                                 "--rate", str(rate), "--delay-ms", "100-300", "--die-with-parent", *options], stdout=subprocess.DEVNULL)
        try:
            while not ((work / "port").exists() and (work / "port").read_text().strip()):
                time.sleep(0.01)
            run(args, project, f"http://127.0.0.1:{(work / 'port').read_text().strip()}")
            time.sleep(0.3)
        finally:
            mock.send_signal(signal.SIGTERM)
            mock.wait()
        return report(args, name, rate, work / "ledger")


def run(args, project, url):
    env = {k: v for k, v in os.environ.items() if not k.startswith(("LLM_", "CONFAB_"))}
    env.update(LLM_API_URL=url, LLM_NAME="mock-model", NO_COLOR="1")
    process = subprocess.Popen([args.confab, "run", "-p", str(project), "-n", "1000000", "-x", "2", "--seed", "5", "--dedup", "off", "--yes",
                                "--progress", "none", "-j", "256"], env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    time.sleep(args.seconds)
    process.send_signal(signal.SIGINT)
    process.wait()


def report(args, name, rate, ledger):
    passed, refused, first = 0, 0, None
    for line in ledger.read_text().splitlines():
        fields = line.split()
        first = first or int(fields[0])
        if int(fields[0]) - first > args.seconds * 1e9:
            continue
        passed += fields[5] == "200"
        refused += fields[5] == "429"
    used, share = passed / (rate * args.seconds), refused / max(passed + refused, 1)
    ok = used >= 0.9 and share <= 0.02
    print(f"{'  ' if ok else '! '}{name:52} {used:6.1%} used, {share:5.2%} of {passed + refused} refused", flush=True)
    return ok


if __name__ == "__main__":
    sys.exit(main())
