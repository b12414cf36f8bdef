#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Kills confab before each write, sync and removal of a run's first moments.

usage: kill_at_begin.py CONFAB MOCKLLM PRELOAD

Afterwards `list` warns of nothing, and what the next run finds of journals that were never begun is gone.
"""
import os
import pathlib
import subprocess
import sys
import tempfile
import time

FIRST_MOMENTS = 60
ENV = {k: v for k, v in os.environ.items() if not k.startswith(("LLM_", "CONFAB_"))}


def main():
    confab, mockllm, preload = sys.argv[1:4]
    with tempfile.TemporaryDirectory(prefix="confab-begin-") as folder:
        work = pathlib.Path(folder)
        mock = subprocess.Popen([mockllm, "--port", "0", "--port-file", str(work / "port"), "--die-with-parent"], stdout=subprocess.DEVNULL)
        try:
            while not ((work / "port").exists() and (work / "port").read_text().strip()):
                time.sleep(0.01)
            url = f"http://127.0.0.1:{(work / 'port').read_text().strip()}"
            states = [kill_at(confab, preload, url, work / str(n), n) for n in range(1, FIRST_MOMENTS)]
        finally:
            mock.terminate()
            mock.wait()
    print(f"killed {len(states)} times, {states.count('unborn')} before the journal was begun, {states.count('begun')} after")
    faults = [state for state in states if state not in ("unborn", "begun")]
    print("\n".join(faults), end="\n" if faults else "")
    return 1 if faults or len(set(states)) != 2 else 0


def kill_at(confab, preload, url, folder, n):
    project = folder / "project"
    (project / "prompting").mkdir(parents=True)
    (project / "prompting/system-prompt.txt").write_text("You write chats.\n")
    (project / "prompting/user-prompt.txt").write_text("Write a chat of {exchanges} exchanges.\n")
    run = [confab, "run", "-p", str(project), "-n", "2", "-x", "2", "--seed", "1", "--yes", "--progress", "none"]
    env = dict(ENV, LLM_API_URL=url, LLM_NAME="m", NO_COLOR="1")
    killed = subprocess.run(run, env=dict(env, LD_PRELOAD=preload, FAULT=f"kill:{n}"), capture_output=True)
    if killed.returncode != -9:
        return f"{n}: ended with {killed.returncode}"
    listed = subprocess.run([confab, "list", "-p", str(project)], env=env, capture_output=True, text=True)
    if listed.returncode != 0 or "warning" in listed.stderr:
        return f"{n}: list said {listed.stderr}"
    if "resumable" in listed.stdout:
        return "begun"
    subprocess.run(run, env=env, capture_output=True)
    journals = list(project.glob(".confab/*.db"))
    return "unborn" if len(journals) == 1 else f"{n}: there are {journals}"


if __name__ == "__main__":
    sys.exit(main())
