"""The steps of an MLTable after its reader, on a pandas frame."""

import hashlib
import re

from . import partition
from .errors import MLTableError
from .filtering import rows_where


def selected(columns, selector):
    """
    Columns that a selector names: one, a list, or {pattern, ignore_case, invert}; names that are not there are left out, as
    Azure's package does. A list of selectors gives all of theirs.
    """
    if isinstance(selector, str):
        return [name for name in [selector] if name in columns]
    if isinstance(selector, dict):
        flags = re.IGNORECASE if selector.get("ignore_case") else 0
        pattern = re.compile(str(selector.get("pattern", "")), flags)
        wanted = not selector.get("invert", False)
        return [name for name in columns if (pattern.search(name) is not None) == wanted]
    found = []
    for part in selector or []:
        found.extend(name for name in selected(columns, part) if name not in found)
    return found


def apply(frame, name, argument, origin):
    """One step. `origin` is the column that holds each row's file; it is never dropped here."""
    columns = [column for column in frame.columns if column != origin]
    if name == "take":
        return frame.head(argument)
    if name == "skip":
        return frame.iloc[argument:]
    if name in ("sample", "take_random_sample"):
        return _sampled(frame, argument)
    if name == "drop_columns":
        return frame.drop(columns=selected(columns, argument))
    if name == "keep_columns":
        kept = selected(columns, argument)
        return frame[[column for column in columns if column in kept] + [origin]]
    if name == "filter":
        return frame[rows_where(frame, str(argument))]
    if name == "convert_column_types":
        return _converted(frame, columns, argument)
    return partition.extract(frame, argument, origin)


def sample_arguments(argument):
    """(lower bound, upper bound, seed) of either spelling; without a seed 0, so that a job computes the same twice."""
    argument = argument or {}
    if "sampler" in argument or "sampler_arguments" in argument:
        argument = argument.get("sampler_arguments") or {}
    bounds = argument.get("probability_lower_bound") or 0, argument.get("probability")
    for bound in bounds:
        if isinstance(bound, bool) or not isinstance(bound, (int, float)) or not 0 <= bound <= 1:
            raise MLTableError("sample: probability: {!r} is not a number between 0 and 1".format(bound))
    return bounds[0], bounds[1], int(argument.get("seed") or 0)


def _sampled(frame, argument):
    bounds = sample_arguments(argument)
    return frame[[is_sampled(row, *bounds) for row in range(len(frame))]]


def is_sampled(row, lower, upper, seed):
    """Whether a row, counted from 0, is in the sample: the server and a job draw the same ones."""
    digest = hashlib.md5("{}:{}".format(seed, row).encode()).hexdigest()
    return lower * 2 ** 32 <= int(digest[:8], 16) < upper * 2 ** 32


def conversions(argument):
    """(selector, type, options) of each entry of convert_column_types."""
    for entry in argument or []:
        kind = entry.get("column_type") if isinstance(entry, dict) else None
        if isinstance(kind, dict) and len(kind) == 1:
            (kind, options), = kind.items()
        else:
            options = None
        if kind not in _CONVERT:
            raise MLTableError(
                "convert_column_types: {!r} names no column_type of {}".format(entry, ", ".join(sorted(_CONVERT)))
            )
        yield entry.get("columns"), kind, options or {}


def _converted(frame, columns, argument):
    import pandas

    frame = frame.copy()
    for selector, kind, options in conversions(argument):
        for name in selected(columns, selector):
            frame[name] = _CONVERT[kind](pandas, frame[name], options)
    return frame


def _to_float(pandas, column, _options):
    return pandas.to_numeric(column, errors="coerce").astype("float64")


def _to_int(pandas, column, _options):
    """A fraction is cut off; what is no number is missing, which makes the column float64."""
    exact = pandas.to_numeric(column, errors="coerce")
    if pandas.api.types.is_integer_dtype(exact):
        return exact
    whole = exact.map(lambda value: value if value != value or abs(value) == float("inf") else float(int(value)))
    return whole if whole.isna().any() or (whole.abs() >= 2 ** 63).any() else whole.astype("int64")


def _to_string(_pandas, column, _options):
    return column.map(lambda value: None if value is None or value != value else _text(value))


def _text(value):
    """As a file would hold it: 2 and not 2.0, since a missing value makes a column of integers one of floats."""
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def _to_boolean(_pandas, column, options):
    yes = [word.lower() for word in options.get("true_values") or ["true", "t", "1"]]
    no = [word.lower() for word in options.get("false_values") or ["false", "f", "0"]]
    other = {"true": True, "false": False}.get(str(options.get("mismatch_as", "error")).lower())

    def one(value):
        if value is None or value != value:
            return None
        word = _text(value).lower()
        return True if word in yes else False if word in no else other

    result = column.map(one)
    return result if result.isna().any() else result.astype(bool)


def _to_datetime(pandas, column, options):
    formats = options.get("formats") or []
    formats = [formats] if isinstance(formats, str) else formats
    if not formats:
        raise MLTableError("convert_column_types: datetime needs formats, for example '%Y-%m-%d'")
    constant = options.get("date_constant")
    texts = column if constant is None else column.map(lambda value: "{} {}".format(constant, value))
    result = pandas.Series(pandas.NaT, index=column.index, dtype="datetime64[ns]")
    for form in formats:
        parsed = pandas.to_datetime(texts, format=form if constant is None else "%Y-%m-%d " + form, errors="coerce")
        result = result.fillna(parsed)
    return result


_CONVERT = {
    "float": _to_float,
    "int": _to_int,
    "string": _to_string,
    "boolean": _to_boolean,
    "datetime": _to_datetime,
    "stream_info": _to_string,
}
