"""Makes tests/data/files/pyarrow_*.parquet: what test_parquet.c reads, by formulas.

    python tests/data/make_parquet.py            (needs pyarrow and pandas)
"""
import datetime as dt
import decimal
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

OUT = Path(__file__).parent / "files"
N = 60
k = range(N)


def every(step, values, kind=None):
    """Values with every step-th missing."""
    return pa.array([None if i % step == 0 else v for i, v in enumerate(values)], kind)


table = pa.table({
    "whole": every(7, [3 * i for i in k], pa.int64()),
    "half": every(11, [i / 2 for i in k]),
    "single": pa.array(np.arange(N, dtype=np.float32) / 8),
    "flag": every(13, [i % 3 == 0 for i in k]),
    "word": every(5, [f"é{i % 9}" for i in k]),
    "micros": pa.array([dt.datetime(2020, 1, 1) + dt.timedelta(hours=i) for i in k], pa.timestamp("us")),
    "nanos": pa.array([i * 10**9 for i in k], pa.timestamp("ns")),
    "day": pa.array([dt.date(2020, 1, 1 + i % 28) for i in k]),
    "byte": pa.array(np.arange(N, dtype=np.uint8)),
    "high": pa.array([4294967295 - i for i in k], pa.uint32()),
    "price": pa.array([decimal.Decimal(i) / 100 for i in k], pa.decimal128(12, 2)),
    "small": pa.array(np.arange(N).astype(np.float16)),
    "who": pa.array([{"id": i} for i in k]),
    "list": pa.array([[1, 2]] * N),
})
for codec in ["none", "snappy", "zstd", "gzip", "lz4"]:
    pq.write_table(table, OUT / f"pyarrow_{codec}.parquet", compression=codec)
pq.write_table(table, OUT / "pyarrow_groups.parquet", use_dictionary=False, data_page_version="2.0",
               row_group_size=11)
plain = table.select(["whole", "single", "micros", "word"])
pq.write_table(plain, OUT / "pyarrow_delta.parquet", use_dictionary=False, column_encoding={
    "whole": "DELTA_BINARY_PACKED", "single": "BYTE_STREAM_SPLIT", "micros": "DELTA_BINARY_PACKED",
    "word": "DELTA_BYTE_ARRAY"})
pd.DataFrame({"kind": pd.Categorical(["b", "a", None, "b", "c"])}).to_parquet(OUT / "pandas.parquet")
