"""Prints, as JSON, the MD5 of the values of every column of the Parquet files in some folders, as pyarrow reads them.

    python goldens_pyarrow.py FOLDER... > goldens.json

The text of a value, which the hash is of, is that of CanonicalText.cs beside this file: whatever the reader, equal values give equal text.
"""
import decimal
import hashlib
import json
import pathlib
import struct
import subprocess
import sys

import pyarrow as pa
import pyarrow.parquet as pq

T = pa.types


def number(value, kind):
    return "f" + struct.pack(">f", value).hex() if T.is_float32(kind) else "d" + struct.pack(">d", value).hex()


def texts(array):
    """The text of every value of an array."""
    kind = array.type
    if isinstance(kind, pa.ExtensionType):
        return texts(array.storage)
    if T.is_dictionary(kind):
        return texts(array.dictionary_decode())
    if T.is_float16(kind):
        return texts(array.cast(pa.float32()))
    if T.is_null(kind):
        return ["N"] * len(array)
    if T.is_struct(kind):
        members = [texts(array.field(i)) for i in range(kind.num_fields)]
        found = ["{" + ",".join(m[i] for m in members) + "}" for i in range(len(array))]
    elif T.is_map(kind):
        keys, items, offsets = texts(array.keys), texts(array.items), array.offsets.to_pylist()
        found = ["<" + ",".join(keys[j] + "=" + items[j] for j in range(a, b)) + ">" for a, b in zip(offsets, offsets[1:])]
    elif T.is_list(kind) or T.is_large_list(kind):
        values, offsets = texts(array.values), array.offsets.to_pylist()
        found = ["[" + ",".join(values[a:b]) + "]" for a, b in zip(offsets, offsets[1:])]
    elif T.is_boolean(kind):
        found = ["T" if v else "F" for v in array.to_pylist()]
    elif T.is_floating(kind):
        found = [number(v, kind) if v is not None else "" for v in array.to_pylist()]
    elif T.is_decimal(kind):
        found = [str(int(v.scaleb(kind.scale))) if v is not None else "" for v in array.to_pylist()]
    elif T.is_integer(kind):
        found = [str(v) for v in array.to_pylist()]
    elif T.is_temporal(kind):
        wide = array.view(pa.int32() if kind.bit_width == 32 else pa.int64()).to_pylist()
        unit = 1000 if T.is_timestamp(kind) and kind.unit == "ms" else 1
        found = [str(v * unit) if v is not None else "" for v in wide]
    else:
        found = ["x" + (v.encode() if isinstance(v, str) else v).hex() if v is not None else "" for v in array.cast(pa.large_binary()).to_pylist()]
    valid = array.is_valid().to_pylist()
    return [t if v else "N" for t, v in zip(found, valid)]


def hash_of(column):
    lines = [t for chunk in column.chunks for t in texts(chunk)]
    return hashlib.md5("".join(t + "\n" for t in lines).encode()).hexdigest()


def golden(path):
    """One file, in a process of its own: some files crash some readers."""
    run = subprocess.run([sys.executable, __file__, "--one", str(path)], capture_output=True, text=True)
    return json.loads(run.stdout) if run.returncode == 0 else {"failure": f"exit {run.returncode}: {run.stderr.strip()[-200:]}"}


def main():
    decimal.getcontext().prec = 100
    if sys.argv[1] == "--one":
        table = pq.ParquetFile(sys.argv[2], coerce_int96_timestamp_unit="us").read()
        json.dump({"rows": table.num_rows, "columns": {c: hash_of(table[c]) for c in table.column_names}}, sys.stdout)
        return
    goldens = {}
    for folder in sys.argv[1:]:
        root = pathlib.Path(folder)
        goldens.update({f"{root.name}/{p.relative_to(root)}": golden(p) for p in sorted(root.rglob("*.parquet"))})
    json.dump({"reader": f"pyarrow {pa.__version__}", "files": goldens}, sys.stdout, indent=1)


main()
