"""Entry of a worker process: `python serve.py <endpoint>/<deployment>/<n>`, a socket to the gateway as descriptor 3."""

import os
import sys

# The folder of this file goes last, so that a module of the model's code never meets one of ours.
_here = os.path.dirname(os.path.abspath(__file__))
sys.path[:] = [path for path in sys.path if path and os.path.abspath(path) != _here] + [_here]

from hagane_worker.process import main  # noqa: E402

if __name__ == "__main__":
    main()
