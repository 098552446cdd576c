"""The files that the paths of an MLTable name, in lexicographic order."""

import os
import pathlib
import re
import tempfile
from urllib.parse import unquote, urlsplit

from .errors import MLTableError

_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]+)://")


def find_files(paths, folder):
    """Absolute names of all files, entry by entry, each entry's in order of name. Throws MLTableError for what is not there."""
    found = []
    for entry in paths:
        (kind, value), = entry.items()
        found.extend(_files_of(kind, str(value), folder))
    return found


def _files_of(kind, value, folder):
    scheme = _SCHEME.match(value)
    if scheme is not None and scheme.group(1) != "file":
        return [_fetched(kind, value, scheme.group(1))]
    path = unquote(urlsplit(value).path) if scheme is not None else value
    full = os.path.normpath(os.path.join(folder, path))
    if kind == "pattern":
        found = _matching(full, folder)
        if not found:
            raise MLTableError("MLTable: no file matches the pattern {!r} below {}".format(value, folder))
        return found
    # some MLTable files name a folder as `file`
    if os.path.isdir(full):
        return _below(full, folder)
    if kind == "folder" or not os.path.isfile(full):
        raise MLTableError("MLTable: no {} {!r} below {}".format(kind, value, folder))
    return [full]


def _below(top, folder):
    own = os.path.join(folder, "MLTable")
    names = [os.path.join(at, name) for at, _, files in os.walk(top) for name in files]
    return sorted((name for name in names if name != own), key=_in_order)


def _in_order(path):
    """By code point of the whole path with forward slashes, as object stores list."""
    return path.replace(os.sep, "/")


def _matching(full, folder):
    fixed = re.split(r"[*?\[]", full, maxsplit=1)[0]
    top = fixed if os.path.isdir(fixed) else os.path.dirname(fixed)
    pattern = re.compile(glob_to_regex(full.replace(os.sep, "/")))
    return [path for path in _below(top, folder) if pattern.match(_in_order(path))]


def glob_to_regex(glob):
    """`*` and `?` stay within a name, `**/` is any number of folders, also none."""
    out, at = "", 0
    while at < len(glob):
        if glob.startswith("**/", at):
            out, at = out + "(?:[^/]+/)*", at + 3
        elif glob.startswith("**", at):
            out, at = out + ".*", at + 2
        elif glob[at] == "*":
            out, at = out + "[^/]*", at + 1
        elif glob[at] == "?":
            out, at = out + "[^/]", at + 1
        else:
            out, at = out + re.escape(glob[at]), at + 1
    return out + r"\Z"


def _fetched(kind, uri, scheme):
    if kind != "file" or scheme not in ("http", "https"):
        raise MLTableError(
            "MLTable: {}: {!r} lies elsewhere, and only files with https:// are fetched. "
            "Give the path relative to the MLTable file, or make the data an input of the job".format(kind, uri)
        )
    from urllib.request import urlretrieve  # here, since most tables never need it and it takes long to import

    target = os.path.join(tempfile.mkdtemp(prefix="mltable-"), os.path.basename(urlsplit(uri).path) or "file")
    urlretrieve(uri, target)
    return target


def to_uri(path):
    """`file://…` of a local path, as Azure's package prints it."""
    return pathlib.Path(os.path.abspath(path)).as_uri()
