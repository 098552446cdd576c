"""Reads a table: a file, a folder of files of one kind in the order of their names, or an MLTable."""

import os

_MOST_ROWS = 1000000
_KINDS = {".parquet": "parquet", ".csv": "csv", ".tsv": "tsv", ".json": "json", ".jsonl": "json", ".ndjson": "json"}


class Unreadable(Exception):
    """What is wrong with the data or the settings, in words for their author."""


def read_table(path):
    """A pandas frame. Throws Unreadable."""
    import pandas

    if os.path.isfile(os.path.join(path, "MLTable")):
        from hagane_mltable import load

        frame = load(path).to_pandas_dataframe()
    else:
        frames = [_read(pandas, file) for file in _files(path)]
        frame = frames[0] if len(frames) == 1 else pandas.concat(frames, ignore_index=True)
    if len(frame) == 0:
        raise Unreadable("the data has no rows")
    if len(frame) > _MOST_ROWS:
        raise Unreadable("the data has {} rows; a gate judges by {} at most: give it a sample".format(len(frame), _MOST_ROWS))
    return frame


def _files(path):
    if os.path.isfile(path):
        return [path]
    found = [os.path.join(folder, name) for folder, _, names in os.walk(path) for name in names]
    tables = sorted(file for file in found if _kind(file) is not None)
    if not tables:
        raise Unreadable("the data holds no table: .parquet, .csv, .tsv, .json or .jsonl")
    return tables


def _kind(file):
    return _KINDS.get(os.path.splitext(file)[1].lower())


def _read(pandas, file):
    kind = _kind(file)
    try:
        if kind == "parquet":
            return pandas.read_parquet(file)
        if kind in ("csv", "tsv"):
            return pandas.read_csv(file, sep="," if kind == "csv" else "\t")
        if kind == "json":
            return pandas.read_json(file, lines=not _is_list(file))
    except Exception as error:
        raise Unreadable("{} cannot be read: {}: {}".format(os.path.basename(file), type(error).__name__, error))
    raise Unreadable("{} is no table: .parquet, .csv, .tsv, .json or .jsonl".format(os.path.basename(file)))


def _is_list(file):
    with open(file, encoding="utf-8") as text:
        return text.read(100).lstrip().startswith("[")
