"""
Runs the entry script of a parallel step over the mini-batches of its input, in several worker processes.

Nothing but the standard library is needed; pandas only when the input is a table. ``python -m hagane_parallel`` reads a
request on standard input (see ``request.py``) and ends with 0, with 1 when the step has failed, with 2 for a request that
cannot be carried out.
"""

import os
import sys

if sys.argv[:1] == ["-m"]:
    # the code's folder is for the script alone: a file of its that is called json.py is not for this program
    sys.path[:] = [path for path in sys.path if path not in ("", os.getcwd())]

from .errors import ParallelError  # noqa: E402

__all__ = ["ParallelError"]
