# SPDX-License-Identifier: Apache-2.0
"""Writes the Parquet files beside it, with pyarrow and DuckDB: the same nine rows by every encoding and codec."""
import pathlib

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

HERE = pathlib.Path(__file__).parent
TURN = pa.struct([("role", pa.string()), ("content", pa.string())])


def conversation(i):
    turns = [{"role": "user", "content": f"Question {i} é"}, {"role": "assistant", "content": "Answer." * (i % 3)}]
    return [{"role": "system", "content": "never compared"}] * (i % 2) + turns


ROWS = [None if i == 4 else [] if i == 5 else conversation(i) for i in range(9)]
TABLE = pa.table({
    "id": [f"id-{i}" for i in range(9)],
    "messages": pa.array(ROWS, type=pa.list_(TURN)),
    "source": ["handwritten" if i == 2 else None if i == 3 else "generated" for i in range(9)],
    "score": [None if i == 7 else i / 2 for i in range(9)],
    "flag": [None if i % 4 == 3 else i % 2 == 0 for i in range(9)],
    "n": list(range(0, 90, 10)),
    "tags": [None if i == 1 else [f"t{k}" for k in range(i % 3)] for i in range(9)],
    "deep": [[[i], []] if i % 2 else None for i in range(9)],
})


def write(name, **options):
    pq.write_table(TABLE, HERE / f"{name}.parquet", row_group_size=4, **options)


write("snappy")
write("zstd-2", compression="zstd", data_page_version="2.0")
write("gzip", compression="gzip")
write("plain", compression="none", use_dictionary=False)
write("small-pages", compression="snappy", data_page_size=1, write_batch_size=1, data_page_version="2.0")
write("delta", compression="none", use_dictionary=False, column_encoding={
    "id": "DELTA_BYTE_ARRAY", "messages.list.element.content": "DELTA_LENGTH_BYTE_ARRAY", "n": "DELTA_BINARY_PACKED",
    "messages.list.element.role": "DELTA_BYTE_ARRAY", "score": "BYTE_STREAM_SPLIT", "flag": "RLE"})
write("brotli", compression="brotli")
pq.write_table(pa.table({"text": ["one", None, '[{"role": "system", "content": "no"}, {"role": "user", "content": "yes"}]']}), HERE / "text.parquet")
pq.write_table(pa.table({"conversation": [["a", "b"], [], ["c"]], "x": [1, 2, 3]}), HERE / "list.parquet")
duckdb.sql(f"copy (select * from '{HERE}/snappy.parquet') to '{HERE}/duckdb.parquet' (format parquet)")
duckdb.sql(f"copy (select * from '{HERE}/snappy.parquet') to '{HERE}/duckdb-2.parquet' (format parquet, parquet_version v2, compression zstd)")
