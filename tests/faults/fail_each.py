#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Fails each write, each sync, each new name and each allocation of a small run in turn.

usage: fail_each.py CONFAB MOCKLLM PRELOAD [--family write,sync,name,memory] [--stride N] [--first N] [--last N] [--all]

For each n until the fault no longer happens: the run ends with an exit code and an error of its own
(never by a signal), what was there before is still there, and afterwards the run goes on and
completes with every record once.

Of memory, two libraries crash by themselves: OpenSSL 3.0 when its own start (allocations 13 to about 70)
is refused, libcurl 7.88 at one place of its table of sockets.
"""
import argparse
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import time

ITERATIONS = 6
SECONDS_MAX = 20
# What may stop a run: 8 is disk or file, 1 memory; 3 a project that could not be read for want of
# memory, 5 and 4 a connection that could not be made for want of it.
ALLOWED = {"write": {0, 8}, "sync": {0, 8}, "name": {0, 8}, "memory": {0, 1, 2, 3, 4, 5, 6, 8}}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("confab")
    parser.add_argument("mockllm")
    parser.add_argument("preload")
    parser.add_argument("--family", default="write,sync,name")
    parser.add_argument("--stride", type=int, default=1)
    parser.add_argument("--first", type=int, default=1)
    parser.add_argument("--last", type=int, default=10**9)
    parser.add_argument("--all", action="store_true", help="every later call fails too")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="confab-faults-") as folder:
        work = pathlib.Path(folder)
        port_file = work / "port"
        mock = subprocess.Popen([args.mockllm, "--port", "0", "--port-file", str(port_file), "--die-with-parent"],
                                stdout=subprocess.DEVNULL)
        try:
            while not (port_file.exists() and port_file.read_text().strip()):
                time.sleep(0.01)
            url = f"http://127.0.0.1:{port_file.read_text().strip()}"
            faults = sum(fail_family(args, work, url, family) for family in args.family.split(","))
        finally:
            mock.send_signal(signal.SIGTERM)
            mock.wait()
    return 1 if faults else 0


def make_project(work):
    project = work / "faulty"
    shutil.rmtree(project, ignore_errors=True)
    (project / "prompting").mkdir(parents=True)
    (project / "generated").mkdir()
    (project / "prompting/system-prompt.txt").write_text("You write chats.\n")
    (project / "prompting/user-prompt.txt").write_text("Write a chat of {exchanges} exchanges.\n")
    (project / "generated/older.json").write_text("[]\n")
    return project


def call(args, url, project, command, **fault):
    env = {k: v for k, v in os.environ.items() if not k.startswith(("LLM_", "CONFAB_"))}
    env.update(LLM_API_URL=url, LLM_NAME="mock", NO_COLOR="1", **fault)
    begun = time.monotonic()
    try:
        result = subprocess.run([args.confab, *command, "-p", str(project), "--yes", "--progress", "none", "-j", "2"], env=env,
                                capture_output=True, text=True, errors="replace", timeout=60)
    except subprocess.TimeoutExpired as late:
        result = subprocess.CompletedProcess(late.cmd, -signal.SIGKILL, "", "it hangs")
    # A run takes a tenth of a second, one that finds no server ten seconds.
    result.late = time.monotonic() - begun > SECONDS_MAX
    return result


def fail_family(args, work, url, family):
    report, faults, n, times = work / "report", 0, args.first, 0
    run = ["run", "-n", str(ITERATIONS), "-x", "2", "--seed", "3"]
    while n <= args.last:
        project = make_project(work)
        report.unlink(missing_ok=True)
        fault = {"LD_PRELOAD": args.preload, "FAULT": f"{family}:{n}", "FAULT_REPORT": str(report)}
        if args.all:
            fault["FAULT_ALL"] = "1"
        result = call(args, url, project, run, **fault)
        if not report.exists():
            break
        for what in judge(args, url, project, run, family, result):
            faults += 1
            print(f"{family}:{n}: {what}\n{result.stderr[-600:]}", flush=True)
        n += args.stride
        times += 1
    print(f"{family}: {times} calls failed in turn, from {args.first} to {n - args.stride}, {faults} faults", flush=True)
    return faults + (times == 0)


def judge(args, url, project, run, family, result):
    if result.late:
        yield "it took too long"
    if result.returncode not in ALLOWED[family]:
        yield f"exit {result.returncode}"
    if result.returncode and "error[" not in result.stderr:
        yield "no error is said"
    if (project / "generated/older.json").read_text() != "[]\n":
        yield "an older file has changed"
    if result.returncode:
        again = call(args, url, project, run)
        if again.returncode:
            yield f"afterwards: exit {again.returncode}: {again.stderr[-400:]}"
            return
    datasets = [path for path in project.glob("generated/*.json") if path.name[:2].isdigit() and ".run." not in path.name]
    records = json.loads(sorted(datasets)[-1].read_text()) if datasets else []
    indices = [record["index"] for record in records]
    if indices != list(range(ITERATIONS)):
        yield f"afterwards the dataset has the iterations {indices}"


if __name__ == "__main__":
    sys.exit(main())
