"""mini_batch_size: a count of files, or an amount of data."""

import re

from .errors import ParallelError

FILES = 10
BYTES = 1024 * 1024
_UNITS = {"": 1, "b": 1, "kb": 1024, "mb": 1024 ** 2, "gb": 1024 ** 3, "k": 1024, "m": 1024 ** 2, "g": 1024 ** 3}


def _parts(text):
    found = re.match(r"\s*(\d+(?:\.\d+)?)\s*([a-zA-Z]*)\s*\Z", str(text))
    unit = found.group(2).lower() if found else None
    if unit not in _UNITS:
        raise ParallelError("mini_batch_size: {!r} is no size; write 10, or 10kb, 1mb for a table".format(text))
    return float(found.group(1)), unit


def file_count(text):
    """Files in a mini-batch."""
    if text is None:
        return FILES
    number, unit = _parts(text)
    if unit != "" or number < 1 or number != int(number):
        raise ParallelError("mini_batch_size: {!r} is no count of files; the input is a list of files".format(text))
    return int(number)


def byte_count(text):
    """Bytes of the source in a mini-batch of a table."""
    if text is None:
        return BYTES
    number, unit = _parts(text)
    if number * _UNITS[unit] < 1:
        raise ParallelError("mini_batch_size: {!r} is less than a byte".format(text))
    return int(number * _UNITS[unit])
