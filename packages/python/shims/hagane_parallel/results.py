"""
What the mini-batches have produced: a file of rows for each, below one folder. A result is noted only when it is whole, and
is found again by a later process that is given the same folder.
"""

import json
import os


class Results(object):
    def __init__(self, folder):
        self._folder = folder
        self._known = {}
        self._problems = {}
        self._token = "{:x}".format(os.getpid())

    def earlier(self, batches):
        """Mini-batches that another process has done before, with what it said of them."""
        return [(batch, self._known[batch.index]) for batch in batches if self._read(batch)]

    def path(self, batch):
        """Where this try of a mini-batch writes its rows; nobody else writes there."""
        return os.path.join(self._folder, "{}-{}-{}.rows".format(batch.index, self._token, batch.tries))

    def keep(self, batch, facts):
        """The rows of a mini-batch are complete."""
        path = self.path(batch)
        facts = dict(facts, file=os.path.basename(path), size=os.path.getsize(path))
        note = self._note(batch)
        with open(note + ".new", "w", encoding="utf-8") as file:
            json.dump(facts, file)
        os.replace(note + ".new", note)
        self._known[batch.index] = dict(facts, path=path)

    def of(self, batch):
        """What is known of a mini-batch that was done: ``path`` and ``rows``; None of another."""
        return self._known.get(batch.index)

    def failed(self, batch, problem):
        self._problems[batch.index] = problem

    def problem_of(self, batch):
        return self._problems.get(batch.index)

    def paths(self):
        """Files of rows in the order of the input."""
        return [self._known[index]["path"] for index in sorted(self._known)]

    def _note(self, batch):
        return os.path.join(self._folder, "{}.done".format(batch.index))

    def _read(self, batch):
        try:
            with open(self._note(batch), encoding="utf-8") as file:
                facts = json.load(file)
            path = os.path.join(self._folder, facts["file"])
            if os.path.getsize(path) != facts["size"]:
                return False
        except (OSError, ValueError):
            return False  # it was never done, or the machine lost it
        self._known[batch.index] = dict(facts, path=path)
        return True
