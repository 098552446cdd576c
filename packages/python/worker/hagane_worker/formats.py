"""Reads a request's body into one neutral shape, whatever format it came in.

Formats: MLflow's `dataframe_split`, `dataframe_records`, `instances`, `inputs` and CSV at /invocations, Azure ML's
`input_data` at /score; each path takes the other's formats too. Source of MLflow's: mlflow.pyfunc.scoring_server.
"""

import csv
import io
import json
from itertools import repeat

from .errors import RequestError, shorten

try:
    from orjson import loads as _fast_loads
except ImportError:
    _fast_loads = None

INVOCATIONS = 1  # the route of MLflow's protocol
UNIFIED = ("messages", "prompt", "input")  # keys of chat, completion and embedding requests, which have no format key
FORMATS = ("input_data", "dataframe_split", "dataframe_records", "instances", "inputs")
ABSENT = object()  # a record without this column


class Table:
    """Rows with column names, or without (`columns` None). Cells are as JSON gave them; from CSV they are text, and `text` is all of it."""

    __slots__ = ("columns", "rows", "index", "text")

    def __init__(self, columns, rows, index=None, text=""):
        self.columns = columns
        self.rows = rows
        self.index = index
        self.text = text


class Array:
    """A nested list, or a single value."""

    __slots__ = ("value",)

    def __init__(self, value):
        self.value = value


class Named:
    """An object whose values are not columns of equal length, e.g. several tensors."""

    __slots__ = ("value",)

    def __init__(self, value):
        self.value = value


class Payload:
    """`form` is the key it came under (or `csv`, `unified`), `data` a Table, Array or Named, `source` the JSON as it came."""

    __slots__ = ("form", "data", "params", "source")

    def __init__(self, form, data, params=None, source=None):
        self.form = form
        self.data = data
        self.params = params
        self.source = source


def loads(body):
    if _fast_loads is not None:
        try:
            return _fast_loads(body)
        except ValueError:
            pass  # json says where the error is, and takes NaN as MLflow does
    text = body.decode("utf-8-sig" if body.startswith(b"\xef") else "utf-8")
    try:
        value, end = _scan(text, 0)
    except StopIteration:
        end = -1
    # The decoder around the scanner costs as much again as a small body; it is for white space and for what is no JSON.
    return value if end == len(text) else _decoder.decode(text)


_decoder = json.JSONDecoder()
_scan = _decoder.scan_once


def read(request):
    content_type = request.content_type
    invocations = request.route == INVOCATIONS
    if content_type in ("application/json", ""):
        return read_json(request.body, invocations)
    kind, *parameters = [part.strip().lower() for part in content_type.split(";")]
    check_parameters(parameters, invocations)
    if kind == "text/csv":
        return Payload("csv", read_csv(request.body))
    if kind == "application/json" or kind.endswith("+json"):
        return read_json(request.body, invocations)
    raise RequestError(
        415,
        "content-type '%s' is not supported" % content_type,
        details=[{"property": "content-type", "message": "not supported", "sent": content_type, "allowed": ["application/json", "text/csv"]}],
    )


def check_parameters(parameters, only_charset):
    """What follows the content type: UTF-8 or nothing; MLflow takes no other parameter either."""
    for name, _, value in (parameter.partition("=") for parameter in parameters):
        if name.strip() == "charset":
            if value.strip(" \"'") not in ("utf-8", "utf8"):
                raise RequestError(415, "charset '%s' is not supported; send UTF-8" % value)
        elif only_charset and name:
            raise RequestError(415, "content-type parameter '%s' is not supported; send none but charset=utf-8" % name)


def read_json(body, unified=False):
    """The payload of a JSON body; with `unified`, also those of MLflow's chat, completion and embedding models."""
    try:
        value = loads(body)
    except (ValueError, RecursionError) as error:
        raise RequestError(400, "the body is not JSON: %s" % error, hint="send one of %s" % ", ".join(FORMATS)) from None
    if not isinstance(value, dict):
        raise RequestError(
            400,
            "the body must be a JSON object with one of %s, found %s" % (", ".join(FORMATS), type_name(value)),
        )
    if unified and not value.keys().isdisjoint(UNIFIED):
        return Payload("unified", Named(value), None, value)
    given = [key for key in FORMATS if key in value] if len(value) > 1 else list(value)
    if len(given) != 1 or given[0] not in _readers:
        found = sorted(map(str, value))
        raise RequestError(
            400,
            "the body must have exactly one of %s, found %s" % (", ".join(FORMATS), ", ".join(found[:10]) or "nothing"),
            details=[{"property": "", "message": "exactly one input format", "sent": shorten(found), "allowed": list(FORMATS)}],
        )
    form = given[0]
    return Payload(form, _readers[form](value[form]), value.get("params"), value)


def _input_data(value):
    if isinstance(value, dict):
        return split(value) if "data" in value and value.keys() <= _split_keys else columns_of(value)
    return list_of(value)


_split_keys = {"columns", "index", "data"}
_only_list = frozenset([list])


def split(value):
    if not isinstance(value, dict) or "data" not in value or not value.keys() <= _split_keys:
        found = sorted(map(str, value)) if isinstance(value, dict) else type_name(value)
        raise RequestError(400, "a split table is an object with data and optionally columns and index, found %s" % (found,))
    columns = value.get("columns")
    rows = value["data"]
    if isinstance(rows, dict) or (isinstance(rows, list) and rows and isinstance(rows[0], dict)):
        columns, rows = _of_named_rows(columns, rows)
    if not isinstance(rows, list) or not (columns is None or isinstance(columns, list)):
        raise RequestError(400, "columns and data of a split table must be lists")
    if not _only_list.issuperset(map(type, rows)):
        if columns is None or len(columns) != 1:
            raise RequestError(400, "each row in data must be a list")
        rows = [[cell] for cell in rows]
    if columns is not None:
        columns = tuple(columns)
        width_check(rows, len(columns))
    index = value.get("index")
    if index is not None and not (isinstance(index, list) and len(index) == len(rows)):
        raise RequestError(
            400,
            "index must be a list with a label for each of the %d rows" % len(rows),
            details=[{"property": "index", "message": "one label a row", "sent": shorten(index), "allowed": len(rows)}],
        )
    return Table(columns, rows, index)


def _of_named_rows(columns, rows):
    """Rows of a split table that name their cells themselves, as pandas takes them too; `columns` chooses and orders."""
    table = records(rows) if isinstance(rows, list) else columns_of(rows)
    if not isinstance(table, Table):
        raise RequestError(400, "every column must have the same number of values")
    if columns is None:
        return list(table.columns), table.rows
    unknown = [name for name in columns if name not in table.columns]
    if unknown:
        raise RequestError(400, "data of the split table has no column %s" % shorten(unknown))
    order = [table.columns.index(name) for name in columns]
    return columns, [[row[at] for at in order] for row in table.rows]


def width_check(rows, width, status=400):
    if not rows or {width}.issuperset(map(len, rows)):
        return
    for row, cells in enumerate(rows):
        if len(cells) != width:
            raise RequestError(
                status,
                "row %d has %d values, expected %d" % (row, len(cells), width),
                details=[{"property": "data[%d]" % row, "message": "wrong number of values", "sent": shorten(cells), "allowed": width}],
            )


def records(value):
    if not isinstance(value, list) or not all(map(isinstance, value, repeat(dict))):
        raise RequestError(400, "dataframe_records must be a list of objects, found %s" % type_name(value))
    return table_of_records(value)


def table_of_records(value):
    columns = tuple(value[0]) if value else ()
    if all(tuple(record) == columns for record in value):
        return Table(columns, [list(record.values()) for record in value])
    names = tuple(dict.fromkeys(name for record in value for name in record))
    return Table(names, [[record.get(name, ABSENT) for name in names] for record in value])


def columns_of(value):
    """`{name: [values]}`, or `{name: value}` for one row."""
    lists = [isinstance(cells, list) for cells in value.values()]
    if value and not any(lists):
        return Table(tuple(value), [list(value.values())])
    if not all(lists) or len({len(cells) for cells in value.values()}) != 1:
        return Named(value)
    if any(isinstance(cells[0], list) for cells in value.values() if cells):
        return Named(value)
    return Table(tuple(value), list(map(list, zip(*value.values()))))


def list_of(value):
    if isinstance(value, list) and value and isinstance(value[0], dict):
        return records(value)
    return Array(value)


def _inputs(value):
    return columns_of(value) if isinstance(value, dict) else list_of(value)


def of_inputs(value, params=None):
    """A value as if it had come as `inputs` of MLflow's JSON."""
    return Payload("inputs", _inputs(value), params, {"inputs": value})


_readers = {
    "input_data": _input_data,
    "dataframe_split": split,
    "dataframe_records": records,
    "instances": _inputs,
    "inputs": _inputs,
}


def read_csv(body):
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise RequestError(400, "the CSV is not UTF-8 text: %s" % error) from None
    try:
        lines = [row for row in csv.reader(io.StringIO(text), strict=True) if row]
    except csv.Error as error:
        raise RequestError(400, "the body is not CSV: %s" % error) from None
    if not lines:
        raise RequestError(400, "the CSV is empty; its first line must hold the column names")
    columns, rows = lines[0], lines[1:]
    width_check(rows, len(columns))
    return Table(tuple(columns), rows, text=text)


_names = {bool: "boolean", int: "integer", float: "number", str: "string", list: "array", dict: "object", type(None): "null"}


def type_name(value):
    """The JSON name of a value's type."""
    return "missing" if value is ABSENT else _names.get(type(value), type(value).__name__)
