"""Reads the rows that a model is explained on."""

import os

import pandas

READERS = {
    ".csv": pandas.read_csv,
    ".tsv": lambda path: pandas.read_csv(path, sep="\t"),
    ".parquet": pandas.read_parquet,
    ".jsonl": lambda path: pandas.read_json(path, lines=True),
    ".json": pandas.read_json,
}


def read(path):
    """A table from a file, or from all files of a folder that can be read. Ends with a message when there is none."""
    files = [path]
    if os.path.isdir(path):
        if os.path.exists(os.path.join(path, "MLTable")):
            import mltable

            return mltable.load(path).to_pandas_dataframe()
        files = sorted(os.path.join(folder, name) for folder, _, names in os.walk(path) for name in names)
    known = [file for file in files if os.path.splitext(file)[1].lower() in READERS]
    if not known:
        raise SystemExit("explain: no table in {}: it reads {}".format(path, ", ".join(sorted(READERS))))
    return pandas.concat([READERS[os.path.splitext(file)[1].lower()](file) for file in known], ignore_index=True)


def features(table, signature, target):
    """The columns that the model takes: those of its signature, or all but the target."""
    if signature:
        missing = [name for name in signature if name not in table.columns]
        if missing:
            raise SystemExit("explain: the data has no column {}; it has {}".format(missing[0], list(table.columns)))
        return table[signature]
    return table.drop(columns=[target], errors="ignore") if target else table
