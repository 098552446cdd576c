"""Reads the rows of a piece of a file as a pandas frame, with the types that the model's signature asks for."""

import io
import json

from .scanning import rows_of_json

_ARROW = {
    "double": "float64",
    "float": "float32",
    "integer": "int32",
    "long": "int64",
    "boolean": "bool_",
    "string": "string",
}
# what pandas takes for a missing value in text
_MISSING = [
    "", "#N/A", "#N/A N/A", "#NA", "-1.#IND", "-1.#QNAN", "-NaN", "-nan", "1.#IND", "1.#QNAN", "<NA>", "N/A", "NA",
    "NULL", "NaN", "None", "n/a", "nan", "null",
]  # fmt: skip


class Unreadable(Exception):
    """A piece that is no table, or lacks columns."""


def read(piece, columns):
    """
    A frame of the piece, and rows of it that are no rows of the table, as ``{position: message}``. ``columns`` are those of
    the signature by name, or None. What is known to fit the signature has its types; anything else is left as pandas reads
    it. Throws Unreadable.
    """
    kind = piece["kind"]
    try:
        if kind in ("csv", "tsv"):
            return _delimited(piece, columns, "," if kind == "csv" else "\t")
        return (_parquet(piece, columns) if kind == "parquet" else _json(piece, columns)), {}
    except Unreadable:
        raise
    except Exception as error:
        raise Unreadable("{}: {}".format(type(error).__name__, error))


def _bytes(piece):
    with open(piece["path"], "rb") as file:
        file.seek(piece["start"])
        return file.read(piece["end"] - piece["start"])


def _with_header(piece):
    return io.BytesIO(piece["header"].encode("utf-8") + _bytes(piece))


def _header(piece, separator):
    import csv

    names = next(csv.reader(io.StringIO(piece["header"]), delimiter=separator), [])
    return [name.strip("\r\n") for name in names]


def _delimited(piece, columns, separator):
    import pandas

    names = _header(piece, separator)
    if columns is not None:
        _require(names, columns)
        fast = _by_arrow(piece, names, columns, separator)
        if fast is not None and len(fast) == piece["rows"]:
            return fast, {}
    wanted = None if columns is None else [name for name in columns if name in names]
    text = {name: str for name, field in (columns or {}).items() if field.type == "string"}
    try:
        # without usecols, with which cells beyond the header would be dropped in silence
        frame = pandas.read_csv(_with_header(piece), sep=separator, dtype=text or None)
    except pandas.errors.ParserError:
        return _line_by_line(piece, names, wanted, separator)
    fits = len(frame) == piece["rows"] and isinstance(frame.index, pandas.RangeIndex)
    return (frame, {}) if fits else _line_by_line(piece, names, wanted, separator)


def _line_by_line(piece, names, wanted, separator):
    """Text in which a line has too many or too few cells: only that row is lost."""
    import csv

    import pandas

    lines, bad = [], {}
    for cells in csv.reader(io.StringIO(_bytes(piece).decode("utf-8"), newline=""), delimiter=separator):
        if not cells:
            continue
        if len(cells) != len(names):
            bad[len(lines)] = "expected {} cells as in the header, found {}".format(len(names), len(cells))
            cells = (cells + [""] * len(names))[:len(names)]
        lines.append(cells)
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(names)
    writer.writerows(lines)
    text.seek(0)
    return pandas.read_csv(text, usecols=wanted, skip_blank_lines=False), bad


def _by_arrow(piece, names, columns, separator):
    """By pyarrow, several times as fast, where the signature says every type; None where it cannot, or a cell does not fit."""
    wanted = [name for name in columns if name in names]
    if any(columns[name].type not in _ARROW for name in wanted) or len(set(names)) < len(names):
        return None
    try:
        import pyarrow
        from pyarrow import csv
    except ImportError:
        return None
    types = {name: getattr(pyarrow, _ARROW[columns[name].type])() for name in wanted}
    try:
        table = csv.read_csv(
            pyarrow.BufferReader(_bytes(piece)),
            read_options=csv.ReadOptions(use_threads=False, column_names=names, block_size=64 * 1024 * 1024),
            parse_options=csv.ParseOptions(delimiter=separator, newlines_in_values=True),
            convert_options=csv.ConvertOptions(
                column_types=types, include_columns=wanted, null_values=_MISSING, strings_can_be_null=True
            ),
        )
    except pyarrow.ArrowInvalid:
        return None
    if any(table.column(name).null_count for name in wanted if columns[name].type in ("integer", "long", "boolean")):
        return None
    return table.to_pandas(split_blocks=True, self_destruct=True)


def _parquet(piece, columns):
    import pyarrow.parquet

    file = pyarrow.parquet.ParquetFile(piece["path"])
    names = file.schema_arrow.names
    if columns is not None:
        _require(names, columns)
    wanted = None if columns is None else [name for name in columns if name in names]
    return file.read_row_groups(piece["groups"], columns=wanted, use_threads=False).to_pandas()


def _json(piece, columns):
    import pandas

    if piece["kind"] == "json":
        with open(piece["path"], "r", encoding="utf-8-sig") as file:
            rows = rows_of_json(json.load(file))
    else:
        rows = [json.loads(line) for line in _bytes(piece).decode("utf-8").splitlines() if line.strip()]
    frame = pandas.DataFrame(rows)
    if columns is not None and rows and not isinstance(rows[0], dict) and len(frame.columns) == len(columns):
        frame.columns = list(columns)
    if columns is not None:
        _require(list(frame.columns), columns)
    return frame


def _require(names, columns):
    missing = [name for name, field in columns.items() if field.required and name not in names]
    if missing:
        raise Unreadable(
            "missing column{} {}; the file has {}".format(
                "" if len(missing) == 1 else "s",
                ", ".join(repr(name) for name in missing),
                ", ".join(repr(name) for name in names[:50]),
            )
        )


def image(piece):
    """The pixels of an image, as MLflow models for images take them."""
    import numpy
    from PIL import Image

    with Image.open(piece["path"]) as opened:
        return numpy.asarray(opened)
