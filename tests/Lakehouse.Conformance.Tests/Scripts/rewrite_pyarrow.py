"""Writes the rows of Parquet files into others, as pyarrow writes them.

    python rewrite_pyarrow.py REQUESTS.json       [{from, to, codec, dictionary, v2, delta, groupRows, pageBytes}]
"""
import json
import sys

import pyarrow as pa
import pyarrow.parquet as pq

DELTA = {pa.int32(): "DELTA_BINARY_PACKED", pa.int64(): "DELTA_BINARY_PACKED", pa.string(): "DELTA_BYTE_ARRAY", pa.float64(): "BYTE_STREAM_SPLIT"}

for request in json.load(open(sys.argv[1])):
    table = pq.read_table(request["from"])
    encodings = {f.name: DELTA[f.type] for f in table.schema if request["delta"] and not request["dictionary"] and f.type in DELTA}
    pq.write_table(
        table, request["to"], compression=request["codec"], use_dictionary=request["dictionary"], column_encoding=encodings or None,
        data_page_version="2.0" if request["v2"] else "1.0", row_group_size=request["groupRows"], data_page_size=request["pageBytes"],
        write_page_index=request["v2"], write_page_checksum=request["delta"])
