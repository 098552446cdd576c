"""An MLTable file as steps: what it may say, and what is wrong with it."""

import io
import os

from . import plain_yaml
from .errors import MLTableError

READERS = ("read_delimited", "read_parquet", "read_json_lines")
STEPS = READERS + (
    "take",
    "skip",
    "sample",
    "take_random_sample",
    "filter",
    "drop_columns",
    "keep_columns",
    "convert_column_types",
    "extract_columns_from_partition_format",
)
HEADERS = ("no_header", "from_first_file", "all_files_same_headers", "all_files_different_headers")
ENCODINGS = {
    "utf8": "utf-8-sig",
    "utf8bom": "utf-8-sig",
    # Azure's reader takes the bytes of "ascii" as UTF-8
    "ascii": "utf-8-sig",
    "iso88591": "latin-1",
    "latin1": "latin-1",
    "utf16": "utf-16",
    "windows1252": "cp1252",
}
_OPTIONS = {
    "read_delimited": {
        "delimiter", "header", "support_multi_line", "empty_as_string", "encoding", "include_path_column",
        "infer_column_types", "path_column", "partition_size",
    },
    "read_parquet": {"include_path_column", "path_column"},
    "read_json_lines": {"invalid_lines", "encoding", "include_path_column", "path_column", "partition_size"},
}


def read_document(folder):
    """The content of `folder`/MLTable. Throws MLTableError when it is missing or no MLTable."""
    path = os.path.join(folder, "MLTable")
    if not os.path.isfile(path):
        raise MLTableError("{}: no file named MLTable in this folder".format(folder))
    with io.open(path, encoding="utf-8-sig") as file:
        text = file.read()
    return check_document(parse_yaml(text), path)


def parse_yaml(text):
    """YAML by PyYAML where the environment has it, else by the reader of this package."""
    try:
        import yaml
    except ImportError:
        return plain_yaml.parse(text)
    try:
        return yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise MLTableError("MLTable: not YAML: {}".format(error))


def check_document(document, path):
    """The document with its steps as (name, argument) pairs. Throws MLTableError that names what is not understood."""
    if not isinstance(document, dict):
        raise MLTableError("{}: an MLTable is a mapping with 'paths'".format(path))
    if "query_source" in document:
        raise MLTableError("{}: query_source reads a database, which is not done here; export a file".format(path))
    paths = document.get("paths")
    if not isinstance(paths, list) or not paths:
        raise MLTableError("{}: 'paths' must list at least one file, folder or pattern".format(path))
    for entry in paths:
        if not isinstance(entry, dict) or len(entry) != 1 or not set(entry) <= {"file", "folder", "pattern"}:
            raise MLTableError("{}: paths: {!r} is not one of file, folder, pattern".format(path, entry))
    steps = [_step(entry, path) for entry in document.get("transformations") or []]
    readers = [name for name, _ in steps if name in READERS]
    if len(readers) > 1:
        raise MLTableError("{}: more than one reader: {}".format(path, ", ".join(readers)))
    return {"paths": paths, "steps": steps, "source": document}


def _step(entry, path):
    if isinstance(entry, str):
        name, argument = entry, None
    elif isinstance(entry, dict) and len(entry) == 1:
        (name, argument), = entry.items()
    else:
        raise MLTableError("{}: transformations: {!r} is not one step".format(path, entry))
    if name not in STEPS:
        raise MLTableError("{}: transformations: {!r} is not done here; done are {}".format(path, name, ", ".join(STEPS)))
    if name in READERS:
        argument = argument or {}
        unknown = set(argument) - _OPTIONS[name]
        if unknown:
            raise MLTableError(
                "{}: {}: unknown {}; known are {}".format(path, name, ", ".join(sorted(unknown)), ", ".join(sorted(_OPTIONS[name])))
            )
        _check_reader(argument, path, name)
    if name in ("take", "skip") and not (isinstance(argument, int) and argument >= 0):
        raise MLTableError("{}: {}: {!r} is not a number of rows".format(path, name, argument))
    return name, argument


def _check_reader(options, path, name):
    header = options.get("header", "all_files_same_headers")
    if header not in HEADERS:
        raise MLTableError("{}: {}: header: {!r} is not one of {}".format(path, name, header, ", ".join(HEADERS)))
    encoding_of(options, path, name)


def encoding_of(options, path="MLTable", name="read_delimited"):
    """Python's name of the encoding that a reader asks for."""
    asked = str(options.get("encoding", "utf8"))
    encoding = ENCODINGS.get(asked.lower().replace("-", "").replace(" ", ""))
    if encoding is None:
        raise MLTableError("{}: {}: encoding: {!r} is not one of {}".format(path, name, asked, ", ".join(sorted(ENCODINGS))))
    return encoding
