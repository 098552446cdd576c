"""Tables as scripts make and use them: every method gives a new table, nothing is read before a frame is asked for."""

import copy
import os
import random
import shutil

import hagane_mltable
from hagane_mltable import MLTableError
from hagane_mltable.document import check_document
from hagane_mltable.files import find_files
from hagane_mltable.plain_yaml import dump

from .column_types import DataType, value_of


class MLTable(object):
    """Steps that make a table out of files; `load` or a `from_…` function makes one."""

    def __init__(self, source=None, folder=None):
        if source is None:
            raise MLTableError("make a table with mltable.load or mltable.from_delimited_files and the like")
        self._source = source
        self._folder = folder

    def _table(self):
        return hagane_mltable.MLTable(self._folder, check_document(self._source, "MLTable"))

    def _then(self, name, argument):
        source = copy.deepcopy(self._source)
        source["transformations"] = (source.get("transformations") or []) + [{name: argument}]
        check_document(source, "MLTable")
        return MLTable(source, self._folder)

    @property
    def paths(self):
        """The paths as the table names them."""
        return copy.deepcopy(self._source["paths"])

    @property
    def partition_keys(self):
        from hagane_mltable.partition import format_of

        steps = self._table().document["steps"]
        return [name for step, given in steps if step.startswith("extract_columns") for name in format_of(given).names]

    def to_pandas_dataframe(self):
        return self._table().to_pandas_dataframe()

    def show(self, count=20):
        return self.take(count).to_pandas_dataframe()

    def validate(self):
        self.take(1).to_pandas_dataframe()

    def take(self, count=20):
        return self._then("take", _counted(count))

    def skip(self, count):
        return self._then("skip", _counted(count))

    def take_random_sample(self, probability, seed=None):
        return self._then("take_random_sample", {"probability": probability, "seed": _seeded(seed)})

    def random_split(self, percent=0.5, seed=None):
        if not isinstance(percent, float) or not 0 < percent < 1:
            raise MLTableError("random_split: percent: {!r} is not a fraction between 0 and 1".format(percent))
        seed = _seeded(seed)
        parts = {"probability": percent, "seed": seed}, {"probability": 1.0, "probability_lower_bound": percent, "seed": seed}
        return tuple(self._then("sample", {"sampler": "random_percent", "sampler_arguments": part}) for part in parts)

    def drop_columns(self, columns):
        return self._then("drop_columns", _named(columns))

    def keep_columns(self, columns):
        return self._then("keep_columns", _named(columns))

    def filter(self, expression):
        return self._then("filter", expression)

    def extract_columns_from_partition_format(self, partition_format):
        return self._then("extract_columns_from_partition_format", {"partition_format": partition_format})

    def convert_column_types(self, column_types):
        entries = [
            {"columns": _named(columns), "column_type": kind.column_type if isinstance(kind, DataType) else kind}
            for columns, kind in column_types.items()
        ]
        return self._then("convert_column_types", entries)

    def save(self, path=None, overwrite=True, colocated=False, show_progress=False, if_err_remove_files=True):
        """Writes the file MLTable into a folder; with `colocated` also copies of the files it names."""
        folder = os.path.abspath(path or os.getcwd())
        os.makedirs(folder, exist_ok=True)
        target = os.path.join(folder, "MLTable")
        if os.path.exists(target) and value_of(overwrite) in (False, "fail"):
            raise MLTableError("{} exists already; save with overwrite=True".format(target))
        saved = dict(copy.deepcopy(self._source), type="mltable")
        saved["paths"] = self._copied_to(folder) if colocated else [self._seen_from(folder, entry) for entry in saved["paths"]]
        if value_of(overwrite) != "skip" or not os.path.exists(target):
            with open(target, "w", encoding="utf-8") as file:
                file.write(dump(saved))
        return self

    def _copied_to(self, folder):
        entries = []
        for file in find_files(self._source["paths"], self._folder):
            inside = os.path.relpath(file, self._folder)
            name = os.path.basename(file) if inside.startswith("..") else inside
            target = os.path.join(folder, name)
            if os.path.abspath(target) != os.path.abspath(file):
                os.makedirs(os.path.dirname(target), exist_ok=True)
                shutil.copyfile(file, target)
            entries.append({"file": "./" + name.replace(os.sep, "/")})
        return entries

    def _seen_from(self, folder, entry):
        (kind, value), = entry.items()
        if "://" in value:
            return entry
        return {kind: os.path.relpath(os.path.join(self._folder, value), folder).replace(os.sep, "/")}

    def __repr__(self):
        return dump(self._source)

    __str__ = __repr__

    def __eq__(self, other):
        return isinstance(other, MLTable) and (self._source, self._folder) == (other._source, other._folder)

    __hash__ = None


def _counted(count):
    if isinstance(count, bool) or not isinstance(count, int) or count < 0:
        raise MLTableError("{!r} is not a number of rows".format(count))
    return count


def _seeded(seed):
    return random.randrange(2 ** 31) if seed is None else seed


def _named(columns):
    return columns if isinstance(columns, str) else list(columns)


def load(uri, storage_options=None, ml_client=None):
    """The table of a folder that holds a file named MLTable."""
    if str(uri).startswith("azureml:"):
        raise MLTableError("{}: make the data asset an input of the job, of type mltable, and load its path".format(uri))
    table = hagane_mltable.load(uri)
    return MLTable(table.document["source"], table.folder)


def _made(paths, *steps):
    source = {"type": "mltable", "paths": [dict(entry) for entry in paths], "transformations": list(steps)}
    check_document(source, "MLTable")
    return MLTable(source, os.getcwd())


def from_paths(paths):
    """A table of files, one row each."""
    return _made(paths)


def from_delimited_files(
    paths,
    header="all_files_same_headers",
    delimiter=",",
    support_multi_line=False,
    empty_as_string=False,
    encoding="utf8",
    include_path_column=False,
    infer_column_types=True,
):
    """A table of delimited files: ``from_delimited_files([{"file": "./a.csv"}])``."""
    options = {
        "header": value_of(header),
        "delimiter": delimiter,
        "support_multi_line": support_multi_line,
        "empty_as_string": empty_as_string,
        "encoding": value_of(encoding),
        "include_path_column": include_path_column,
        "infer_column_types": infer_column_types,
    }
    return _made(paths, {"read_delimited": options})


def from_parquet_files(paths, include_path_column=False):
    """A table of parquet files."""
    return _made(paths, {"read_parquet": {"include_path_column": include_path_column}})


def from_json_lines_files(paths, invalid_lines="error", encoding="utf8", include_path_column=False):
    """A table of files with one JSON object in each line."""
    options = {
        "invalid_lines": value_of(invalid_lines),
        "encoding": value_of(encoding),
        "include_path_column": include_path_column,
    }
    return _made(paths, {"read_json_lines": options})


def from_delta_lake(delta_table_uri, timestamp_as_of=None, version_as_of=None, include_path_column=False):
    """Not done here."""
    raise MLTableError("{}: delta lake is not read here; write the version you need as parquet files".format(delta_table_uri))
