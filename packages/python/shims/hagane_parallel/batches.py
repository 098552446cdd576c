"""Cuts the input into mini-batches."""

import os

from . import sizes
from .errors import ParallelError


class MiniBatch(object):
    """A list of files, or a pickled frame; ``context`` is what run() is told about it."""

    def __init__(self, index, size, files=None, frame=None, partition=None, rows=(None, None)):
        self.index = index
        self.size = size
        self.tries = 0
        self.message = {
            "index": index,
            "files": files,
            "frame": frame,
            "context": {
                "minibatch_index": index,
                "partition_key_value": partition,
                "global_row_index_lower_bound": rows[0],
                "global_row_index_upper_bound": rows[1],
            },
        }


def cut(request, state):
    """
    The mini-batches of the input, in its order. Frames are kept in the folder ``state``, so that the table is read once.
    Throws ParallelError for an input that is not there, empty, or not cut as asked.
    """
    table = _table(request)
    if table is not None and table.is_tabular:
        found = _of_table(request, table, state)
    elif request.partition_keys:
        found = _of_partitioned_files(request, table)
    else:
        files = table.paths() if table is not None else list_files(request.source)
        count = sizes.file_count(request.mini_batch_size)
        found = [(len(part), {"files": part}) for part in (files[at:at + count] for at in range(0, len(files), count))]
    return [MiniBatch(index, size, **what) for index, (size, what) in enumerate(found)]


def list_files(path):
    """The file, or all files below the folder, by their whole path in order of name."""
    if os.path.isfile(path):
        return [path]
    if not os.path.isdir(path):
        raise ParallelError("input_data: there is nothing at {!r}".format(path))
    found = []
    for folder, _, names in os.walk(path):
        found.extend(os.path.join(folder, name) for name in names)
    return sorted(found)


def _table(request):
    """The MLTable of the input, or None for plain files."""
    path = request.source
    if os.path.basename(path) == "MLTable":
        path = os.path.dirname(path)
    if request.input_type not in (None, "mltable") or not os.path.isfile(os.path.join(path, "MLTable")):
        return None
    from hagane_mltable import MLTableError, load

    try:
        return load(path)
    except MLTableError as error:
        raise ParallelError("input_data: {}".format(error))


def _frame(table):
    from hagane_mltable import MLTableError

    try:
        return table.to_pandas_dataframe()
    except MLTableError as error:
        raise ParallelError("input_data: {}".format(error))
    except ImportError as error:
        raise ParallelError("input_data is a table, and the environment cannot read it: {}".format(error))


def _of_table(request, table, state):
    frame = _frame(table)
    if request.partition_keys:
        parts = ((part, {"partition": key}) for key, part in _groups(frame, request.partition_keys))
    else:
        parts = _slices(request, table, frame)
    for index, (part, more) in enumerate(parts):
        path = os.path.join(state, "{}.frame".format(index))
        part.to_pickle(path)
        yield len(part), dict(more, frame=path)


def _slices(request, table, frame):
    """Parts of as many rows as fill the asked size, by the average row of the source files."""
    source = sum(os.path.getsize(path) for path in table.paths())
    rows = max(1, int(sizes.byte_count(request.mini_batch_size) * len(frame) // max(1, source)))
    for at in range(0, len(frame), rows):
        part = frame.iloc[at:at + rows].reset_index(drop=True)
        yield part, {"rows": (at, at + len(part) - 1)}


def _groups(frame, keys):
    missing = [key for key in keys if key not in frame.columns]
    if missing:
        raise ParallelError(
            "partition_keys: the input has no {}; its columns are {}".format(
                ", ".join(missing), ", ".join(str(column) for column in frame.columns)
            )
        )
    try:
        groups = frame.groupby(list(keys), sort=False, dropna=False)
    except TypeError:  # pandas before 1.1
        groups = frame.groupby(list(keys), sort=False)
    for name, part in groups:
        values = name if isinstance(name, tuple) else (name,)
        yield dict(zip(keys, map(_plain, values))), part.reset_index(drop=True)


def _plain(value):
    """A value that JSON holds and a script compares: numpy's own numbers become Python's."""
    value = value.item() if hasattr(value, "item") else value
    return value if value is None or isinstance(value, (str, int, float, bool)) else str(value)


def _of_partitioned_files(request, table):
    if table is None:
        raise ParallelError("partition_keys need an input of type mltable, this one is a list of files")
    frame = _frame(table)
    if "Path" not in frame.columns:
        raise ParallelError("partition_keys: the MLTable drops the column Path, so its files are not known")
    for key, part in _groups(frame, request.partition_keys):
        yield len(part), {"files": [str(path) for path in part["Path"]], "partition": key}
