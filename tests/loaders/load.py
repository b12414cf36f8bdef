#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""load.py CONFAB PROJECT: exports the newest run of the project folder PROJECT in every format, and loads each with the
tools that people use, as far as they are installed: pyarrow, DuckDB, pandas, datasets (offline), and hyparquet
(node, with NODE_PATH or a node_modules above the working folder). What is loaded is compared with the dataset itself.

Run by hand: python -m venv v && v/bin/pip install pyarrow duckdb pandas datasets; npm install hyparquet hyparquet-compressors
"""
import importlib.util
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

os.environ.update(HF_HUB_OFFLINE="1", HF_DATASETS_OFFLINE="1")
HYPARQUET = """
import { readFileSync } from 'node:fs'
import { parquetReadObjects } from 'hyparquet'
import { compressors } from 'hyparquet-compressors'
const bytes = readFileSync(process.argv[2])
const file = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength)
const plain = (key, value) => typeof value === 'bigint' ? Number(value) : value
console.log(JSON.stringify(await parquetReadObjects({ file, compressors }), plain))
"""


def export(confab, project, format, path, *more):
    subprocess.run([confab, "export", "-q", "-p", project, "-f", format, "-o", path, *more], check=True)
    return path


def check(holds, what):
    if not holds:
        sys.exit(f"not so: {what}")


def have(name):
    return importlib.util.find_spec(name) is not None


def main(confab, project):
    notes = []
    with tempfile.TemporaryDirectory() as folder:
        at = lambda name: f"{folder}/{name}"
        lines = [json.loads(line) for line in open(export(confab, project, "jsonl", at("a.jsonl")), encoding="utf-8")]
        check(lines and all(list(line) == list(lines[0]) for line in lines), "jsonl has the same keys in every row")
        parquet = export(confab, project, "parquet", at("a.parquet"))
        hf = export(confab, project, "hf", at("hf"), "--split", "train=0.6,test=0.4")
        export(confab, project, "csv", at("a.csv"))
        if have("pyarrow"):
            import pyarrow.parquet
            check(pyarrow.parquet.read_table(parquet).to_pylist() == lines, "pyarrow reads what jsonl has")
            notes.append("pyarrow")
        if have("duckdb"):
            import duckdb
            rows = duckdb.sql(f"select id, messages[1].content, topic from '{parquet}'").fetchall()
            check(rows == [(r["id"], r["messages"][0]["content"], r["topic"]) for r in lines], "DuckDB reads the Parquet")
            counted = duckdb.sql(f"select count(*) from '{parquet}' where id >= '{lines[0]['id']}'").fetchall()[0][0]
            check(counted == sum(r["id"] >= lines[0]["id"] for r in lines), "DuckDB finds rows by statistics")
            check(duckdb.sql(f"select count(*) from read_json_auto('{at('a.jsonl')}')").fetchall()[0][0] == len(lines), "DuckDB reads the JSONL")
            notes.append("duckdb")
        if have("pandas"):
            import pandas
            check(len(pandas.read_json(at("a.jsonl"), lines=True)) == len(lines), "pandas reads the JSONL")
            check(len(pandas.read_csv(at("a.csv"))) >= len(lines), "pandas reads the CSV")
            if have("pyarrow"):
                check(list(pandas.read_parquet(parquet)["id"]) == [r["id"] for r in lines], "pandas reads the Parquet")
            notes.append("pandas")
        if have("datasets"):
            import datasets
            loaded = datasets.load_dataset(hf, cache_dir=at("cache"))
            check(set(loaded) == {"train", "test"}, "datasets finds both parts")
            ids = [set(part["id"]) for part in loaded.values()]
            check(not ids[0] & ids[1] and len(ids[0] | ids[1]) == len(lines), "each conversation is in one part")
            by_id = {r["id"]: r for r in lines}
            for part in loaded.values():
                for row in part:
                    check(row["messages"] == by_id[row["id"]]["messages"], "datasets has the messages")
                    for name in ("labels", "turn_labels"):
                        check(row.get(name) == by_id[row["id"]].get(name), f"datasets has the {name}")
            plain = datasets.load_dataset("json", data_files=at("a.jsonl"), cache_dir=at("cache"))["train"]
            check(len(plain) == len(lines), "datasets reads the JSONL")
            check(plain.features["messages"] == part.features["messages"] and plain.features.get("labels") == part.features.get("labels"),
                  f"datasets finds the same types in JSONL and Parquet: {plain.features} {part.features}")
            notes.append("datasets")
        if shutil.which("node"):
            script = pathlib.Path(os.environ.get("HYPARQUET_FOLDER", ".")) / "confab-read.mjs"
            script.write_text(HYPARQUET)
            try:
                result = subprocess.run(["node", script, parquet], capture_output=True, text=True)
            finally:
                script.unlink()
            if result.returncode == 0:
                check(json.loads(result.stdout) == lines, "hyparquet reads what jsonl has")
                notes.append("hyparquet")
            elif "Cannot find package" not in result.stderr:
                sys.exit(result.stderr)
    print(f"{len(lines)} conversations loaded by: {', '.join(notes) or 'nothing installed'}")


main(*sys.argv[1:])
