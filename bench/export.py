#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""export.py CONFAB PROJECT [ROWS]: makes a journal of ROWS conversations (a million) from those of the newest run of the
project folder PROJECT, in a copy of it, and measures export and report on it: seconds, MB a second of the dataset as JSONL,
whatever it is written as, and memory."""
import json
import os
import pathlib
import random
import shutil
import sqlite3
import sys
import tempfile
import time

WORDS = [f"w{i}" for i in range(20000)]


def main(confab, project, rows=1000000):
    project = pathlib.Path(project)
    source = sorted(project.glob(".confab/*.db"))[-1]
    folder = pathlib.Path(os.environ.get("BENCH_FOLDER") or tempfile.mkdtemp(prefix="confab-bench-")) / "big"
    journal = folder / ".confab" / source.name
    if not journal.exists():
        shutil.copytree(project, folder, ignore=shutil.ignore_patterns(".confab", "generated"))
        journal.parent.mkdir()
        make(source, journal, int(rows))
    print(f"journal {journal.stat().st_size / 1e6:.0f} MB")
    data = None
    for words in (["export", "-f", "jsonl"], ["export", "-f", "parquet"], ["export", "-f", "json"],
                  ["export", "-f", "jsonl", "--split", "train=0.9,test=0.1"], ["report"]):
        size = measure([confab, *words, "-q", "-p", str(folder), "-o", str(folder / "out")], folder / "out", data)
        data = data or size


def make(source, journal, rows):
    old = sqlite3.connect(source)
    new = sqlite3.connect(journal)
    new.execute("pragma journal_mode=off")
    new.execute("pragma synchronous=off")
    new.execute(f"pragma page_size={old.execute('pragma page_size').fetchone()[0]}")
    new.execute(f"pragma user_version={old.execute('pragma user_version').fetchone()[0]}")
    for (sql,) in old.execute("select sql from sqlite_schema where sql is not null"):
        new.execute(sql)
    new.executemany("insert into fact values(?,?)", old.execute("select * from fact"))
    kept = old.execute("select record,csv,drawn,conversation,text from kept").fetchall()
    rng = random.Random(7)
    def row(i):
        record, csv, drawn, conversation, text = kept[i % len(kept)]
        # Words of its own for every row: else all rows made of one would be near-duplicates.
        turns = json.loads(conversation)
        for turn in turns:
            turn["text"] = " ".join(rng.choices(WORDS, k=100 // len(turns)))
        return (i, 1, record, csv, drawn, json.dumps(turns, ensure_ascii=False, separators=(",", ":")), "\n".join(t["text"] for t in turns))
    new.executemany("insert into kept values(?,?,?,?,?,?,?)", map(row, range(rows)))
    new.executemany("insert into verdict values(?,1,'kept','',?,100,200,0,1,1000,0,0)",
                    ((i << 16 | 256, 1700000000_000000000 + i * 1000000) for i in range(rows)))
    new.commit()
    new.close()


def measure(words, out, data):
    if out.is_dir():
        shutil.rmtree(out)
    out.unlink(missing_ok=True)
    start = time.monotonic()
    child = os.spawnv(os.P_NOWAIT, words[0], words)
    _, status, usage = os.wait4(child, 0)
    seconds = time.monotonic() - start
    size = sum(p.stat().st_size for p in out.rglob("*")) if out.is_dir() else out.stat().st_size
    rate = (data or size) / 1e6 / seconds
    print(f"{' '.join(words[1:4] + words[4:5] * ('--split' in words)):28} exit {status}  {seconds:6.1f} s  cpu {usage.ru_utime + usage.ru_stime:6.1f} s  "
          f"{size / 1e6:7.0f} MB out  {rate:6.0f} MB/s of data  {usage.ru_maxrss // 1024:4} MB of memory", flush=True)
    return size


main(*sys.argv[1:])
