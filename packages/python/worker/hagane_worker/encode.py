"""Predictions as JSON: lists by row, the same conversions as MLflow's scoring server, but always valid JSON."""

import base64
import datetime
import json
import math
import sys

import numpy as np


def to_rows(predictions):
    """Predictions as a list with one item a row, or as they are when they have no rows."""
    if isinstance(predictions, np.ndarray):
        return predictions.tolist()
    pd = _pandas()
    if pd is None:
        return predictions
    if isinstance(predictions, pd.DataFrame):
        return predictions.to_dict(orient="records")
    if isinstance(predictions, pd.Series):
        return pd.DataFrame(predictions).to_dict(orient="records")
    return predictions


def _pandas():
    """pandas, if anything has imported it: without it no value is one of its own."""
    return sys.modules.get("pandas")


def dumps(value):
    """JSON bytes. NaN and infinity, which JSON does not have, become null."""
    try:
        text = _encode(value)
    except ValueError:
        text = _encode(_finite(json.loads(json.dumps(value, default=plain))))
    return text.encode("utf-8")


def _finite(value):
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, list):
        return [_finite(item) for item in value]
    if isinstance(value, dict):
        return {key: _finite(item) for key, item in value.items()}
    return value


def plain(value):
    """What json cannot write by itself, as MLflow's encoder does it."""
    if isinstance(value, np.ndarray):
        return value.tolist()
    if isinstance(value, np.datetime64):
        return np.datetime_as_string(value)
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, (bytes, bytearray)):
        return base64.encodebytes(value).decode("ascii")
    pd = _pandas()
    if pd is not None and (value is pd.NaT or value is pd.NA):
        return None
    if isinstance(value, (datetime.date, datetime.datetime, datetime.time)):  # a Timestamp of pandas is a datetime
        return value.isoformat()
    if pd is not None and isinstance(value, (pd.DataFrame, pd.Series)):
        return to_rows(value)
    if hasattr(value, "model_dump"):
        return value.model_dump()
    raise TypeError("%s cannot be written as JSON" % type(value).__name__)


_encode = json.JSONEncoder(default=plain, allow_nan=False).encode
