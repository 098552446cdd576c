"""How the input of one MLflow model is prepared: by its columns, as a tensor, without signature, or by MLflow itself.

`prepare(payload)` turns one request into a Part; parts with the same key can share a predict call; `join(parts)` makes
the model's input of them. A key of None never shares.
"""

from itertools import chain

import numpy as np

from .errors import RequestError
from .formats import Array, Named, Table, type_name
from .schema import SCALARS, ColumnSchema, Field, Misfit, infer, plain_frame, table_of_array

MLFLOW_JSON_KINDS = frozenset("biuf")


class Part:
    """One request's share of a batch. `rows` is how many predictions belong to it."""

    __slots__ = ("key", "data", "rows", "index")

    def __init__(self, key, data, rows, index=None):
        self.key = key
        self.data = data
        self.rows = rows
        self.index = index


class ColumnInputs:
    """A signature of scalar columns: pandas frames."""

    def __init__(self, schema):
        self.schema = schema

    def prepare(self, payload):
        data = payload.data
        if isinstance(data, Array):
            data = table_of_array(data.value)
        elif isinstance(data, Named):
            data = _repeated(data.value)
        present, rows = self.schema.select(data)
        return Part((present, bool(data.text)), rows, len(rows), data.index)

    def join(self, parts):
        present, text = parts[0].key
        rows = parts[0].data if len(parts) == 1 else list(chain.from_iterable(part.data for part in parts))
        try:
            frame = self.schema.frame(present, rows, text)
        except Misfit as misfit:
            raise misfit.to_error(self._label(misfit)) from None
        except OverflowError as error:
            raise RequestError(400, "a number does not fit its column's type: %s" % error) from None
        if len(parts) == 1 and parts[0].index is not None and hasattr(frame, "index"):
            frame.index = parts[0].index
        return frame

    def _label(self, misfit):
        return misfit.field.name if misfit.field.name is not None else str(self.schema.fields.index(misfit.field))


def _repeated(columns):
    """Columns of which some are one value for every row, as pandas takes them."""
    lengths = {len(cells) for cells in columns.values() if isinstance(cells, list)}
    if len(lengths) != 1:
        raise RequestError(400, "every column must have the same number of values")
    (rows,) = lengths
    cells = [value if isinstance(value, list) else [value] * rows for value in columns.values()]
    return Table(tuple(columns), list(map(list, zip(*cells))))


class TensorInputs:
    """A signature of one unnamed tensor: a numpy array of its type and shape; -1 is any size."""

    def __init__(self, dtype, shape):
        self.dtype = dtype
        self.shape = tuple(shape)
        self.batchable = len(self.shape) > 0 and self.shape[0] == -1

    def prepare(self, payload):
        data = payload.data
        if isinstance(data, Named):
            raise RequestError(400, "the model takes one array, found an object with %s" % ", ".join(map(str, data.value)))
        array = self._array(data.rows if isinstance(data, Table) else data.value, isinstance(data, Table) and bool(data.text))
        if len(array.shape) != len(self.shape) or any(w not in (-1, g) for w, g in zip(self.shape, array.shape)):
            raise RequestError(
                400,
                "expected an array of shape %s, found %s" % (self.shape, array.shape),
                hint="-1 stands for any size",
                details=[{"property": "", "message": "wrong shape", "sent": list(array.shape), "allowed": list(self.shape)}],
            )
        return Part(array.shape[1:] if self.batchable else None, array, len(array) if array.shape else 1)

    def join(self, parts):
        return parts[0].data if len(parts) == 1 else np.concatenate([part.data for part in parts])

    def _array(self, value, text):
        try:
            array = np.array(value, self.dtype if text else None)
        except (ValueError, TypeError) as error:
            raise RequestError(400, "the rows are no array of equal length: %s" % error) from None
        if array.dtype == self.dtype:
            return array
        if not self._fits(array):
            raise self._misfit(value, array)
        return array.astype(self.dtype)

    def _fits(self, array):
        if array.size == 0:
            return True
        kinds = {"f": "iuf", "i": "iu", "u": "iu", "b": "b", "U": "U", "S": "U", "O": "UOiufb", "M": "U", "c": "iufc"}
        if array.dtype.kind in "f" and self.dtype.kind in "iu":
            return bool((array == np.floor(array)).all())
        if array.dtype.kind == "O" and self.dtype.kind == "f":
            return all(cell is None or type(cell) in (int, float) for cell in array.flat)
        return array.dtype.kind in kinds.get(self.dtype.kind, self.dtype.kind)

    def _misfit(self, value, array):
        where, cell = next(((at, cell) for at, cell in cells_of(value) if not self._fits(np.array(cell))), ((), value))
        path = "".join("[%d]" % at for at in where)
        found = type_name(cell) if not isinstance(cell, str) else "string %r" % cell[:80]
        spot = "row %d%s" % (where[0], "".join(", column %d" % at for at in where[1:2])) if where else "the input"
        return RequestError(
            400,
            "%s: expected %s, found %s" % (spot, self.dtype.name, found),
            hint="the model's signature decides; rows and columns count from 0",
            details=[{"property": path, "message": "expected %s, found %s" % (self.dtype.name, found), "sent": cell, "allowed": self.dtype.name}],
        )


def cells_of(value, where=()):
    """Every cell of a nested list with its position."""
    if isinstance(value, (list, tuple)):
        for at, item in enumerate(value):
            yield from cells_of(item, where + (at,))
    else:
        yield where, value


class FreeInputs:
    """A model without signature: frames and arrays as MLflow would make them, shared only between requests of equal types.

    `tabular` models know frames and plain arrays only, so named columns are made a frame; others are given MLflow's dicts.
    """

    def __init__(self, metadata, tabular):
        self._tabular = tabular
        self._mlflow = MlflowInputs(metadata, None)

    def prepare(self, payload):
        data = payload.data
        if not self._tabular and payload.form in ("instances", "inputs"):
            value = payload.source[payload.form]
            if not isinstance(data, Array) or not isinstance(value, list) or not value:
                return self._mlflow.prepare(payload)
        if isinstance(data, Named):
            return Part(None, {name: np.array(cells) for name, cells in data.value.items()}, 1)
        if isinstance(data, Table):
            kinds = infer(data) if data.rows and data.index is None else None
            return Part(None if kinds is None else ("table", kinds), data, len(data.rows))
        try:
            array = np.array(data.value)
        except ValueError as error:
            raise RequestError(400, "the rows are no array of equal length: %s" % error) from None
        shared = array.ndim > 1 and array.dtype.kind in MLFLOW_JSON_KINDS
        return Part((array.dtype.str, array.shape[1:]) if shared else None, array, len(array) if array.ndim else 1)

    def join(self, parts):
        first = parts[0].data
        if isinstance(first, Table):
            rows = first.rows if len(parts) == 1 else list(chain.from_iterable(part.data.rows for part in parts))
            return plain_frame(Table(first.columns, rows, first.index, first.text))
        return first if len(parts) == 1 else np.concatenate([part.data for part in parts])


_TABULAR = frozenset("mlflow." + name for name in ("sklearn", "xgboost", "lightgbm", "catboost"))


class MlflowInputs:
    """Nested types, several tensors, type hints: parsed and checked by MLflow itself, one request at a time."""

    def __init__(self, metadata, schema):
        self._schema = schema
        hinted = getattr(metadata, "_is_signature_from_type_hint", None)
        self._hinted = bool(hinted and hinted())

    def prepare(self, payload):
        source = payload.source
        if source is None:
            return Part(None, plain_frame(payload.data), len(payload.data.rows))
        value = source[payload.form]
        rows = len(payload.data.rows) if isinstance(payload.data, Table) else len(value) if isinstance(value, list) else 1
        return Part(None, value if self._hinted else self._parse(payload.form, value), rows)

    def _parse(self, form, value):
        from mlflow.exceptions import MlflowException
        from mlflow.utils.proto_json_utils import dataframe_from_parsed_json, parse_tf_serving_input

        split = form == "dataframe_split" or (form == "input_data" and isinstance(value, dict) and "data" in value)
        try:
            if split or form == "dataframe_records":
                return dataframe_from_parsed_json(value, pandas_orient="split" if split else "records", schema=self._schema)
            return parse_tf_serving_input({"instances" if form == "instances" else "inputs": value}, schema=self._schema)
        except MlflowException as error:
            raise RequestError(400, str(error.message)) from None

    def join(self, parts):
        return parts[0].data


def inputs_for(metadata):
    """The way of preparing input that fits the model's signature."""
    schema = metadata.get_input_schema() if hasattr(metadata, "get_input_schema") else None
    if schema is None:
        signature = getattr(metadata, "signature", None)
        schema = None if signature is None else signature.inputs
    hinted = getattr(metadata, "_is_signature_from_type_hint", None)
    if hinted is not None and hinted():
        return MlflowInputs(metadata, schema)
    if schema is None or not schema.inputs:
        return FreeInputs(metadata, metadata.flavors.get("python_function", {}).get("loader_module") in _TABULAR)
    if schema.is_tensor_spec():
        spec = schema.inputs[0]
        if len(schema.inputs) == 1 and spec.name is None:
            return TensorInputs(np.dtype(spec.type), spec.shape)
        return MlflowInputs(metadata, schema)
    kinds = [getattr(spec.type, "name", None) for spec in schema.inputs]
    if not all(kind in SCALARS for kind in kinds):
        return MlflowInputs(metadata, schema)
    return ColumnInputs(
        ColumnSchema([Field(spec.name, kind, getattr(spec, "required", True)) for spec, kind in zip(schema.inputs, kinds)])
    )
