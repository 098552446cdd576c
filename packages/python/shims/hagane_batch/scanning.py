"""
Where rows lie in a file, without reading it into memory: lines are counted block by block, and a part ends at the end of a
line that is not inside quotes. A table in columns (Parquet) tells it in its footer.
"""

import json
import os
import re

_BLOCK = 2 * 1024 * 1024
_BOM = b"\xef\xbb\xbf"


def scan(path, kind, largest):
    """
    Parts of a file, each of about ``largest`` bytes: ``rows``, ``within`` (number of the first row in the file), ``bytes``
    and, for text, ``start`` and ``end`` with the ``header`` to put before it. Throws ValueError for a file that cannot be read.
    """
    if kind == "image":
        return [{"rows": 1, "within": 0, "bytes": os.path.getsize(path)}]
    if kind == "parquet":
        return _of_parquet(path, largest)
    if kind == "json":
        return _of_json(path)
    return _of_text(path, largest, quotes=kind != "lines", has_header=kind != "lines")


def _of_parquet(path, largest):
    import pyarrow.parquet

    meta = pyarrow.parquet.ParquetFile(path).metadata
    parts, within = [], 0
    for group in range(meta.num_row_groups):
        rows, size = meta.row_group(group).num_rows, meta.row_group(group).total_byte_size
        if parts and parts[-1]["bytes"] + size <= largest:
            parts[-1]["rows"] += rows
            parts[-1]["bytes"] += size
            parts[-1]["groups"].append(group)
        else:
            parts.append({"rows": rows, "within": within, "bytes": size, "groups": [group]})
        within += rows
    return parts or [{"rows": 0, "within": 0, "bytes": 0, "groups": []}]


def _of_json(path):
    """A whole document: a list of records, or MLflow's and Azure's forms of a table."""
    with open(path, "r", encoding="utf-8-sig") as file:
        text = file.read()
    rows = len(rows_of_json(json.loads(text)))
    return [{"rows": rows, "within": 0, "bytes": len(text)}]


def rows_of_json(document):
    """Records or lists of cells in a JSON document. Throws ValueError for one that holds no table."""
    if isinstance(document, dict):
        for key in ("dataframe_split", "input_data"):
            document = document.get(key, document) if isinstance(document, dict) else document
        for key in ("dataframe_records", "instances", "inputs"):
            document = document.get(key, document) if isinstance(document, dict) else document
    if isinstance(document, dict) and "columns" in document and "data" in document:
        return [dict(zip(document["columns"], row)) for row in document["data"]]
    if isinstance(document, dict) and document and all(isinstance(column, list) for column in document.values()):
        return [dict(zip(document, row)) for row in zip(*document.values())]
    if isinstance(document, dict):
        return [document]
    if isinstance(document, list):
        return document
    raise ValueError("the JSON holds no table; write a list of records")


class _Text(object):
    """Reads a file forward, and knows where its lines end."""

    def __init__(self, path, quotes):
        self.size = os.path.getsize(path)
        self._file = open(path, "rb")
        self._quotes = quotes
        self.inside = False
        self._begins_line = True

    def close(self):
        self._file.close()

    def block(self, position):
        self._file.seek(position)
        return self._file.read(_BLOCK)

    def count(self, data):
        """Rows that end in the data: ends of lines that are not empty, outside of quotes."""
        if not self._quotes or (not self.inside and b'"' not in data):
            found = data.count(b"\n") - _empty_lines(data, self._begins_line)
        else:
            found = 0
            for at, part in enumerate(data.split(b'"')):
                if at > 0:
                    self.inside = not self.inside
                if not self.inside:
                    found += part.count(b"\n") - _empty_lines(part, at == 0 and self._begins_line)
        self._begins_line = data[-1:] == b"\n" and not self.inside
        return found

    def end_of_line(self, data, position):
        """Bytes up to and with the last end of a line outside of quotes; 0 when there is none. State is that before the data."""
        at = len(data)
        if not self._quotes or (not self.inside and b'"' not in data):
            return data.rfind(b"\n") + 1
        inside_at_end = self.inside ^ (data.count(b'"') % 2 == 1)
        while at > 0:
            line, quote = data.rfind(b"\n", 0, at), data.rfind(b'"', 0, at)
            if not inside_at_end and line > quote:
                return line + 1
            if quote < 0:
                return 0
            inside_at_end = not inside_at_end
            at = quote
        return 0


_EMPTY = re.compile(rb"\n\r?\n")


def _empty_lines(data, begins_line):
    """Lines without anything in them, which pandas leaves out."""
    at_once = begins_line and data[:1] in (b"\n", b"\r")
    if not at_once and _EMPTY.search(data) is None:
        return 0
    lines = data.split(b"\n")
    return sum(1 for line in (lines[:-1] if begins_line else lines[1:-1]) if line in (b"", b"\r"))


def _of_text(path, largest, quotes, has_header):
    text = _Text(path, quotes)
    try:
        start, header = _header_of(text) if has_header else (len(_BOM) if text.block(0)[:3] == _BOM else 0, b"")
        return list(_parts_of(text, start, header.decode("utf-8"), largest))
    finally:
        text.close()


def _header_of(text):
    """Where the first row begins, and the line before it."""
    data = text.block(0)
    at = 0
    inside = False
    begin = len(_BOM) if data[:3] == _BOM else 0
    while True:
        line, quote = data.find(b"\n", at), data.find(b'"', at)
        if line < 0 and quote < 0:
            if len(data) < text.size and len(data) >= _BLOCK:
                raise ValueError("its first line is longer than {} bytes".format(_BLOCK))
            return text.size, data[begin:] + b"\n"
        if quote >= 0 and (quote < line or line < 0):
            inside, at = not inside, quote + 1
        elif inside:
            at = line + 1
        elif data[begin:line].strip() == b"":
            begin = at = line + 1
        else:
            return line + 1, data[begin:line + 1]


def _parts_of(text, start, header, largest):
    part, within = start, 0
    rows, position = 0, start
    while position < text.size:
        data = text.block(position)
        if position + len(data) >= text.size:
            rows += _last_rows(text, data)
            position = text.size
        else:
            whole = text.end_of_line(data, position)
            if whole == 0:
                whole = len(data)
            rows += text.count(data[:whole])
            position += whole
        if position - part >= largest or position == text.size:
            yield {"rows": rows, "within": within, "bytes": position - part, "start": part, "end": position, "header": header}
            part, within, rows = position, within + rows, 0
    if start >= text.size:
        yield {"rows": 0, "within": 0, "bytes": 0, "start": start, "end": start, "header": header}


def _last_rows(text, data):
    """Rows of the last block, whose last line may have no end."""
    open_end = data[-1:] != b"\n"
    return text.count(data + b"\n" if open_end else data)
