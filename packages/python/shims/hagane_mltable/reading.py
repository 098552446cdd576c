"""The files of an MLTable as one pandas frame."""

import csv
import io
import json
import re

from .document import encoding_of
from .errors import MLTableError
from .steps import selected

PATH_COLUMN = "Path"
# Which file a row came from, until the steps that ask for it are done; no column of a file is called so.
ORIGIN = "\0origin"
_DATE = r"\d{4}-\d{1,2}-\d{1,2}|\d{4}/\d{1,2}/\d{1,2}"
_DATE_TIME = re.compile(r"(?:{})(?:[T ]\d{{2}}:\d{{2}}:\d{{2}}(?:\.\d+)?(?:Z|[+-]\d{{2}}:?\d{{2}})?)?\Z".format(_DATE))


def read_frame(name, options, files, texts):
    """
    One frame of all `files`, with the column ORIGIN. `texts` selects columns that stay as the
    text of a delimited file. Throws MLTableError.
    """
    import pandas

    read = {"read_delimited": _delimited, "read_parquet": _parquet, "read_json_lines": _json_lines}[name]
    frame = read(pandas, options, files, texts)
    if options.get("include_path_column"):
        frame.insert(0, options.get("path_column", PATH_COLUMN), frame[ORIGIN])
    return frame


def _stacked(pandas, frames, files):
    for frame, file in zip(frames, files):
        frame[ORIGIN] = file
    if not frames:
        return pandas.DataFrame({ORIGIN: []})
    return frames[0] if len(frames) == 1 else pandas.concat(frames, ignore_index=True, sort=False)


def _parquet(pandas, _options, files, _texts):
    try:
        return _stacked(pandas, [pandas.read_parquet(file) for file in files], files)
    except ImportError:
        raise MLTableError("read_parquet: this environment has no reader of parquet; add pyarrow to it")


def _json_lines(pandas, options, files, _texts):
    strict = options.get("invalid_lines", "error") != "drop"
    frames = [pandas.DataFrame(_records(file, encoding_of(options), strict)) for file in files]
    return _stacked(pandas, frames, files)


def _records(file, encoding, strict):
    with io.open(file, encoding=encoding) as lines:
        for number, line in enumerate(lines, 1):
            if not line.strip():
                continue
            try:
                record = json.loads(line)
            except ValueError:
                record = None
            if isinstance(record, dict):
                yield record
            elif strict:
                raise MLTableError(
                    "{}, line {}: not a JSON object. Use invalid_lines: drop to leave such lines out".format(file, number)
                )


def _delimited(pandas, options, files, texts):
    layout = _Layout(options)
    shapes = [layout.shape(file) for file in files]
    if layout.header in ("all_files_same_headers", "from_first_file"):
        first = next((shape for shape in shapes if shape.names), None)
        for shape in shapes:
            shape.names = list(first.names) if first is not None else []
    widest = max([shape.width for shape in shapes] or [0])
    for shape in shapes:
        own = shape.width if layout.header == "all_files_different_headers" else widest
        shape.names = named(shape.names + [""] * (own - len(shape.names)))
    present = [shape for shape in shapes if shape.names]
    as_text = {name for shape in present for name in selected(shape.names, texts)}
    frames = [layout.read(pandas, shape, as_text) for shape in present]
    mixed = _mixed_columns(pandas, frames)
    if mixed:
        frames = [layout.read(pandas, shape, as_text | mixed) for shape in present]
    frame = _stacked(pandas, frames, [shape.file for shape in present])
    return _with_dates(pandas, frame, as_text) if layout.infer else frame


def named(names):
    """Column names as Azure's reader makes them: Column3 for a missing one, x_1 for the second x."""
    seen, out = set(), []
    for index, name in enumerate(names):
        name = name or "Column{}".format(index + 1)
        unique, count = name, 0
        while unique in seen:
            count += 1
            unique = "{}_{}".format(name, count)
        seen.add(unique)
        out.append(unique)
    return out


class _Shape(object):
    """What has to be known of a delimited file before it is read."""

    def __init__(self, file, names, skip, width):
        self.file, self.names, self.skip, self.width = file, names, skip, width


class _Layout(object):
    """How the delimited files of one table are written."""

    def __init__(self, options):
        delimiter = str(options.get("delimiter", ","))
        self.delimiter = "\t" if delimiter == "\\t" else delimiter
        self.header = options.get("header", "all_files_same_headers")
        self.encoding = encoding_of(options)
        self.keep_empty = bool(options.get("empty_as_string", False))
        self.infer = options.get("infer_column_types", True) is not False
        self.seen_first = False

    def shape(self, file):
        """Names from the header, how many lines it takes, and the widest row: pandas must know it before it reads."""
        has_header = self.header != "no_header" and not (self.header == "from_first_file" and self.seen_first)
        try:
            with io.open(file, encoding=self.encoding, newline="") as text:
                names, skip, width = self._measure(text, has_header)
        except UnicodeError as error:
            raise MLTableError("{}: not written in the encoding {}: {}".format(file, self.encoding, error))
        self.seen_first = self.seen_first or width > 0
        return _Shape(file, names, skip, width)

    def _measure(self, text, has_header):
        if len(self.delimiter) != 1:
            first = text.readline().rstrip("\r\n")
            names = first.split(self.delimiter)
            return (names, 1, len(names)) if has_header else ([], 0, len(names))
        rows = csv.reader(text, delimiter=self.delimiter)
        names, skip = [], 0
        if has_header:
            names = next((row for row in rows if row), [])
            skip = rows.line_num
        # a row of blanks is no row
        return names, skip, max([len(names)] + [len(row) for row in rows])

    def read(self, pandas, shape, as_text):
        everything = not self.infer or self.keep_empty
        kinds = str if everything else {name: str for name in as_text if name in shape.names}
        frame = pandas.read_csv(
            shape.file,
            sep=self.delimiter if len(self.delimiter) == 1 else re.escape(self.delimiter),
            engine="c" if len(self.delimiter) == 1 else "python",
            header=None,
            names=shape.names,
            index_col=False,
            skiprows=shape.skip,
            encoding=self.encoding,
            dtype=kinds,
            keep_default_na=False,
            na_values=[] if self.keep_empty else [""],
            **({} if len(self.delimiter) > 1 else {"low_memory": False})
        )
        if self.keep_empty and self.infer:
            for name in frame.columns:
                if name not in as_text:
                    frame[name] = inferred(pandas, frame[name])
        return frame


def inferred(pandas, column):
    """A column of texts as numbers or booleans where all of them are such, else as it is; an empty text is no number."""
    if column.eq("").any():
        return column
    words = column.str.lower()
    if len(column) and words.isin(["true", "false"]).all():
        return words == "true"
    try:
        return pandas.to_numeric(column)
    except (ValueError, TypeError):
        return column


def _kind(pandas, column):
    types = pandas.api.types
    if column.isna().all():
        return "empty"
    if types.is_bool_dtype(column):
        return "boolean"
    return "number" if types.is_numeric_dtype(column) else "text"


def _mixed_columns(pandas, frames):
    """Columns that are numbers in one file and text in another: text in all of them."""
    kinds = {}
    for frame in frames:
        for name in frame.columns:
            if name != ORIGIN:
                kinds.setdefault(name, set()).add(_kind(pandas, frame[name]))
    return {name for name, found in kinds.items() if len(found - {"empty"}) > 1}


def _with_dates(pandas, frame, as_text):
    for name in frame.columns:
        if name == ORIGIN or name in as_text or _kind(pandas, frame[name]) != "text":
            continue
        texts = frame[name].dropna()
        if all(isinstance(text, str) and _DATE_TIME.match(text) for text in texts):
            moments = pandas.Series([_moment(pandas, text) for text in texts], index=texts.index)
            if not moments.isna().any():
                frame[name] = moments.astype("datetime64[ns]").reindex(frame.index)
    return frame


def _moment(pandas, text):
    """A date or time of ISO 8601, in UTC and without a zone; NaT when there is no such day."""
    try:
        moment = pandas.Timestamp(text)
    except ValueError:
        return pandas.NaT
    return moment if moment.tzinfo is None else moment.tz_convert("UTC").tz_localize(None)
