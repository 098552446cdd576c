"""``python -m hagane_parallel``: reads a request on standard input and carries it out in the current folder."""

import os
import shutil
import signal
import sys
import tempfile

from hagane_parallel.batches import cut
from hagane_parallel.driver import Driver
from hagane_parallel.errors import ParallelError
from hagane_parallel.request import parse
from hagane_parallel.results import Results

_OWN_NAME = "parallel_run_step.txt"


def main():
    signal.signal(signal.SIGTERM, lambda number, _frame: sys.exit(128 + number))
    request = parse(sys.stdin.read())
    state = tempfile.mkdtemp(prefix="hagane-parallel-")
    try:
        parts = []
        batches = cut(request, state)
        if batches:
            results = Results(state)
            Driver(request, batches, results).run()
            parts = results.paths()
        else:
            print("[parallel] the input is empty: there is nothing to do")
        if request.append_to is not None:
            append(parts, request.append_to)
    finally:
        shutil.rmtree(state, ignore_errors=True)


def append(parts, target):
    """Writes the rows of all mini-batches to a file, in the order of the input; into a folder under Azure ML's name."""
    path = os.path.join(target, _OWN_NAME) if os.path.isdir(target) else target
    with open(path, "wb") as whole:
        for part in parts:
            with open(part, "rb") as rows:
                shutil.copyfileobj(rows, whole)


if __name__ == "__main__":
    try:
        main()
    except ParallelError as error:
        print("[parallel] ERROR: {}".format(error), flush=True)
        sys.exit(error.code)
