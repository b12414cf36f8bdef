#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Kills confab with SIGKILL at random moments and holds its journal against the server's ledger.

usage: kill.py CONFAB MOCKLLM [--kills 40] [--concurrency 16] [--seed 1] [--endpoints 1] [--delay-ms 5-40]
                [--semantic]

With --semantic the answers are compared by embeddings that the same server gives, so that vectors and
what they cost are journalled as well.

An answer that the server had fully sent a second before a kill is never asked for again and never
missing; of the others at most what was in flight is asked for twice. The slack really needed is
printed: the longest time before a kill at which an answer that was asked for again had been sent.
"""
import argparse
import json
import os
import pathlib
import random
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time

SLACK = 1.0  # seconds before the kill


def read_ledgers(paths):
    """Item -> moments (wall clock, seconds) at which a whole answer had been sent."""
    sent = {}
    for line in (line for path in paths for line in path.read_text().splitlines()):
        fields = line.split("\t") if "\t" in line else line.split()
        if len(fields) < 13 or fields[4] != "sent" or fields[5] != "200":
            continue
        if fields[12] == "-":  # an embedding, which belongs to no attempt
            continue
        sent.setdefault(fields[12], []).append(int(fields[3]) / 1e9)
    return sent


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("confab")
    parser.add_argument("mockllm")
    parser.add_argument("--kills", type=int, default=40)
    parser.add_argument("--concurrency", type=int, default=16)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--endpoints", type=int, default=1)
    parser.add_argument("--delay-ms", default="5-40")
    parser.add_argument("--semantic", action="store_true")
    args = parser.parse_args()
    rng = random.Random(args.seed)
    with tempfile.TemporaryDirectory(prefix="confab-kill-") as folder:
        work = pathlib.Path(folder)
        project = work / "projects" / "kill"
        (project / "prompting").mkdir(parents=True)
        (project / "prompting" / "system-prompt.txt").write_text("You write chats.\n")
        (project / "prompting" / "user-prompt.txt").write_text("Write a chat of {exchanges} exchanges.\n")
        mocks = []
        try:
            for i in range(args.endpoints):
                mocks.append(subprocess.Popen([args.mockllm, "--port", "0", "--port-file", str(work / f"port-{i}"), "--delay-ms", args.delay_ms,
                                               "--ledger", str(work / f"ledger-{i}"), "--die-with-parent"], stdout=subprocess.DEVNULL))
            return play(args, rng, project, work)
        finally:
            for mock in mocks:
                mock.send_signal(signal.SIGTERM)
                mock.wait()


def address(port_file):
    while not (port_file.exists() and port_file.read_text().strip()):
        time.sleep(0.01)
    return f"http://127.0.0.1:{port_file.read_text().strip()}"


def play(args, rng, project, work):
    env = {k: v for k, v in os.environ.items() if not k.startswith(("LLM_", "CONFAB_"))}
    env.update(LLM_API_URL=",".join(address(work / f"port-{i}") for i in range(args.endpoints)), LLM_NAME="mock-model", NO_COLOR="1")
    iterations = args.kills * args.concurrency * 4
    common = ["-p", str(project), "--yes", "--progress", "none", "-j", str(args.concurrency)]
    first = env["LLM_API_URL"].split(",")[0]
    # Above the likeness of any two answers: nothing is rejected, everything is compared.
    semantic = ["--dedup-threshold", "1", "--dedup-semantic", "--dedup-semantic-threshold", "1", "--embeddings-url", first, "--embeddings-model", "mock"]
    dedup = semantic if args.semantic else ["--dedup", "off"]
    start = [args.confab, "run", "-n", str(iterations), "-x", "2", "--seed", "5", *dedup, *common]
    resume = [args.confab, "resume", *common]
    kills, code, begun = [], None, False
    while len(kills) < args.kills:
        # A run of the same settings goes on by itself; `resume` says it outright.
        process = subprocess.Popen(resume if begun and rng.random() < 0.5 else start, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        # The first are killed at any moment. Then there must be a run at last, however busy the machine is.
        while len(kills) > 2 and not begun and process.poll() is None:
            begun = bool(fact(project, "began"))
            time.sleep(0.01)
        try:
            code = process.wait(rng.uniform(0.02, 0.35))
            break  # it was done before the kill
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
            kills.append(time.time())
            process.wait()
            if fact(project, "end"):
                code = 0  # it was done, and killed on its way out
                break
    if code is None:
        last = subprocess.run(resume, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        code, process = last.returncode, last
        error = last.stderr.decode()
    else:
        error = process.stderr.read().decode()
    time.sleep(0.2)  # the ledger is flushed every 10 ms
    faults = []
    if code != 0:
        faults.append(f"exit {code}: {error}")
    ledgers = [work / f"ledger-{i}" for i in range(args.endpoints)]
    return judge(args, project, read_ledgers(ledgers), kills, iterations, faults)


def judge(args, project, sent, kills, iterations, faults):
    again = {item: moments for item, moments in sent.items() if len(moments) > 1}
    worst = 0.0
    for item, moments in again.items():
        moments.sort()
        for first, second in zip(moments, moments[1:]):
            between = [kill for kill in kills if first <= kill <= second]
            # Without one the server finished it after its client was dead.
            dead = any(first - 1 <= kill <= first for kill in kills)
            before = min(between) - first if between else 0.0 if dead else float("inf")
            worst = max(worst, before)
            if before > SLACK:
                faults.append(f"{item} was asked for again, though sent {before:.3f} s before the next kill")
    if len(again) > len(kills) * args.concurrency * 2:
        faults.append(f"{len(again)} answers were asked for twice")
    records = []
    for path in project.glob("generated/*.json"):
        if not path.name.endswith(".run.json"):
            records = json.loads(path.read_text())
    indices = [record["index"] for record in records]
    if indices != list(range(iterations)):
        faults.append(f"{len(indices)} records of {iterations}, in order: {indices == sorted(set(indices))}")
    faults += look_at_journal(project, iterations if args.semantic else 0)
    print("\n".join(faults[:20]) or "nothing lost")
    print(f"{len(kills)} kills, {iterations} iterations, {sum(map(len, sent.values()))} answers sent, "
          f"{len(again)} asked for twice, the oldest of them sent {worst * 1000:.0f} ms before its kill")
    return 1 if faults else 0


def fact(project, key):
    """What a journal says of its run; nothing where none is there yet."""
    for journal in project.glob(".confab/*.db"):
        try:
            with sqlite3.connect(f"file:{journal}?mode=ro", uri=True) as db:
                row = db.execute("SELECT value FROM fact WHERE key=?", (key,)).fetchone()
                if row and row[0]:
                    return row[0]
        except sqlite3.OperationalError:  # being made
            pass
    return None


def look_at_journal(project, vectors):
    """A kill right at the start leaves a journal that was never begun, beside the run's own."""
    faults, found = [], 0
    for journal in project.glob(".confab/*.db"):
        # Not read-only: one that was cut off while it was made is rolled back first.
        with sqlite3.connect(f"file:{journal}?mode=rw", uri=True) as db:
            faults += [f"{journal.name}: {row[0]}" for row in db.execute("PRAGMA integrity_check") if row[0] != "ok"]
            if db.execute("SELECT 1 FROM sqlite_master WHERE name='vector'").fetchone():
                found += db.execute("SELECT count(*) FROM vector").fetchone()[0]
    return faults + ([f"{found} vectors of {vectors}"] if found != vectors else [])


if __name__ == "__main__":
    sys.exit(main())
