#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The engine's speed against the mock API on loopback, beside aiohttp that does nothing but the HTTP.

usage: engine.py BUILD [--scale 1.0] [--peer PYTHON]

BUILD holds confab and tests/mockllm/mockllm. PYTHON is an interpreter with aiohttp and uvloop
(python3 -m venv v && v/bin/pip install aiohttp uvloop); without it the peer is left out.
Every figure is conversations a second; "ideal" is concurrency divided by delay.
"""
import argparse
import os
import pathlib
import re
import resource
import subprocess
import sys
import tempfile
import time

PEER = r"""
import asyncio, json, sys, time
import aiohttp, uvloop
url, total, concurrency = sys.argv[1] + "/v1/chat/completions", int(sys.argv[2]), int(sys.argv[3])
body = json.dumps({"model": "mock", "messages": [{"role": "system", "content": "You write short support chats."},
    {"role": "user", "content": "Write a chat of 2 exchanges between Customer and Agent. The customer is calm."}]})
async def main():
    left = iter(range(total))
    connector = aiohttp.TCPConnector(limit=concurrency)
    async with aiohttp.ClientSession(connector=connector) as session:
        async def work():
            for _ in left:
                async with session.post(url, data=body, headers={"content-type": "application/json"}) as reply:
                    await reply.json()
        begun = time.monotonic()
        await asyncio.gather(*(work() for _ in range(concurrency)))
        print(total / (time.monotonic() - begun))
uvloop.install()
asyncio.run(main())
"""

CASES = [  # name, concurrency, delay in ms, conversations
    ("256 at a time, 200 ms", 256, 200, 12800),
    ("4,096 at a time, 500 ms", 4096, 500, 163840),
    ("64 at a time, no delay", 64, 0, 60000),
]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("build")
    parser.add_argument("--scale", type=float, default=1.0)
    parser.add_argument("--peer")
    args = parser.parse_args()
    resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
    build = pathlib.Path(args.build)
    with tempfile.TemporaryDirectory(prefix="confab-bench-") as folder:
        project = pathlib.Path(folder) / "bench"
        (project / "prompting").mkdir(parents=True)
        (project / "prompting/system-prompt.txt").write_text("You write short support chats.\n")
        (project / "prompting/user-prompt.txt").write_text("Write a chat of {exchanges} exchanges between {participants}.\n")
        print(f"{'case':26} {'confab':>9} {'of ideal':>9} {'CPU each':>10} {'memory':>8} {'aiohttp':>9} {'ratio':>6}")
        for name, concurrency, delay, total in CASES:
            run(args, build, project, name, concurrency, delay, int(total * args.scale))


def run(args, build, project, name, concurrency, delay, total):
    port_file = project.parent / "port"
    port_file.unlink(missing_ok=True)
    mock = subprocess.Popen([build / "tests/mockllm/mockllm", "--port", "0", "--port-file", port_file, "--delay-ms", str(delay),
                             "--die-with-parent"], stdout=subprocess.DEVNULL)
    while not (port_file.exists() and port_file.read_text().strip()):
        time.sleep(0.01)
    url = f"http://127.0.0.1:{port_file.read_text().strip()}"
    try:
        rate, cpu, memory = confab(build, project, url, concurrency, total)
        peer = None
        if args.peer:
            out = subprocess.run([args.peer, "-c", PEER, url, str(total), str(concurrency)], capture_output=True, text=True)
            peer = float(out.stdout) if out.returncode == 0 else None
    finally:
        mock.terminate()
        mock.wait()
    ideal = f"{rate / (concurrency * 1000 / delay):9.1%}" if delay else f"{'':9}"
    beside = f"{peer:9,.0f} {rate / peer:6.2f}" if peer else f"{'-':>9} {'-':>6}"
    print(f"{name:26} {rate:9,.0f} {ideal} {cpu * 1e6:7.0f} us {memory / 1024:5.0f} MB {beside}", flush=True)


def confab(build, project, url, concurrency, total):
    env = {k: v for k, v in os.environ.items() if not k.startswith(("LLM_", "CONFAB_"))}
    env.update(LLM_API_URL=url, LLM_NAME="mock")
    begun = time.monotonic()
    process = subprocess.Popen([build / "confab", "run", "-p", str(project), "-n", str(total), "-x", "2", "--seed", "1", "--yes",
                                "-j", str(concurrency), "--dedup", "off", "--progress", "none", "--resume", "never"],
                               env=env, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    error = process.stderr.read()
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.monotonic() - begun
    if status != 0:
        sys.exit(error)
    kept = re.search(r"kept\s+([\d,]+)", error)
    if not kept or int(kept.group(1).replace(",", "")) != total:
        sys.exit(f"not everything was kept:\n{error}")
    return total / wall, (usage.ru_utime + usage.ru_stime) / total, usage.ru_maxrss


if __name__ == "__main__":
    main()
