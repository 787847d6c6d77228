"""Copies the rows of Parquet files into one, on one thread, and prints the seconds of CPU and of the clock that it took.

    python merge_pyarrow.py OUT FILE...
"""
import json
import sys
import time

import pyarrow as pa
import pyarrow.parquet as pq

ROWS = 1 << 20

pa.set_cpu_count(1)
pa.set_io_thread_count(1)
out, *files = sys.argv[1:]
cpu, clock = time.process_time(), time.perf_counter()
with pq.ParquetWriter(out, pq.read_schema(files[0]), compression="zstd", compression_level=1) as writer:
    tables, rows = [], 0
    for file in files:
        tables.append(pq.ParquetFile(file).read(use_threads=False))
        rows += tables[-1].num_rows
        if rows >= ROWS:
            writer.write_table(pa.concat_tables(tables), row_group_size=ROWS)
            tables, rows = [], 0
    if tables:
        writer.write_table(pa.concat_tables(tables), row_group_size=ROWS)
print(json.dumps([time.process_time() - cpu, time.perf_counter() - clock]))
