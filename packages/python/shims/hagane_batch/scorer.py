"""Scores units of work with an MLflow model that has no code beside it: reads, checks, predicts and writes a line for each row."""

import json

from hagane_parallel.model_entry import model_folder

from . import lines, profile
from .columns import fields_of, fitted
from .predicting import Predictor
from .reading import Unreadable, image, read

_MOST_ERRORS = 1000


class Scorer(object):
    """What a worker process calls; ``settings`` are those of the request that concern it."""

    def __init__(self, settings):
        self._settings = settings
        self._ids = settings["batch_id"] if settings["row_ids"] else None

    def init(self):
        import mlflow.pyfunc

        # the environment is made of the model's own requirements, which need not be compared with it again
        model = mlflow.pyfunc.load_model(model_folder(self._settings["model"]), suppress_warnings=True)
        self._columns = fields_of(model.metadata)
        self._predictor = Predictor(model.predict)

    def shutdown(self):
        pass

    def process(self, message, beat):
        """Writes the rows of a unit to ``message["rows"]``, and beside it what was wrong and what the columns look like."""
        unit = _Unit(message["rows"])
        beat()
        with open(unit.path, "w", encoding="utf-8", newline="") as file:
            for piece in message.get("pieces") or [_piece_of_frame(message)]:
                self._score(piece, unit, file, beat)
        unit.close()
        return {"rows": unit.rows, "failed": unit.failed, "problem": unit.problem}

    def _score(self, piece, unit, file, beat):
        texts = self._texts(piece, unit, beat)
        lines.write_lines(file, piece["file"], texts, None if self._ids is None else (self._ids, piece["first"]))
        unit.rows += len(texts)

    def _texts(self, piece, unit, beat):
        if piece.get("refused"):
            return unit.refuse(piece, piece["refused"])
        if piece["kind"] == "image":
            return self._of_image(piece, unit)
        try:
            frame, bad = _table_of(piece, self._columns)
        except Unreadable as error:
            return unit.refuse(piece, "Error processing input file: {!r}: {}".format(piece["name"], error))
        unit.profile(profile.of_frame(frame))
        texts = ["None"] * len(frame)
        good = [row for row in range(len(frame)) if row not in bad] if bad else None
        ready = frame if good is None else frame.iloc[good]
        for start, found, values in self._predictor.predictions(ready, beat):
            if isinstance(found, str):
                for at in range(start, start + values):
                    bad[at if good is None else good[at]] = found
                continue
            if good is None:
                texts[start:start + len(found)] = found
            else:
                for at, text in enumerate(found, start):
                    texts[good[at]] = text
            unit.profile_predictions(values)
        unit.rows_failed(piece, bad)
        return texts

    def _of_image(self, piece, unit):
        try:
            found = self._predictor.one(image(piece)[None])
            return lines.cells_of(found, 1)
        except Exception as error:
            return unit.refuse(piece, "{}: {}".format(type(error).__name__, error))


def _table_of(piece, columns):
    """The frame to predict, and rows of it that cannot be."""
    frame, bad = (piece["frame"], {}) if piece["kind"] == "frame" else read(piece, columns)
    if columns is not None:
        frame, more = fitted(frame, columns)
        bad.update((row, message) for row, message in more.items() if row not in bad)
    return frame, bad


def _piece_of_frame(message):
    """A mini-batch of an MLTable, which was read already."""
    import pandas

    frame = pandas.read_pickle(message["frame"])
    first = message["context"]["global_row_index_lower_bound"] or 0
    common = {"file": "MLTable", "name": "MLTable", "kind": "frame", "first": first, "within": first}
    return dict(common, rows=len(frame), frame=frame)


class _Unit(object):
    """The result of a unit while it is made."""

    def __init__(self, path):
        self.path = path
        self.rows = 0
        self.failed = 0
        self.problem = None
        self._errors = []
        self._columns = {}

    def refuse(self, piece, message):
        """Nothing of a piece can be predicted; its rows get no prediction."""
        self.failed += max(1, piece["rows"])
        self._error(piece, 0, piece["rows"], message)
        return ["None"] * piece["rows"]

    def rows_failed(self, piece, bad):
        self.failed += len(bad)
        for row in sorted(bad)[:_MOST_ERRORS]:
            self._error(piece, row, 1, bad[row])
        if len(bad) > _MOST_ERRORS:
            message = "{} more rows of this part of the file failed".format(len(bad) - _MOST_ERRORS)
            self._error(piece, None, len(bad) - _MOST_ERRORS, message)

    def _error(self, piece, row, rows, message):
        self.problem = self.problem or message
        found = {"file": piece["name"], "rows": rows, "message": message[:2000]}
        if row is not None:
            found.update(row=piece["first"] + row, file_row=piece["within"] + row)
        self._errors.append(found)

    def profile(self, columns):
        profile.add_all(self._columns, columns)

    def profile_predictions(self, values):
        try:
            profile.add_all(self._columns, {"prediction": profile.of_column(values)})
        except Exception:  # answers that are no column, such as vectors, have no profile
            pass

    def close(self):
        with open(self.path + ".about", "w", encoding="utf-8") as file:
            json.dump({"errors": self._errors, "columns": self._columns}, file)
