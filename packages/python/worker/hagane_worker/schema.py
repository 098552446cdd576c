"""Column signatures: checks cells by column and builds the pandas frame that the model is given, once for a whole batch.

Stricter than MLflow where it would change data silently: text is no number and 5.5 is no integer. Types after
mlflow.types.DataType. Cells of CSV are text and are read as their column's type.
"""

import base64
import binascii
import io
from itertools import chain
from operator import itemgetter

import numpy as np

from .errors import RequestError, shorten
from .formats import ABSENT, Table, type_name, width_check

_int_range = {"integer": (-(2**31), 2**31 - 1), "long": (-(2**63), 2**63 - 1)}
_dtypes = {"boolean": np.bool_, "integer": np.int32, "long": np.int64, "float": np.float32, "double": np.float64}
SCALARS = frozenset(["boolean", "integer", "long", "float", "double", "string", "binary", "datetime"])
_plain_numbers = frozenset([int, float])
_numbers = frozenset([int, float, type(None)])


class Field:
    """One column of a signature; `name` is None in a signature without names."""

    __slots__ = ("name", "type", "required")

    def __init__(self, name, kind, required):
        self.name = name
        self.type = kind
        self.required = required


class Misfit(Exception):
    """A cell that does not fit; `row` counts from 0."""

    def __init__(self, field, row, found, value):
        super().__init__(field, row, found)
        self.field, self.row, self.found, self.value = field, row, found, value

    def to_error(self, label):
        where = "column '%s', row %d" % (label, self.row)
        return RequestError(
            400,
            "%s: expected %s, found %s" % (where, self.field.type, self.found),
            hint="the model's signature decides; rows count from 0",
            details=[
                {
                    "property": "%s[%d]" % (label, self.row),
                    "message": "expected %s, found %s" % (self.field.type, self.found),
                    "sent": None if self.value is ABSENT else shorten(self.value),
                    "allowed": self.field.type,
                }
            ],
        )


class ColumnSchema:
    """A signature of scalar columns. `select` prepares one request, `frame` builds the frame of several prepared alike.

    With `as_array` set, input that is all numbers becomes a numpy array instead, for models known to take that as well.
    """

    def __init__(self, fields):
        self.fields = fields
        self.named = fields[0].name is not None
        self.as_array = False
        self._all_double = all(field.type == "double" for field in fields)
        self._all = tuple(range(len(fields)))
        self._plans = {}
        self._indexes = {}

    def select(self, table):
        """Rows in the order of the signature, and which fields they hold. Columns the signature does not know are left out."""
        columns = table.columns
        if columns is None or not self.named:
            width_check(table.rows, len(self.fields))
            return self._all, table.rows
        plan = self._plans.get(columns)
        if plan is None:
            plan = self._plan(columns)
            if len(self._plans) < 100:
                self._plans[columns] = plan
        present, pick = plan
        return present, table.rows if pick is None else [pick(row) for row in table.rows]

    def _plan(self, columns):
        position = {str(name): at for at, name in reversed(list(enumerate(columns)))}
        missing = [field.name for field in self.fields if field.required and field.name not in position]
        if missing:
            raise RequestError(
                400,
                "missing %s %s" % ("column" if len(missing) == 1 else "columns", ", ".join("'%s'" % name for name in missing)),
                hint="the model's signature has %s" % ", ".join("'%s' (%s)" % (f.name, f.type) for f in self.fields),
                details=[{"property": name, "message": "required by the signature, not sent", "sent": shorten(list(columns))} for name in missing],
            )
        present = tuple(at for at, field in enumerate(self.fields) if field.name in position)
        order = [position[self.fields[at].name] for at in present]
        if order == list(range(len(columns))):
            return present, None
        if len(order) == 1:
            only = order[0]
            return present, lambda row: (row[only],)
        return present, itemgetter(*order)

    def frame(self, present, rows, text=False):
        """A frame with exactly the types of the signature. Raises Misfit for the first cell that does not fit."""
        if self._all_double and not text and rows and _plain_numbers.issuperset(map(type, chain.from_iterable(rows))):
            array = np.array(rows, np.float64)
            if self.as_array and len(present) == len(self.fields):
                return array
            import pandas as pd

            return pd.DataFrame(array, columns=self._index(present), copy=False)
        fields = [self.fields[at] for at in present]
        cells = zip(*rows) if rows else [()] * len(fields)
        read = read_text if text else read_cells
        columns = [read(field, column) for field, column in zip(fields, cells)]
        import pandas as pd

        frame = pd.DataFrame(dict(enumerate(columns)), copy=False)
        frame.columns = self._index(present)
        return frame

    def _index(self, present):
        if present not in self._indexes:
            import pandas as pd

            labels = [self.fields[at].name for at in present]
            self._indexes[present] = pd.Index(labels) if self.named else pd.RangeIndex(len(labels))
        return self._indexes[present]


def read_cells(field, cells):
    """One column of JSON cells as a numpy array (text as object). Raises Misfit."""
    kind = field.type
    types = set(map(type, cells))
    if type(ABSENT) in types:
        cells = _fill(field, cells)
        types = set(map(type, cells))
    if kind in ("double", "float") and types <= _numbers:
        return np.array(cells, _dtypes[kind])
    if kind in ("integer", "long") and types <= _plain_numbers:
        return _integers(field, cells, float in types)
    if kind == "boolean" and types <= {bool}:
        return np.array(cells, np.bool_)
    if kind == "string" and types <= {str, type(None)}:
        return np.array(cells, object)
    if kind == "datetime" and types <= {str, type(None)}:
        return _converted(field, cells, _datetime)
    if kind == "binary" and types <= {str, type(None)}:
        return _object_array([_one(field, row, cell, _binary) for row, cell in enumerate(cells)])
    raise _first_misfit(field, cells)


def _fill(field, cells):
    if field.required:
        row = next(row for row, cell in enumerate(cells) if cell is ABSENT)
        raise Misfit(field, row, "nothing", ABSENT)
    return tuple(None if cell is ABSENT else cell for cell in cells)


_fitting = {
    "double": (int, float, type(None)),
    "float": (int, float, type(None)),
    "integer": (int, float),
    "long": (int, float),
    "boolean": (bool,),
    "string": (str, type(None)),
    "datetime": (str, type(None)),
    "binary": (str, type(None)),
}


def _first_misfit(field, cells):
    allowed = _fitting[field.type]
    row, cell = next((row, cell) for row, cell in enumerate(cells) if type(cell) not in allowed)
    return Misfit(field, row, type_name(cell) if not isinstance(cell, str) else "string %r" % cell[:80], cell)


def _integers(field, cells, some_float):
    low, high = _int_range[field.type]
    if some_float:
        for row, cell in enumerate(cells):
            if type(cell) is float and not cell.is_integer():
                raise Misfit(field, row, "number %r" % cell, cell)
        cells = [int(cell) for cell in cells]
    if cells and not (low <= min(cells) and max(cells) <= high):
        row = next(row for row, cell in enumerate(cells) if not low <= cell <= high)
        raise Misfit(field, row, "%d, outside %d to %d" % (cells[row], low, high), cells[row])
    return np.array(cells, _dtypes[field.type])


def _converted(field, cells, convert):
    try:
        return convert(cells)
    except (ValueError, TypeError, OverflowError):
        for row, cell in enumerate(cells):
            _one(field, row, cell, lambda value: convert([value]))
        raise


def _datetime(cells):
    import pandas as pd

    return pd.to_datetime(pd.Series(cells, dtype=object)).to_numpy().astype("datetime64[ns]")


def _binary(cell):
    # MLflow's own encoder breaks the lines
    return None if cell is None else base64.b64decode("".join(cell.split()), validate=True)


def _one(field, row, cell, convert):
    try:
        return convert(cell)
    except (ValueError, TypeError, OverflowError, binascii.Error):
        raise Misfit(field, row, "string %r" % str(cell)[:80], cell) from None


def _object_array(values):
    array = np.empty(len(values), object)
    array[:] = values
    return array


_true, _false = {"true", "1"}, {"false", "0"}


def _text_boolean(cell):
    lower = cell.strip().lower()
    if lower not in _true | _false:
        raise ValueError(cell)
    return lower in _true


def _text_integer(cell):
    return int(cell) if cell.strip().lstrip("+-").isdigit() else float(cell)


_from_text = {"double": float, "float": float, "integer": _text_integer, "long": _text_integer, "boolean": _text_boolean}


# What pandas reads as a missing value in CSV.
_MISSING = frozenset(
    ("", "#N/A", "#N/A N/A", "#NA", "-1.#IND", "-1.#QNAN", "-NaN", "-nan", "1.#IND", "1.#QNAN", "<NA>", "N/A", "NA")
    + ("NULL", "NaN", "None", "n/a", "nan", "null")
)


def read_text(field, cells):
    """One column of CSV cells; one that is empty, or what pandas takes for it, is a missing value."""
    convert = _from_text.get(field.type, str)
    values = [None if cell in _MISSING else _one(field, row, cell, convert) for row, cell in enumerate(cells)]
    return read_cells(field, values)


def infer(table):
    """Names and types that a table without signature has by itself, or None when a column holds more than one type."""
    names = table.columns if table.columns is not None else [None] * (len(table.rows[0]) if table.rows else 0)
    columns = list(zip(*table.rows))
    if len(columns) != len(names) or table.text:
        return None
    fields = []
    for name, cells in zip(names, columns):
        types = set(map(type, cells))
        kind = _inferred.get(next(iter(types))) if len(types) == 1 else None
        if kind is None:
            return None
        fields.append((name if name is None else str(name), kind))
    return tuple(fields)


_inferred = {float: "double", int: "long", bool: "boolean", str: "string"}


def plain_frame(table):
    """The frame pandas makes of a table without signature."""
    import pandas as pd

    if table.text:
        return pd.read_csv(io.StringIO(table.text))
    rows = [[None if cell is ABSENT else cell for cell in row] for row in table.rows]
    return pd.DataFrame(rows, columns=None if table.columns is None else list(table.columns), index=table.index)


def table_of_array(value):
    """Rows of a plain nested list; a flat list is one column."""
    if not isinstance(value, list):
        return Table(None, [[value]])
    if all(isinstance(row, list) for row in value):
        return Table(None, value)
    return Table(None, [[cell] for cell in value])
