"""Predicts a table with an MLflow model, and measures how long it takes."""

import time

from hagane_parallel.model_entry import model_folder

from .table import Unreadable

_WARM_UP = 5


def score(frame, path, settings):
    """Predictions, probabilities where the model has them, truth, columns to slice by, and times of single rows."""
    import mlflow.pyfunc

    model = mlflow.pyfunc.load_model(model_folder(path), suppress_warnings=True)
    target, kept = settings["target"], settings["keep"]
    _require(frame, kept + ([] if target is None else [target]))
    features = frame.drop(columns=[name for name in settings["drop"] + [target] if name in frame.columns])
    features = _fitted(model, features)
    began = time.perf_counter()
    predicted = model.predict(features)
    seconds = time.perf_counter() - began
    labels, scores = _outputs(model, features, predicted, settings)
    return {
        "rows": len(frame),
        "seconds": seconds,
        "prediction": labels,
        "score": scores,
        "truth": None if target is None else plain(frame[target]),
        "columns": {name: plain(frame[name]) for name in kept},
        "latency_ms": _latencies(model, features, settings["latency_rows"]),
    }


def _require(frame, names):
    missing = [name for name in names if name not in frame.columns]
    if missing:
        raise Unreadable("the data has no column {!r}; it has {}".format(missing[0], ", ".join(map(repr, frame.columns))))


def _fitted(model, features):
    """The columns that the signature names, with its types."""
    from hagane_batch.columns import fields_of, fitted

    columns = fields_of(model.metadata)
    if columns is None:
        return features
    frame, bad = fitted(features, columns)
    if bad:
        row = sorted(bad)[0]
        raise Unreadable("{} rows do not fit the signature of the model; row {}: {}".format(len(bad), row, bad[row]))
    return frame


def _outputs(model, features, predicted, settings):
    """Labels, and the probability of the positive class if it is wanted and there is one.

    A model that answers a number for each class, as predict_proba does, is taken at the class with the largest.
    """
    numbers = _class_numbers(predicted)
    if numbers is None and not settings["probabilities"]:
        return plain(predicted), None
    found = _probabilities(model, features)
    values, classes = found if found is not None else (numbers, None if numbers is None else list(range(numbers.shape[1])))
    if values is None:
        return plain(predicted), plain(predicted)
    labels = plain(predicted) if numbers is None else [_plain(_own(classes[at])) for at in values.argmax(axis=1)]
    at = _index_of(settings["positive"], classes) if settings["probabilities"] else None
    return labels, None if at is None else plain(values[:, at])


def _class_numbers(predicted):
    """The answers as a table of numbers, where there are several for each row."""
    import numpy

    values = numpy.asarray(getattr(predicted, "values", predicted))
    return values if values.ndim == 2 and values.shape[1] > 1 and values.dtype.kind == "f" else None


def _probabilities(model, features):
    try:
        raw = model.get_raw_model()
    except Exception:  # flavors without one, and older MLflow
        return None
    if not hasattr(raw, "predict_proba") or not hasattr(raw, "classes_"):
        return None
    return raw.predict_proba(features), list(raw.classes_)


def _index_of(positive, classes):
    names = [_name(value) for value in classes]
    wanted = _name(1 if positive is None else positive)
    if wanted in names:
        return names.index(wanted)
    return len(names) - 1 if positive is None and len(names) == 2 else None


def _own(value):
    """A value of Python, where numpy has one of its own."""
    return value.item() if hasattr(value, "item") else value


def _name(value):
    value = _own(value)
    if isinstance(value, bool):
        value = int(value)
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return str(value)


def _latencies(model, features, rows):
    """Milliseconds of predicting single rows, after a few that do not count."""
    if rows == 0:
        return None
    times = []
    for at in range(rows + _WARM_UP):
        row = features.iloc[[at % len(features)]]
        began = time.perf_counter()
        model.predict(row)
        times.append((time.perf_counter() - began) * 1000)
    return times[_WARM_UP:]


def plain(values):
    """A list of what JSON knows: numbers, texts, booleans, None."""
    values = getattr(values, "values", values)
    if getattr(values, "ndim", 1) == 2:
        if values.shape[1] != 1:
            raise Unreadable("the model answers {} values for a row; a gate judges one".format(values.shape[1]))
        values = values[:, 0]
    return [_plain(value) for value in (values.tolist() if hasattr(values, "tolist") else values)]


def _plain(value):
    import pandas

    if isinstance(value, (list, dict)):
        raise Unreadable("the model answers several values for a row; a gate judges one")
    if pandas.isna(value) or value in (float("inf"), float("-inf")):
        return None
    return value if isinstance(value, (bool, int, float, str)) else str(value)
