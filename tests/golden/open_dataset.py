# SPDX-License-Identifier: Apache-2.0
"""open_dataset.py SAMPLE PROJECT: lets SAMPLE write a dataset and opens both files unchanged, with Python's
own readers always, and with DuckDB and pandas where they are installed. What is read must be the same."""
import csv
import json
import subprocess
import sys
import tempfile


def rows_of_csv(path):
    with open(path, newline="", encoding="utf-8") as file:
        return list(csv.reader(file, strict=True))


def check(holds, what):
    if not holds:
        sys.exit(f"not so: {what}")


def check_plain(records, rows):
    check(len({tuple(record) for record in records}) == 1, "all records have the same keys in the same order")
    check(len({len(row) for row in rows}) == 1, "all CSV rows have the same columns")
    check(len(set(rows[0])) == len(rows[0]), "no column stands twice")
    types = {}
    for record in records:
        for key, value in record.items():
            if value is not None:
                types.setdefault(key, set()).add(type(value))
    check(all(len(found) == 1 for found in types.values()), f"a key has one type: {types}")


def check_duckdb(folder, records, rows):
    try:
        import duckdb
    except ImportError:
        return "duckdb not installed"
    count = lambda source: duckdb.sql(f"select count(*) from {source}").fetchall()[0][0]
    check(count(f"read_json_auto('{folder}/sample.json')") == len(records), "DuckDB reads every record")
    check(count(f"read_csv_auto('{folder}/sample.csv')") == len(rows) - 1, "DuckDB reads every CSV row")
    return "duckdb read both"


def check_pandas(folder, records, rows):
    try:
        import pandas
    except ImportError:
        return "pandas not installed"
    frame = pandas.read_json(f"{folder}/sample.json")
    check(list(frame.columns) == list(records[0]) and len(frame) == len(records), "pandas reads every record")
    table = pandas.read_csv(f"{folder}/sample.csv", keep_default_na=False, dtype=str)
    check([list(table.columns)] + table.values.tolist() == rows, "pandas reads the CSV as it was written")
    return "pandas read both"


def main(sample, project):
    with tempfile.TemporaryDirectory() as folder:
        written = int(subprocess.run([sample, project, folder], check=True, capture_output=True).stdout)
        with open(f"{folder}/sample.json", encoding="utf-8") as file:
            records = json.load(file)
        rows = rows_of_csv(f"{folder}/sample.csv")
        check(len(records) == written, "JSON has every record")
        check_plain(records, rows)
        notes = [open_with(folder, records, rows) for open_with in (check_duckdb, check_pandas)]
    print(f"{written} records, {len(rows) - 1} CSV rows; {'; '.join(notes)}")


main(*sys.argv[1:])
