"""Counts rows by equality filters, which pyarrow may answer from statistics alone.

    python filters_pyarrow.py REQUESTS.json

The requests are those of filters.mjs.
"""
import json
import sys

import pyarrow.dataset as ds

counts = []
for request in json.load(open(sys.argv[1])):
    value = {"long": int, "double": float, "text": str}[request["type"]](request["value"])
    counts.append(ds.dataset(request["file"]).count_rows(filter=ds.field(request["column"]) == value))
json.dump(counts, sys.stdout)
