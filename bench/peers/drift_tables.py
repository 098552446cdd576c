"""drift_tables.py FOLDER NUMERIC_ROWS MIXED_ROWS LARGE_ROWS: pairs of tables, a quarter of whose columns move."""
import sys

import duckdb

folder, numeric, mixed, large = sys.argv[1], *map(int, sys.argv[2:5])
con = duckdb.connect()
con.sql("select setseed(0.5)")


def bell(scale, shift):
    return f"(sqrt(-2 * ln(1 - random())) * cos(6.283185307179586 * random())) * {scale} + {shift}"


def write(name, rows, columns):
    con.sql(f"copy (select {', '.join(columns)} from range({rows})) to '{folder}/{name}.parquet' (format parquet)")


for side, moved in (("reference", 0), ("current", 1)):
    numbers = [f"{bell(1 + i % 3, 0.4 * moved if i % 4 == 0 else 0)} as x{i}" for i in range(20)]
    write(f"numeric-{side}", numeric, numbers)
    some = [f"{bell(1 + i % 3, 0.4 * moved if i % 4 == 0 else 0)} as x{i}" for i in range(25)]
    kinds = [f"'c' || floor(pow(random(), {1 + 0.6 * moved if i % 4 == 0 else 1}) * {3 + i})::int as k{i}" for i in range(25)]
    write(f"mixed-{side}", mixed, some + kinds)
    # two digits, so that the file stays small
    wide = [f"round({bell(1 + i % 3, 0.4 * moved if i % 4 == 0 else 0)}, 2) as x{i}" for i in range(50)]
    if large > 0:
        write(f"large-{side}", large, wide)
