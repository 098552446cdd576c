"""Columns out of the paths of files: ``/{year}/{month}/{file}.csv``, ``{when:yyyy/MM/dd}``."""

import re

from .errors import MLTableError

_FIELD = re.compile(r"\{([^{}:]+)(?::([^{}]+))?\}")
_DIGITS = {"yyyy": ("Y", r"\d{4}"), "MM": ("m", r"\d{2}"), "dd": ("d", r"\d{2}"), "HH": ("H", r"\d{2}"),
           "mm": ("M", r"\d{2}"), "ss": ("S", r"\d{2}")}


class PartitionFormat(object):
    """A format that ends a path. Each field is one folder or name, or a date written with yyyy, MM, dd, HH, mm, ss."""

    def __init__(self, text):
        self.names = []
        self._dates = {}
        pattern, at = "", 0
        for index, field in enumerate(_FIELD.finditer(text)):
            pattern += re.escape(text[at:field.start()])
            name, form = field.group(1), field.group(2)
            if name in self.names:
                raise MLTableError("partition_format: {!r} stands twice in {!r}".format(name, text))
            self.names.append(name)
            pattern += "(?P<f{}>{})".format(index, self._date(index, form) if form else "[^/]+?")
            at = field.end()
        if not self.names:
            raise MLTableError("partition_format: {!r} has no {{field}}".format(text))
        pattern += re.escape(text[at:])
        self._pattern = re.compile(("" if text.startswith("/") else "(?:^|/)") + pattern + r"\Z")

    def _date(self, index, form):
        parts = re.split("({})".format("|".join(_DIGITS)), form)
        self._dates[index] = "".join("%" + _DIGITS[part][0] if part in _DIGITS else part for part in parts)
        return "".join(_DIGITS[part][1] if part in _DIGITS else re.escape(part) for part in parts)

    def values(self, path):
        """The fields of a path, None each when the path is written otherwise."""
        import datetime

        found = self._pattern.search(path.replace("\\", "/"))
        if found is None:
            return [None] * len(self.names)
        texts = [found.group("f{}".format(index)) for index in range(len(self.names))]
        try:
            return [
                datetime.datetime.strptime(text, self._dates[index]) if index in self._dates else text
                for index, text in enumerate(texts)
            ]
        except ValueError:
            return [None] * len(self.names)


def format_of(argument):
    """The PartitionFormat of a step's argument."""
    text = argument.get("partition_format") if isinstance(argument, dict) else None
    if not isinstance(text, str):
        raise MLTableError("extract_columns_from_partition_format: partition_format is missing")
    return PartitionFormat(text)


def extract(frame, argument, origin):
    """The frame with one more column for each field."""
    form = format_of(argument)
    by_file = {path: form.values(path) for path in frame[origin].unique()}
    frame = frame.copy()
    for index, name in enumerate(form.names):
        frame[name] = frame[origin].map(lambda path: by_file[path][index])
    return frame
