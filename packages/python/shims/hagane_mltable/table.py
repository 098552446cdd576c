"""An MLTable that was read: its files and its frame."""

import os

from . import steps
from .document import READERS, read_document
from .files import find_files

_PATH_STEPS = ("take", "skip", "sample", "take_random_sample")


class MLTable(object):
    """What the file MLTable of a folder says, done here with pandas; no other package is needed."""

    def __init__(self, folder, document):
        self.folder = folder
        self.document = document

    @property
    def is_tabular(self):
        """Whether it reads tables; without a reader it is a list of files."""
        return any(name in READERS for name, _ in self.document["steps"])

    def paths(self):
        """
        Absolute names of the files, each entry's in order of name; of a list of files those that take, skip and sample leave.
        """
        files = find_files(self.document["paths"], self.folder)
        if self.is_tabular:
            return files
        for name, argument in self.document["steps"]:
            files = _fewer_files(files, name, argument)
        return files

    def to_pandas_dataframe(self):
        """All rows as a frame; of a list of files one row for each with its Path. Throws MLTableError."""
        import pandas

        from .reading import ORIGIN, PATH_COLUMN, read_frame

        done = self.document["steps"]
        files = find_files(self.document["paths"], self.folder)
        reader = next(((name, options) for name, options in done if name in READERS), None)
        if reader is None:
            frame = pandas.DataFrame({PATH_COLUMN: files, ORIGIN: files})
        else:
            frame = read_frame(reader[0], reader[1], files, _text_columns(done))
        for name, argument in done:
            if name not in READERS:
                frame = steps.apply(frame, name, argument, ORIGIN)
        return frame.drop(columns=[ORIGIN]).reset_index(drop=True)


def _text_columns(done):
    """
    Selectors of the columns that a reader leaves as the file's text: those that become a string, a boolean or a date before
    any filter looks at them, so that "007" as a string stays "007".
    """
    found = []
    for name, argument in done:
        if name == "filter":
            break
        if name == "convert_column_types":
            found.extend(columns for columns, kind, _ in steps.conversions(argument) if kind not in ("int", "float"))
    return found


def _fewer_files(files, name, argument):
    if name not in _PATH_STEPS:
        return files
    if name == "take":
        return files[:argument]
    if name == "skip":
        return files[argument:]
    bounds = steps.sample_arguments(argument)
    return [file for row, file in enumerate(files) if steps.is_sampled(row, *bounds)]


def load(folder):
    """The MLTable of a local folder. Throws MLTableError that says what is wrong with it."""
    folder = os.path.abspath(str(folder))
    return MLTable(folder, read_document(folder))
