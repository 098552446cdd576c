"""
Carries out one invocation of a batch deployment: the input is cut into units of work, worker processes score them, and the
results are joined in the order of the input.

``python -m hagane_batch`` reads a request on standard input (see ``request.py``). A unit that was done stays done: its
result lies in the folder ``HAGANE_RESUME_FOLDER``, where the next try of a step that was killed finds it. The driver needs
the standard library alone; a worker needs what its model needs.
"""

import os
import sys

if sys.argv[:1] == ["-m"]:
    # the code's folder is for the scoring script alone: a file of its that is called json.py is not for this program
    sys.path[:] = [path for path in sys.path if path not in ("", os.getcwd())]
