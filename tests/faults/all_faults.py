#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A run against a server a tenth of whose answers are faulty, in every way that mockllm knows.

usage: all_faults.py CONFAB MOCKLLM [--iterations 10000] [--share 0.1] [--concurrency 64] [--seed 1] [--timeout 2s]
                     [--dedup on] [--exclude FAULT,…] [--table]

Every iteration must end kept or given up with its reason, none twice, none lost; odd answers that can
be used are kept; memory stays flat. Where refusals of a key or model, which a tenth of random faults
has too, end the run, it is resumed. --table prints what each fault came to.
"""
import argparse
import collections
import json
import os
import pathlib
import signal
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time

RESUMES_MAX = 40


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("confab")
    parser.add_argument("mockllm")
    parser.add_argument("--iterations", type=int, default=10000)
    parser.add_argument("--share", type=float, default=0.1)
    parser.add_argument("--concurrency", type=int, default=64)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--timeout", default="2s")
    parser.add_argument("--dedup", default="on")
    parser.add_argument("--exclude")
    parser.add_argument("--table", action="store_true")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="confab-faults-") as folder:
        work = pathlib.Path(folder)
        project = work / "projects" / "faulty"
        (project / "prompting").mkdir(parents=True)
        (project / "prompting/system-prompt.txt").write_text("You write chats.\n")
        (project / "prompting/user-prompt.txt").write_text("Write a chat of {exchanges} exchanges.\n")
        port_file = work / "port"
        mock = subprocess.Popen([args.mockllm, "--port", "0", "--port-file", str(port_file), "--die-with-parent", "--late-ms", "100",
                                 "--faults", str(args.share), "--fault-seed", str(args.seed), "--ledger", str(work / "ledger"),
                                 *(["--faults-exclude", args.exclude] if args.exclude else [])], stdout=subprocess.DEVNULL)
        try:
            while not (port_file.exists() and port_file.read_text().strip()):
                time.sleep(0.01)
            env = {k: v for k, v in os.environ.items() if not k.startswith(("LLM_", "CONFAB_"))}
            env.update(LLM_API_URL=f"http://127.0.0.1:{port_file.read_text().strip()}", LLM_NAME="mock-model", NO_COLOR="1")
            began = time.monotonic()
            code, memory, ends = run_to_its_end(args, project, env)
            seconds = time.monotonic() - began
            time.sleep(0.1)  # the ledger is flushed every 10 ms
            return judge(args, work, project, code, memory, ends, seconds)
        finally:
            mock.send_signal(signal.SIGTERM)
            mock.wait()


def resident(pid):
    try:
        for line in open(f"/proc/{pid}/status", encoding="ascii"):
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) / 1024
    except OSError:
        pass
    return None


def run_to_its_end(args, project, env):
    """The last exit code; (share done, MB) of each process; how each process ended."""
    common = ["-p", str(project), "--yes", "--progress", "json", "-j", str(args.concurrency), "--timeout", args.timeout]
    command = [args.confab, "run", "-n", str(args.iterations), "-x", "2", "--seed", "5", "--dedup", args.dedup, *common]
    memory, ends = [], []
    for _ in range(RESUMES_MAX):
        process = subprocess.Popen(command, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        samples, said = [], ""
        for line in process.stderr:
            if not line.startswith("{"):
                said = line if line.startswith("error") else said
                continue
            event = json.loads(line)
            size = resident(process.pid)
            if event["event"] == "progress" and size:
                samples.append((event["done"] / args.iterations, size))
        code = process.wait()
        memory.append(samples)
        ends.append(f"exit {code}" + (f" ({said.strip()})" if said else ""))
        if code not in (4, 5):
            break
        command = [args.confab, "resume", *common]
    return code, memory, ends


def read_ledger(path):
    """(iteration, attempt) -> faults of its requests in order, "-" where there was none."""
    lines = []
    for line in path.read_text().splitlines():
        fields = line.split()
        if len(fields) >= 13 and "-" in fields[12]:
            iteration, attempt = fields[12].split("-")
            lines.append((int(fields[0]), (int(iteration), int(attempt)), fields[6]))
    asked = collections.defaultdict(list)
    for _, item, fault in sorted(lines):
        asked[item].append(fault)
    return asked


def judge(args, work, project, code, memory, ends, seconds):
    wrong = []
    journal = sqlite3.connect(str(next((project / ".confab").glob("*.db"))))
    verdicts = {(id >> 16, id >> 8 & 255): (bool(final), reason)
                for id, final, reason in journal.execute("SELECT id, final, reason FROM verdict")}
    kept = [row[0] for row in journal.execute("SELECT iteration FROM kept ORDER BY iteration")]
    ended = collections.Counter(item[0] for item, (final, _) in verdicts.items() if final)
    if code not in (0, 6):
        wrong.append(f"ended with {ends[-1]}")
    if sorted(ended) != list(range(args.iterations)) or max(ended.values()) != 1:
        wrong.append(f"{len(ended)} of {args.iterations} iterations ended, {sum(n > 1 for n in ended.values())} more than once")
    if kept != sorted(item[0] for item, (_, reason) in verdicts.items() if reason == "kept"):
        wrong.append("what is kept is not what the verdicts say")
    if any(not reason for _, reason in verdicts.values()):
        wrong.append("a verdict has no reason")
    records = json.loads(next(path for path in project.glob("generated/*.json") if not path.name.endswith(".run.json")).read_text())
    if [record["index"] for record in records] != kept:
        wrong.append(f"the dataset has {len(records)} records, the journal {len(kept)}")
    groups = list_faults(args.mockllm)
    table = outcomes(read_ledger(work / "ledger"), verdicts)
    for fault, results in table.items():
        # A near-duplicate may be an honest one; all else that can be used is.
        if groups.get(fault) == "usable" and set(results) - {"kept", "duplicate, asked for anew", "duplicate, given up"}:
            wrong.append(f"{fault} can be used, but: {dict(results)}")
    wrong += check_memory(memory, args)
    if args.table:
        print_table(table, groups)
    print("\n".join(wrong) or "nothing lost, nothing twice")
    faulty = sum(sum(results.values()) for fault, results in table.items() if fault != "-")
    print(f"{args.iterations} iterations in {seconds:.0f} s: {len(kept)} kept, {args.iterations - len(kept)} given up; "
          f"{faulty} faults of {len(set(table) - {'-'})} kinds (of {len(groups)}) in {sum(sum(r.values()) for r in table.values())} requests; "
          f"{len(ends)} processes: {'; '.join(ends)}")
    return 1 if wrong else 0


def list_faults(mockllm):
    lines = subprocess.run([mockllm, "--list-faults"], capture_output=True, text=True, check=True).stdout.splitlines()
    return {fields[0]: fields[1] for fields in (line.split() for line in lines) if len(fields) > 1}


def outcomes(asked, verdicts):
    """Fault -> what became of the requests that met it."""
    table = collections.defaultdict(collections.Counter)
    for item, faults in asked.items():
        for fault in faults[:-1]:
            table[fault]["sent again"] += 1
        final, reason = verdicts.get(item, (False, "no verdict"))
        table[faults[-1]][reason if reason == "kept" else f"{reason}, given up" if final else f"{reason}, asked for anew"] += 1
    return table


def check_memory(memory, args):
    """Resident memory of the longest process: its middle against its end."""
    samples = max(memory, key=len)
    middle = [size for done, size in samples if 0.3 <= done < 0.5]
    end = [size for done, size in samples if done >= 0.8]
    if len(middle) < 3 or len(end) < 3:
        print("too short to say something of memory")
        return []
    a, b, top = statistics.median(middle), statistics.median(end), max(size for _, size in samples)
    print(f"memory: {a:.0f} MB between 30% and 50%, {b:.0f} MB from 80% on, at most {top:.0f} MB")
    # Ceilings of bodies are touched by chance; the near-duplicate index takes a kilobyte a conversation.
    return [f"memory grows from {a:.0f} to {b:.0f} MB"] if b > a * 1.25 + 16 + args.iterations / 1000 else []


def print_table(table, groups):
    print("| fault | group | times | what became of its requests |\n|---|---|---|---|")
    for fault in sorted(table, key=lambda name: (list(groups).index(name) if name in groups else -1)):
        results = ", ".join(f"{n} {what}" for what, n in table[fault].most_common())
        print(f"| {fault} | {groups.get(fault, 'none')} | {sum(table[fault].values())} | {results} |")


if __name__ == "__main__":
    sys.exit(main())
