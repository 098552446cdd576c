"""What a parallel step tells: lines in the step's log, files below ``logs/`` and metrics of the run."""

import os
import sys
import time

from .metrics import Metrics

_EVERY_SECONDS = 5
_AT_LEAST_SECONDS = 60
_TRACEBACKS_IN_LOG = 3


class Journal(object):
    def __init__(self, request, total, items):
        self._request = request
        self._total = total
        self._items = items
        self._started = time.monotonic()
        self._told = self._started
        self._ended = 0
        self._shown = 0
        self._outputs = {}
        self._metrics = Metrics(request.metrics_name_prefix)
        os.makedirs("logs/user/error", exist_ok=True)
        os.makedirs("logs/user/stdout", exist_ok=True)
        self._overview = open("logs/job_progress_overview.txt", "a", encoding="utf-8")

    def say(self, text):
        """A line of the runner's own."""
        line = "[parallel] {}\n".format(text)
        sys.stdout.write(line)
        sys.stdout.flush()
        self._overview.write("{} {}".format(time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()), line))
        self._overview.flush()

    def debug(self, text):
        if self._request.is_debug:
            self.say(text)

    def output(self, number, data):
        """What worker ``number`` printed: into its own file as it is, and by whole lines into the step's log."""
        if number not in self._outputs:
            self._outputs[number] = [open("logs/user/stdout/process_{:03d}.txt".format(number), "ab"), b""]
        file, rest = self._outputs[number]
        file.write(data)
        file.flush()
        lines = (rest + data).split(b"\n")
        self._outputs[number][1] = lines.pop()
        self._print(number, lines)

    def output_end(self, number):
        """The worker has ended: a line without an end is printed all the same."""
        rest = self._outputs.get(number, [None, b""])[1]
        if rest:
            self._outputs[number][1] = b""
            self._print(number, [rest])

    def _print(self, number, lines):
        prefix = "[process {}] ".format(number).encode("ascii")
        sys.stdout.flush()
        data = b"".join(prefix + line + b"\n" for line in lines)
        while data:
            data = data[os.write(1, data):]

    def failure(self, batch, error, trace, again):
        """One try of a mini-batch has failed; the traceback goes into a file of its own, the first few also into the log."""
        name = "logs/user/error/mini_batch_{:05d}.txt".format(batch.index)
        with open(name, "a", encoding="utf-8") as file:
            file.write("try {}: {}\n{}\n".format(batch.tries, error, trace or ""))
        next_step = "it is tried again" if again else "it has failed"
        self.say("mini-batch {}, try {}: {}; {} ({})".format(batch.index, batch.tries, error, next_step, name))
        if trace and batch.tries == 1 and self._shown < _TRACEBACKS_IN_LOG:
            self._shown += 1
            for line in trace.rstrip().split("\n"):
                self.say("  " + line)

    def progress(self, counts, at_end=False):
        """A line and the metrics, not more often than every few seconds."""
        now = time.monotonic()
        if not at_end and now - self._told < _EVERY_SECONDS:
            return
        done = counts.done + counts.failed
        if not at_end and done == self._ended and now - self._told < _AT_LEAST_SECONDS:
            return
        self._told, self._ended = now, done
        rate = counts.items / max(0.001, now - self._started)
        if not self._request.is_quiet or at_end:
            self.say(
                "{} of {} mini-batches ended, {} failed; {} of {} items, {:.1f} items/s".format(
                    done, self._total, counts.failed, counts.items, self._items, rate
                )
            )
        self._metrics.log(
            {
                "mini_batches_total": self._total,
                "mini_batches_done": counts.done,
                "mini_batches_failed": counts.failed,
                "items_total": self._items,
                "items_done": counts.items,
                "items_failed": counts.failed_items,
            },
            step=done,
            wait=at_end,
        )
