"""
The request: a line of JSON settings, a line with the input's path, a line with the path that rows are appended to (or an
empty one), and the program arguments up to the end. Paths and arguments come after rendering, so nothing in them is quoted.
"""

import argparse
import json
import os
import shlex

from .errors import ParallelError

IGNORE = -1
_DEFAULTS = {
    "task": "function",
    "entry_script": None,
    "input_type": None,
    "mini_batch_size": None,
    "partition_keys": None,
    "error_threshold": IGNORE,
    "mini_batch_error_threshold": IGNORE,
    "max_retries": 2,
    "timeout": 60,
    "instances": 1,
    "concurrency": None,
    "logging_level": "INFO",
}


class Request(object):
    """All settings as attributes; those among the program arguments win, as the last one given does in Azure ML."""

    def __init__(self, settings, source, append_to, arguments):
        unknown = sorted(set(settings) - set(_DEFAULTS))
        if unknown:
            raise ParallelError("unknown settings: " + ", ".join(unknown))
        self.__dict__.update(_DEFAULTS)
        self.__dict__.update({name: value for name, value in settings.items() if value is not None})
        self.source = source
        self.append_to = append_to or None
        self.arguments = arguments
        self.__dict__.update(_flags(arguments))
        self.workers = _workers(self.instances, self.concurrency)
        self.logging_level = str(self.logging_level).upper()

    def of_worker(self):
        """What a worker is told besides the script and its arguments."""
        return {}

    @property
    def is_debug(self):
        return self.logging_level == "DEBUG"

    @property
    def is_quiet(self):
        return self.logging_level in ("WARNING", "ERROR", "CRITICAL")


def parse(text):
    """The request in a text. Throws ParallelError."""
    lines = text.split("\n", 3)
    if len(lines) < 3:
        raise ParallelError("the request has {} lines, at least 3 are needed".format(len(lines)))
    arguments = lines[3] if len(lines) == 4 else ""
    try:
        words = shlex.split(arguments)
    except ValueError as error:
        raise ParallelError("program_arguments: {}: {}".format(error, arguments.strip()))
    return Request(json.loads(lines[0]), lines[1].strip(), lines[2].strip(), words)


class _Parser(argparse.ArgumentParser):
    def error(self, message):
        raise ParallelError("program_arguments: " + message)


def _flags(arguments):
    """The runner's own flags among the arguments, by the attribute they set. The script sees them too."""
    parser = _Parser(add_help=False, allow_abbrev=False)
    flag = parser.add_argument
    flag("--error_threshold", type=int, default=argparse.SUPPRESS)
    flag("--allowed_failed_count", type=int, dest="mini_batch_error_threshold", default=argparse.SUPPRESS)
    flag("--allowed_failed_percent", type=float, default=None, help="of the mini-batches")
    flag("--task_overhead_timeout", type=float, default=600, help="seconds to read a mini-batch")
    flag("--progress_update_timeout", type=float, default=None, help="seconds without any mini-batch ending")
    flag("--first_task_creation_timeout", type=float, default=600, help="seconds for init()")
    flag("--metrics_name_prefix", default="")
    flag("--logging_level", default=argparse.SUPPRESS)
    for ignored in ("copy_logs_to_parent", "push_metrics_to_parent", "resource_monitor_interval"):
        flag("--" + ignored, nargs="?")
    return vars(parser.parse_known_args(arguments)[0])


def _workers(instances, concurrency):
    """Worker processes in all; without a number as many as there are cores."""
    if concurrency is None:
        return max(1, os.cpu_count() or 1)
    return instances * concurrency
