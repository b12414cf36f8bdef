#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Near-duplicates among embeddings: confab's exact search, in memory and in a file, and its graph, beside hnswlib, usearch and
faiss, all one after the other over the same vectors, each in a process of its own and on one thread.

    python3 -m venv /tmp/v && /tmp/v/bin/pip install numpy hnswlib usearch faiss-cpu
    /tmp/v/bin/python bench/dedup_vectors.py [-n 100000] [--only exact,graph,hnswlib] [--sweep]

Each vector is looked up among those kept so far, and dropped when one has a cosine of 0.9 or more. The vectors are of 384
dimensions, seeded, in topics and documents: two of one topic have a cosine of about 0.5, two of one document of about 0.75, and
every tenth is made of an earlier one, at a cosine between 0.9 and 1. Recall is the share of what comparing with all drops.

--sweep tells recall and speed of hnswlib, which is the graph's library, for other numbers of links (M) and widths of search.
"""
import argparse
import os
import pathlib
import subprocess
import sys
import tempfile
import time

import numpy

DIMENSIONS, NEAR = 384, 0.9
ROOM = pathlib.Path(__file__).resolve().parent.parent


def unit(x):
    return x / numpy.linalg.norm(x, axis=-1, keepdims=True)


def make(n, path, seed=1):
    rng = numpy.random.default_rng(seed)
    draw = lambda k: unit(rng.standard_normal((k, DIMENSIONS), dtype=numpy.float32))
    topics, documents = draw(100), draw(2000)
    which = rng.integers(0, 2000, n)
    rows = unit(0.7 * topics[which % 100] + 0.5 * documents[which] + 0.5 * draw(n))
    for i in rng.choice(numpy.arange(1, n), n // 10, replace=False):
        source, noise = rows[rng.integers(0, i)], draw(1)[0]
        noise = unit(noise - (noise @ source) * source)
        cosine = rng.uniform(NEAR, 1)
        rows[i] = cosine * source + numpy.sqrt(1 - cosine * cosine) * noise
    rows.tofile(path)


# ---- peers, each in a process of its own ----------------------------------------------------------------

def one_by_one(rows, look, add):
    began, dropped = time.monotonic(), []
    for i, row in enumerate(rows):
        if i and look(row) >= NEAR - 1e-6:
            dropped.append(i)
        else:
            add(row, i)
    print(*dropped, sep="\n")
    print(f"{time.monotonic() - began:.2f} s", file=sys.stderr)


def peer_hnswlib(rows, links=16, build=200, width=128):
    import hnswlib
    index = hnswlib.Index("ip", DIMENSIONS)
    index.init_index(len(rows), M=links, ef_construction=build, random_seed=1)
    index.set_ef(width)
    index.set_num_threads(1)
    one_by_one(rows, lambda row: 1 - index.knn_query(row, k=1)[1][0, 0], lambda row, i: index.add_items(row, i))


def peer_usearch(rows):
    from usearch.index import Index
    index = Index(ndim=DIMENSIONS, metric="ip", dtype="f32", connectivity=16, expansion_add=200, expansion_search=128)
    one_by_one(rows, lambda row: 1 - index.search(row, 1).distances[0], lambda row, i: index.add(i, row, threads=1))


def peer_faiss(rows):
    """Exact, a block of 512 against all kept ones at a time."""
    import faiss
    faiss.omp_set_num_threads(1)
    index, began, dropped = faiss.IndexFlatIP(DIMENSIONS), time.monotonic(), []
    for start in range(0, len(rows), 512):
        block = rows[start:start + 512]
        best = index.search(block, 1)[0][:, 0] if index.ntotal else numpy.full(len(block), -1)
        within, kept = block @ block.T, []
        for i in range(len(block)):
            if best[i] >= NEAR - 1e-6 or (kept and within[i, kept].max() >= NEAR - 1e-6):
                dropped.append(start + i)
            else:
                kept.append(i)
        index.add(block[kept])
    print(*dropped, sep="\n")
    print(f"{time.monotonic() - began:.2f} s", file=sys.stderr)


PEERS = {"hnswlib": peer_hnswlib, "usearch": peer_usearch, "faiss": peer_faiss}
MODES = ("exact", "together", "file", "graph", "online")


# ---- measuring ------------------------------------------------------------------------------------------

def run(name, words):
    process = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=os.environ | {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"})
    out, said = process.stdout.read().decode(), process.stderr.read().decode()
    _, status, usage = os.wait4(process.pid, 0)
    return (None if status else {int(line.split()[0]) for line in out.splitlines()}), said.strip().splitlines()[-1:], usage.ru_maxrss // 1024


def build(folder):
    program = f"{folder}/dedup_vectors"
    libraries = [f"{ROOM}/build/release/src/{name}/libconfab_{name}.a" for name in ("dedup", "text", "base")]
    subprocess.run(["gcc", "-O2", f"-I{ROOM}/src", f"{ROOM}/bench/dedup_vectors.c", *libraries, "-lstdc++", "-ljansson", "-lcrypto", "-licuuc",
                    "-lpcre2-8", "-lzstd", "-lz", "-lsnappy", "-lm", "-o", program], check=True)
    return program


def sweep(rows):
    """Everything but the last tenth is put in; the last tenth is looked up."""
    import hnswlib
    n = len(rows) * 9 // 10
    looked = rows[n:]
    truth = numpy.concatenate([(looked[i:i + 500] @ rows[:n].T).max(axis=1) for i in range(0, len(looked), 500)]) >= NEAR
    for links in (8, 16, 32):
        index = hnswlib.Index("ip", DIMENSIONS)
        index.init_index(n, M=links, ef_construction=200, random_seed=1)
        began = time.monotonic()
        index.add_items(rows[:n], num_threads=1)
        built = time.monotonic() - began
        for width in (16, 32, 64, 128, 256):
            index.set_ef(width)
            began = time.monotonic()
            found = 1 - index.knn_query(looked, k=1, num_threads=1)[1][:, 0] >= NEAR - 1e-6
            micros = (time.monotonic() - began) / len(looked) * 1e6
            print(f"M {links:3}  built in {built:6.1f} s  width {width:4}  recall {(found & truth).sum() / truth.sum():.4f}  {micros:7.0f} microseconds a look", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("-n", type=int, default=100000)
    parser.add_argument("--only", default=",".join((*MODES, *PEERS)), help="programs, with commas; the first is what recall is measured by")
    parser.add_argument("--data", help="a file of the vectors; made where it is not there")
    parser.add_argument("--sweep", action="store_true")
    parser.add_argument("--peer", nargs=2, metavar=("NAME", "FILE"), help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.peer:
        return PEERS[args.peer[0]](numpy.fromfile(args.peer[1], numpy.float32).reshape(-1, DIMENSIONS))
    folder = tempfile.mkdtemp(prefix="confab-bench-")
    data = args.data or f"{folder}/vectors"
    if not os.path.exists(data):
        make(args.n, data)
    if args.sweep:
        return sweep(numpy.fromfile(data, numpy.float32).reshape(-1, DIMENSIONS))
    program, truth = build(folder), None
    print(f"{os.path.getsize(data) // 4 // DIMENSIONS} vectors of {DIMENSIONS} dimensions")
    for name in args.only.split(","):
        words = [program, data, str(DIMENSIONS), str(NEAR), name] if name in MODES else [sys.executable, __file__, "--peer", name, data]
        dropped, said, memory = run(name, words)
        if dropped is None:
            print(f"{name:10} failed: {' '.join(said)}")
            continue
        truth = dropped if truth is None else truth
        print(f"{name:10} {len(dropped):7} dropped  recall {len(dropped & truth) / max(1, len(truth)):.4f}  wrong {len(dropped - truth):4}  "
              f"{memory:5} MB  {' '.join(said)}", flush=True)


if __name__ == "__main__":
    main()
