"""The columns of a model's signature, and the cells that do not fit them."""


class Field(object):
    def __init__(self, name, kind, required):
        self.name = name
        self.type = kind
        self.required = required


def fields_of(metadata):
    """Columns of the model's input by name; None for a model without a signature of named columns."""
    schema = metadata.get_input_schema() if metadata is not None else None
    if schema is None or (hasattr(schema, "is_tensor_spec") and schema.is_tensor_spec()):
        return None
    names = schema.input_names()
    if not names or any(name is None or isinstance(name, int) for name in names):
        return None
    return {
        name: Field(name, getattr(spec.type, "name", str(spec.type)), getattr(spec, "required", not getattr(spec, "optional", False)))
        for name, spec in zip(names, schema.inputs)
    }


def fitted(frame, columns):
    """
    The frame with the types of the signature, and what does not fit as ``{row: message}``: rows of the frame by position.
    Such rows hold a missing value there, and are not to be predicted.
    """
    bad = {}
    frame = frame[[name for name in columns if name in frame.columns]]
    for name in list(frame.columns):
        field = columns[name]
        series, wrong = _converted(frame[name], field)
        if series is not frame[name]:
            frame = frame.assign(**{name: series})
        for row in wrong:
            bad.setdefault(row, "column {!r}: {}".format(name, _why(wrong[row], field)))
    return frame, bad


def _why(cell, field):
    found = "a missing value" if cell is None else repr(cell)[:80]
    return "expected {}, found {}".format(field.type, found)


_DTYPES = {"double": "float64", "float": "float32", "integer": "int32", "long": "int64", "boolean": "bool"}


def _converted(series, field):
    """The column in its type, and the cells that do not fit by position."""
    wanted = _DTYPES.get(field.type)
    if field.type == "string":
        return series, {}
    if field.type == "datetime":
        return _times(series)
    if wanted is None or str(series.dtype) == wanted:
        return series, {}
    return _booleans(series) if field.type == "boolean" else _numbers(series, field, wanted)


def _times(series):
    import pandas

    times = pandas.to_datetime(series, errors="coerce")
    return times, _cells(series, times.isna() & series.notna())


def _booleans(series):
    text = series.astype(str).str.strip().str.lower()
    yes, no = text.isin(["true", "1", "1.0"]), text.isin(["false", "0", "0.0"])
    return yes.astype(bool), _cells(series, ~(yes | no))


def _numbers(series, field, wanted):
    import numpy
    import pandas

    numbers = pandas.to_numeric(series, errors="coerce")
    wrong = numbers.isna() & series.notna()
    if field.type in ("integer", "long"):
        values = numbers.astype("float64") if numbers.dtype == object else numbers
        limits = numpy.iinfo(wanted)
        wrong = wrong | numbers.isna() | ((values % 1) != 0).fillna(False) | (values < limits.min) | (values > limits.max)
        numbers = numbers.where(~wrong, 0)
    return numbers.astype(wanted), _cells(series, wrong)


def _cells(series, wrong):
    """Position -> cell; None for a missing one."""
    import pandas

    where = wrong.to_numpy().nonzero()[0]
    return {int(at): (None if pandas.isna(series.iloc[at]) else series.iloc[at]) for at in where}
