#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""How soon a run of many rows asks again.

usage: resume.py CONFAB MOCKLLM [--iterations 10000000] [--folder DIR]

Begins a run of so many iterations and interrupts it, fills its journal by SQL to within a thousand of
its end (an ask, an answer, a verdict and a kept record each; with short texts, half a kilobyte an iteration), and
resumes it: once with the journal's pages out of the system's cache, where this may be dropped, and once
in it. Timed is from the start of the process to the first request at the server.
"""
import argparse
import os
import pathlib
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time

LEFT = 1000


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("confab")
    parser.add_argument("mockllm")
    parser.add_argument("fill")
    parser.add_argument("--iterations", type=int, default=10_000_000)
    parser.add_argument("--folder", help="keep the project here, and use it again")
    args = parser.parse_args()
    folder = pathlib.Path(args.folder or tempfile.mkdtemp(prefix="confab-resume-"))
    try:
        bench(args, folder)
    finally:
        if not args.folder:
            shutil.rmtree(folder)


def bench(args, folder):
    project = folder / "project"
    (folder / "port").unlink(missing_ok=True)
    folder.mkdir(parents=True, exist_ok=True)
    mock = subprocess.Popen([args.mockllm, "--port", "0", "--port-file", str(folder / "port"), "--ledger", str(folder / "ledger"),
                             "--delay-ms", "20", "--die-with-parent"], stdout=subprocess.DEVNULL)
    try:
        while not ((folder / "port").exists() and (folder / "port").read_text().strip()):
            time.sleep(0.01)
        env = {k: v for k, v in os.environ.items() if not k.startswith(("LLM_", "CONFAB_"))}
        env.update(LLM_API_URL=f"http://127.0.0.1:{(folder / 'port').read_text().strip()}", LLM_NAME="mock-model", NO_COLOR="1")
        if not project.exists():
            begin(args, project, env)
            fill(args, next((project / ".confab").glob("*.db")))
        journal = next((project / ".confab").glob("*.db"))
        print(f"{args.iterations} iterations, {journal.stat().st_size / 1e9:.1f} GB")
        if drop_cache(journal):
            print(f"first request after {resume(args, project, env, folder):.2f} s, nothing in the cache")
        print(f"first request after {resume(args, project, env, folder):.2f} s")
    finally:
        mock.send_signal(signal.SIGTERM)
        mock.wait()


def common(project):
    return ["-p", str(project), "--yes", "--progress", "none", "-j", "4"]


def begin(args, project, env):
    (project / "prompting").mkdir(parents=True)
    (project / "prompting/system-prompt.txt").write_text("You write chats.\n")
    (project / "prompting/user-prompt.txt").write_text("Write a chat of {exchanges} exchanges.\n")
    run = subprocess.Popen([args.confab, "run", "-n", str(args.iterations), "-x", "2", "--seed", "5", "--dedup", "off", *common(project)],
                           env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    time.sleep(2)
    stop(run)


def stop(run):
    run.send_signal(signal.SIGKILL)
    run.wait()
    time.sleep(0.5)  # what was on its way comes to the ledger


def fill(args, path):
    db = sqlite3.connect(path)
    first = db.execute("SELECT max(id >> 16) + 1 FROM ask").fetchone()[0]
    db.close()
    began = time.monotonic()
    subprocess.run([args.fill, str(path), str(first), str(args.iterations - LEFT)], check=True)
    print(f"{args.iterations - LEFT - first} iterations written in {time.monotonic() - began:.0f} s")


def drop_cache(path):
    fd = os.open(path, os.O_RDONLY)
    try:
        os.fsync(fd)
        os.posix_fadvise(fd, 0, 0, os.POSIX_FADV_DONTNEED)
        return True
    except OSError:
        return False
    finally:
        os.close(fd)


def resume(args, project, env, folder):
    ledger = folder / "ledger"
    before = ledger.stat().st_size
    began = time.time()
    run = subprocess.Popen([args.confab, "resume", *common(project)], env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while ledger.stat().st_size == before:
        if run.poll() is not None:
            raise SystemExit(f"it ended with {run.returncode}")
        time.sleep(0.005)
    with open(ledger, encoding="ascii") as lines:
        lines.seek(before)
        first = int(lines.readline().split()[1]) / 1e9
    stop(run)
    return first - began


if __name__ == "__main__":
    sys.exit(main())
