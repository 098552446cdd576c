"""
The request: a line of JSON settings, then one path a line: the input, the output ``score``, the output ``report``, the model
and the profile to compare with; the last two may be empty.
"""

import json
import os

from hagane_parallel.errors import ParallelError
from hagane_parallel.request import Request

# stands for a row's id in what a script's rows are written to, until the numbers of rows are known
MARK = "\0"
_OWN = {
    "model_type": None,
    "model_folder": "model",
    "output_action": "append_row",
    "output_file_name": "predictions.csv",
    "row_ids": False,
    "batch_id": None,
    "largest_unit": 8 * 1024 * 1024,
}


class BatchRequest(Request):
    """Settings of a parallel step, and what a batch deployment says besides."""

    def __init__(self, settings, paths):
        self.__dict__.update(_OWN)
        own = {name: value for name, value in settings.items() if name in _OWN}
        Request.__init__(self, {name: value for name, value in settings.items() if name not in _OWN}, paths[0], None, [])
        self.__dict__.update({name: value for name, value in own.items() if value is not None})
        if self.is_no_code:
            self.task = "batch-model"
        # the nodes of Azure are processes of one machine here, which more workers than cores would only slow down
        self.workers = min(self.workers, max(self.concurrency or 1, os.cpu_count() or 1))
        self.score, self.report, self.model, self.baseline = paths[1], paths[2], paths[3] or None, paths[4] or None

    def of_worker(self):
        return {
            "model": self.model,
            "batch_id": self.batch_id,
            "row_ids": self.row_ids,
            "mark": MARK if self.row_ids else "",
        }

    @property
    def is_no_code(self):
        """An MLflow model without a scoring script."""
        return self.entry_script is None


def parse(text):
    """The request in a text. Throws ParallelError."""
    lines = [line.strip() for line in text.split("\n")]
    if len(lines) < 6:
        raise ParallelError("the request has {} lines, 6 are needed".format(len(lines)))
    return BatchRequest(json.loads(lines[0]), lines[1:6])
