"""
Cuts the input of an MLflow model into units of work: whole files together while they are small, parts of a file when it is
large. A unit knows the number of its first row, so that each row has the same number whoever scores it, and however often.
"""

import os

from hagane_parallel.batches import MiniBatch, cut, list_files
from hagane_parallel.errors import ParallelError
from hagane_parallel.sizes import file_count

from .scanning import scan

TABLES = {
    ".csv": "csv",
    ".tsv": "tsv",
    ".json": "json",
    ".jsonl": "lines",
    ".ndjson": "lines",
    ".parquet": "parquet",
    ".pqt": "parquet",
}
IMAGES = (".png", ".jpg", ".jpeg", ".tiff", ".bmp", ".gif")


def units_of(request, state):
    """Mini-batches of a request in the order of the input. Throws ParallelError for input that is not there."""
    if not request.is_no_code or _is_table(request):
        return cut(request, state)
    source = request.source
    files = list_files(source)
    root = source if os.path.isdir(source) else os.path.dirname(source)
    pieces = (piece for path in files for piece in _pieces(path, os.path.relpath(path, root), request.largest_unit))
    units, at = [], 0
    for group in _groups(pieces, file_count(request.mini_batch_size), request.largest_unit):
        rows = 0
        for piece in group:
            piece["first"] = at + rows
            rows += piece["rows"]
        unit = MiniBatch(len(units), rows, rows=(at, at + rows - 1))
        unit.message["pieces"] = group
        units.append(unit)
        at += rows
    return units


def _is_table(request):
    folder = os.path.dirname(request.source) if os.path.basename(request.source) == "MLTable" else request.source
    return request.input_type in (None, "mltable") and os.path.isfile(os.path.join(folder, "MLTable"))


def _pieces(path, name, largest):
    """Parts of one file: where they lie in it, how many rows they hold and the number of the first among the file's."""
    ending = os.path.splitext(path)[1].lower()
    kind = TABLES.get(ending) or ("image" if ending in IMAGES else None)
    common = {"path": path, "file": os.path.basename(path), "name": name, "kind": kind}
    if kind is None:
        allowed = ", ".join(sorted(TABLES) + list(IMAGES))
        why = "Error processing input file: {!r}. File type {!r} is not supported; a model without code reads {}".format(
            name, ending.lstrip("."), allowed
        )
        return [dict(common, rows=0, within=0, bytes=0, refused=why)]
    try:
        return [dict(common, **part) for part in scan(path, kind, largest)]
    except (OSError, ValueError, ImportError) as error:
        why = "Error processing input file: {!r}: {}".format(name, error)
        return [dict(common, rows=0, within=0, bytes=0, refused=why)]


def _groups(pieces, most_files, largest):
    """Pieces that are scored together: so many files, and not more bytes than the largest part of a file has."""
    group, size = [], 0
    for piece in pieces:
        if group and (len(group) >= most_files or size + piece["bytes"] > largest):
            yield group
            group, size = [], 0
        group.append(piece)
        size += piece["bytes"]
    if group:
        yield group


def no_input(request):
    return ParallelError("input: there is no file at {!r}".format(request.source), code=1)
