#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""confab dedup against rensa and datasketch: speed on one file, quality on a labelled set.

    python3 -m venv /tmp/dedup && /tmp/dedup/bin/pip install rensa==0.5.0 datasketch==2.0.0
    /tmp/dedup/bin/python bench/dedup.py --confab build/release/confab [-n 100000]

All programs read the same JSONL in the same run, each in a process of its own: reading the file, finding
the near-duplicates at 0.8 with 128 permutations, and saying which rows are dropped. Word 5-grams of the
lower-case words for all. Peers that are not installed are left out.

The labelled set is made of pairs: a conversation, and a copy in which words were replaced until their
exact Jaccard index is between 0.5 and 0.95. A pair counts as a duplicate when the index is 0.8 or more.
"""
import argparse
import json
import os
import pathlib
import random
import resource
import subprocess
import sys
import tempfile
import time

THRESHOLD = 0.8


def vocabulary(rng, n=20000):
    letters = "etaoinshrdlucmfwypvbgk"
    weights = range(len(letters), 0, -1)
    return ["".join(rng.choices(letters, weights, k=min(12, max(1, round(rng.gauss(4.6, 2.2)))))) for _ in range(n)]


class Writer:
    def __init__(self, seed):
        self.rng = random.Random(seed)
        self.words = vocabulary(self.rng)
        total, self.cumulative = 0.0, []
        for rank in range(len(self.words)):
            total += 1 / (rank + 2.7)
            self.cumulative.append(total)

    def draw(self, n):
        return self.rng.choices(self.words, cum_weights=self.cumulative, k=n)

    def conversation(self, size=650):
        words = self.draw(size // 5 - 12)
        text = " ".join(words)
        return words[: len(words) * size // (len(text) + 60)]

    def record(self, words, i):
        turns, at = [], 0
        while at < len(words):
            n = self.rng.randint(10, 24)
            sentence = " ".join(words[at:at + n])
            turns.append({"role": ("user", "assistant")[len(turns) % 2], "content": sentence.capitalize() + self.rng.choice(".?!")})
            at += n
        return json.dumps({"id": i, "messages": turns})


def shingles(words):
    return {tuple(words[i:i + 5]) for i in range(len(words) - 4)} or {tuple(words)}


def jaccard(a, b):
    a, b = shingles(a), shingles(b)
    return len(a & b) / len(a | b)


def write_speed(path, n):
    w = Writer(1)
    with open(path, "w") as out:
        before = []
        for i in range(n):
            words = w.conversation()
            if before and w.rng.random() < 0.1:  # nearly one of the thousand before
                words = list(w.rng.choice(before))
                for _ in range(w.rng.randint(0, 3)):
                    words[w.rng.randrange(len(words))] = w.draw(1)[0]
            before = (before + [words])[-1000:]
            out.write(w.record(words, i) + "\n")


def write_labelled(path, pairs):
    """Writes originals, then copies; returns the Jaccard index of each pair."""
    w = Writer(2)
    originals, copies, truth = [], [], []
    while len(truth) < pairs:
        words = w.conversation(w.rng.randint(250, 1200))
        copy = list(words)
        goal = w.rng.uniform(0.5, 0.95)
        while jaccard(words, copy) > goal:
            copy[w.rng.randrange(len(copy))] = w.draw(1)[0]
        originals.append(words)
        copies.append(copy)
        truth.append(jaccard(words, copy))
    with open(path, "w") as out:
        for i, words in enumerate(originals + copies):
            out.write(w.record(words, i) + "\n")
    return truth


# ---- peers: each is run as `dedup.py --peer NAME FILE`, and prints the rows it drops --------------------

def texts(path):
    for line in open(path):
        yield "\n".join(m["content"] for m in json.loads(line)["messages"])


def grams(text):
    words = "".join(c if c.isalnum() else " " for c in text.lower()).split()
    return {" ".join(words[i:i + 5]) for i in range(max(1, len(words) - 4))}


def peer_rensa(path):
    from rensa import RMinHash, RMinHashLSH
    lsh = RMinHashLSH(threshold=THRESHOLD, num_perm=128, num_bands=16)
    for i, text in enumerate(texts(path)):
        m = RMinHash(num_perm=128, seed=42)
        m.update(list(grams(text)))
        if lsh.query(m):
            print(i)
        else:
            lsh.insert(i, m)


def peer_datasketch(path):
    from datasketch import MinHash, MinHashLSH
    lsh = MinHashLSH(threshold=THRESHOLD, num_perm=128)
    for i, text in enumerate(texts(path)):
        m = MinHash(num_perm=128)
        m.update_batch([g.encode() for g in grams(text)])
        if lsh.query(m):
            print(i)
        else:
            lsh.insert(i, m)


# ---- measuring ----------------------------------------------------------------------------------------

def timed(command):
    """Seconds of processor time, wall seconds, peak memory in MB, standard output."""
    began = time.monotonic()
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    out = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        return None
    return usage.ru_utime + usage.ru_stime, time.monotonic() - began, usage.ru_maxrss / 1024, out.decode()


def programs(args, clusters):
    yield "confab", [args.confab, "dedup", "{file}", "--dry-run", "--clusters", clusters, "-q"]
    for name in ("rensa", "datasketch"):
        yield name, [sys.executable, __file__, "--peer", name, "{file}"]


def dropped_by(name, out, clusters):
    if name != "confab":
        return {int(line) for line in out.split()}
    rows = set()
    for line in open(clusters):
        rows |= {m["row"] for m in json.loads(line)["members"][1:]}
    return rows


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--confab", default="build/release/confab")
    parser.add_argument("-n", type=int, default=100000, help="conversations of the speed set")
    parser.add_argument("--pairs", type=int, default=5000, help="of the labelled set")
    parser.add_argument("--rounds", type=int, default=3, help="of confab; the best counts")
    parser.add_argument("--write", help="only write the speed set to this file")
    parser.add_argument("--peer", nargs=2, metavar=("NAME", "FILE"), help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.peer:
        return {"rensa": peer_rensa, "datasketch": peer_datasketch}[args.peer[0]](args.peer[1])
    if args.write:
        return write_speed(args.write, args.n)
    folder = pathlib.Path(tempfile.mkdtemp(prefix="confab-bench-"))
    speed, labelled, clusters = folder / "speed.jsonl", folder / "labelled.jsonl", str(folder / "clusters.jsonl")
    write_speed(speed, args.n)
    truth = write_labelled(labelled, args.pairs)
    print(f"{args.n} conversations, {speed.stat().st_size / args.n:.0f} bytes a record; {args.pairs} labelled pairs, "
          f"{sum(t >= THRESHOLD for t in truth)} of them at {THRESHOLD} or above")
    print(f"{'':12} {'a second a core':>16} {'wall s':>8} {'MB':>7} {'dropped':>8} {'precision':>10} {'recall':>8}")
    for name, command in programs(args, clusters):
        runs = [timed([w.format(file=speed) for w in command]) for _ in range(args.rounds if name == "confab" else 1)]
        if None in runs:
            print(f"{name:12} not installed")
            continue
        cpu, wall, memory, out = min(runs)
        n = len(dropped_by(name, out, clusters))
        out = timed([w.format(file=labelled) for w in command])[3]
        flagged = dropped_by(name, out, clusters)
        hits = [i + len(truth) in flagged for i in range(len(truth))]
        right = sum(h and t >= THRESHOLD for h, t in zip(hits, truth))
        print(f"{name:12} {args.n / cpu:16,.0f} {wall:8.2f} {memory:7.0f} {n:8} {right / max(1, len(flagged)):10.4f} "
              f"{right / max(1, sum(t >= THRESHOLD for t in truth)):8.4f}", flush=True)


if __name__ == "__main__":
    main()
