"""Joins the results of all units in the order of the input, and writes the report."""

import json
import os
import shutil
import time

from . import profile
from .lines import write_lines
from .request import MARK

_MARK = MARK.encode("ascii")


class Report(object):
    """What is known of the whole once all units have ended."""

    def __init__(self, request, units, results):
        self._request = request
        self._units = units
        self._results = results
        self._columns = {}
        self._errors = 0
        self.rows = 0

    def write(self, counts, started):
        """Writes the predictions and the report; returns the report's facts."""
        request = self._request
        os.makedirs(request.report, exist_ok=True)
        appending = request.output_action != "summary_only"
        target = os.path.join(request.score, request.output_file_name) if appending else os.devnull
        os.makedirs(os.path.dirname(target), exist_ok=True)
        with open(target, "wb") as whole, open(os.path.join(request.report, "errors.ndjson"), "w", encoding="utf-8") as errors:
            for unit in self._units:
                self._take(unit, whole, errors)
        facts = self._facts(counts, started)
        self._dump("summary.json", facts)
        self._dump("profile.json", {"version": 1, "columns": self._columns})
        return facts

    def _take(self, unit, whole, errors):
        first = self.rows
        done = self._results.of(unit)
        if done is None:
            self._of_failed(unit, whole, errors)
            return
        if self._request.row_ids and not self._request.is_no_code:
            self._copy_marked(done["path"], whole)
        else:
            with open(done["path"], "rb") as rows:
                shutil.copyfileobj(rows, whole, 1024 * 1024)
        self.rows = first + done["rows"]
        about = _about(done["path"])
        for error in about["errors"]:
            self._error(errors, error)
        profile.add_all(self._columns, about["columns"])

    def _of_failed(self, unit, whole, errors):
        """Nobody could score it: of a model without code every row of the input has its line all the same."""
        message = self._results.problem_of(unit) or "it was not scored"
        for piece in unit.message.get("pieces") or []:
            ids = (self._request.batch_id, piece["first"]) if self._request.row_ids else None
            write_lines(_Text(whole), piece["file"], ["None"] * piece["rows"], ids)
            self.rows += piece["rows"]
            found = {"file": piece["name"], "rows": piece["rows"], "row": piece["first"], "file_row": piece["within"]}
            self._error(errors, dict(found, message=message))
        for path in unit.message.get("files") or []:
            self._error(errors, {"file": os.path.basename(path), "message": message})

    def _copy_marked(self, path, whole):
        with open(path, "rb") as rows:
            parts = rows.read().split(_MARK)
        whole.write(parts[0])
        for at, part in enumerate(parts[1:], self.rows):
            whole.write("{}-{}".format(self._request.batch_id, at).encode("ascii") + part)

    def _error(self, errors, error):
        self._errors += 1
        if self._request.batch_id is not None and "row" in error and error.get("rows") == 1:
            error = dict({"id": "{}-{}".format(self._request.batch_id, error["row"])}, **error)
        errors.write(json.dumps(error) + "\n")

    def _facts(self, counts, started):
        seconds = time.time() - started
        facts = {
            "batch_id": self._request.batch_id,
            "rows": self.rows,
            "mini_batches": {"total": len(self._units), "done": counts.done, "failed": counts.failed},
            "items": {"done": sum(unit.size for unit in self._units) - counts.failed_items, "failed": counts.failed_items},
            "errors": self._errors,
            "seconds": round(seconds, 3),
            "rows_per_second": round(self.rows / max(0.001, seconds), 1),
            "files": self._files(),
            "columns": {name: profile.shown(column) for name, column in self._columns.items()},
        }
        if self._request.baseline is not None:
            with open(self._request.baseline, encoding="utf-8") as file:
                facts["drift"] = profile.drift(json.load(file)["columns"], self._columns)
        return facts

    def _files(self):
        """Which rows came from which file, where that is known."""
        files = {}
        for unit in self._units:
            for piece in unit.message.get("pieces") or []:
                known = files.setdefault(piece["name"], {"first_row": piece["first"], "rows": 0})
                known["rows"] += piece["rows"]
        return files

    def _dump(self, name, value):
        with open(os.path.join(self._request.report, name), "w", encoding="utf-8") as file:
            json.dump(value, file, indent=1)


class _Text(object):
    def __init__(self, file):
        self._file = file

    def write(self, text):
        self._file.write(text.encode("utf-8"))


def _about(path):
    try:
        with open(path + ".about", encoding="utf-8") as file:
            return json.load(file)
    except FileNotFoundError:
        return {"errors": [], "columns": {}}
