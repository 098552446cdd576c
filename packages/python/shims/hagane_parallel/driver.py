"""Hands the mini-batches to worker processes until all have ended or too many have failed."""

import collections
import os
import selectors
import time

from .errors import ParallelError
from .journal import Journal
from .request import IGNORE
from .worker_process import WorkerProcess

_LOOK_SECONDS = 0.5
_DISMISS_SECONDS = 60


class Counts(object):
    """Of mini-batches, and of the items in those that were done."""

    def __init__(self):
        self.done = 0
        self.failed = 0
        self.items = 0
        self.failed_items = 0


class Driver(object):
    def __init__(self, request, batches, results):
        self._request = request
        self._results = results
        self._total = len(batches)
        earlier = results.earlier(batches)
        done = {batch.index for batch, _ in earlier}
        self._waiting = collections.deque(batch for batch in batches if batch.index not in done)
        self._workers = {}
        self._numbers = list(range(min(request.workers, len(self._waiting))))
        self._selector = selectors.DefaultSelector()
        self._counts = Counts()
        self._failed_inits = 0
        self.first_error = None
        self._progress = time.monotonic()
        self.journal = Journal(request, self._total, sum(batch.size for batch in batches))
        for batch, facts in earlier:
            self._count(batch, facts)

    def run(self):
        """The counts, once all mini-batches have ended. Throws ParallelError (code 1) when it gives up."""
        before = "" if self._counts.done == 0 else ", {} of them done before".format(self._counts.done)
        self.journal.say("{} mini-batches{}, {} worker processes".format(self._total, before, len(self._numbers)))
        try:
            while self._counts.done + self._counts.failed < self._total:
                self._staff()
                self._listen(_LOOK_SECONDS)
                self._check_times()
                self.journal.progress(self._counts)
            self._dismiss()
        finally:
            for worker in list(self._workers.values()):
                worker.kill()
                self._gone(worker)
            self.journal.progress(self._counts, at_end=True)
        return self._counts

    def _staff(self):
        """Every worker that is idle gets a mini-batch; there are as many workers as may be and are needed."""
        for worker in self._workers.values():
            if worker.state == "idle" and self._waiting:
                self._give(worker)
        spare = sum(1 for worker in self._workers.values() if worker.state in ("starting", "idle"))
        for number in self._numbers:
            if spare >= len(self._waiting):
                return
            if number not in self._workers:
                self._hire(number)
                spare += 1

    def _hire(self, number):
        worker = WorkerProcess(number, self._request)
        self._workers[number] = worker
        self._selector.register(worker.report, selectors.EVENT_READ, (worker, self._hear))
        self._selector.register(worker.output, selectors.EVENT_READ, (worker, self._print))

    def _give(self, worker):
        batch = self._waiting.popleft()
        batch.tries += 1
        worker.give(batch, self._results.path(batch))
        self.journal.debug("mini-batch {}: {} items to process {}".format(batch.index, batch.size, worker.number))

    def _listen(self, seconds):
        for key, _ in self._selector.select(seconds):
            worker, act = key.data
            if self._workers.get(worker.number) is worker:
                act(worker)

    def _print(self, worker):
        data = os.read(worker.output, 65536)
        if data:
            self.journal.output(worker.number, data)
        else:
            self._selector.unregister(worker.output)

    def _hear(self, worker):
        messages = worker.hear()
        if messages is None:
            self._lost(worker, "its process ended")
            return
        for message in messages:
            self._act(worker, message)

    def _act(self, worker, message):
        event = message["event"]
        if event == "ready":
            self._failed_inits = 0
            self._progress = time.monotonic()
        elif event == "init-failed":
            worker.told_failure = True
            self._init_failed(message["traceback"])
        elif event == "done":
            batch, worker.batch = worker.batch, None
            self._done(batch, message)
        elif event == "failed":
            batch, worker.batch = worker.batch, None
            self._failed(batch, message["error"], message["traceback"])

    def _done(self, batch, message):
        facts = {name: message[name] for name in ("rows", "failed", "problem") if name in message}
        self._results.keep(batch, facts)
        self._progress = time.monotonic()
        self.journal.debug("mini-batch {}: done, {} rows".format(batch.index, message["rows"]))
        self._count(batch, facts)
        self._check_thresholds()

    def _count(self, batch, facts):
        self._counts.done += 1
        self._counts.items += batch.size
        self._counts.failed_items += facts.get("failed", max(0, batch.size - facts["rows"]))
        self.first_error = self.first_error or facts.get("problem")

    def _failed(self, batch, error, trace=None):
        again = batch.tries <= self._request.max_retries
        # later tries may stumble over what the first left behind
        self.first_error = self.first_error or error
        self.journal.failure(batch, error, trace, again)
        if again:
            self._waiting.append(batch)
            return
        self._results.failed(batch, error)
        self._counts.failed += 1
        self._counts.failed_items += batch.size
        self._progress = time.monotonic()
        self._check_thresholds()

    def _init_failed(self, trace):
        self._failed_inits += 1
        for line in trace.rstrip().split("\n"):
            self.journal.say("  " + line)
        if self._failed_inits > self._request.max_retries:
            raise ParallelError(
                "the entry script cannot be started: {}".format(trace.rstrip().split("\n")[-1]), code=1
            )

    def _lost(self, worker, why):
        """A worker is gone, with or without our doing: what it was at is tried again by another one."""
        was, batch = worker.state, worker.batch
        how = self._gone(worker)
        if batch is not None:
            self._failed(batch, "{} ({})".format(why, how))
        elif was == "starting" and not worker.told_failure:
            self._init_failed("{} during init() ({})".format(why, how))

    def _gone(self, worker):
        del self._workers[worker.number]
        for descriptor in (worker.report, worker.output):
            if descriptor in self._selector.get_map():
                self._selector.unregister(descriptor)
        self._drain(worker)
        self.journal.output_end(worker.number)
        return worker.end()

    def _drain(self, worker):
        """What a worker that has ended printed last; a child of its that lives on is not waited for."""
        os.set_blocking(worker.output, False)
        try:
            for data in iter(lambda: os.read(worker.output, 65536), b""):
                self.journal.output(worker.number, data)
        except BlockingIOError:
            pass

    def _check_times(self):
        limits = {
            "starting": (self._request.first_task_creation_timeout, "init()"),
            "loading": (self._request.task_overhead_timeout, "reading the mini-batch"),
            "running": (self._request.timeout, "run()"),
        }
        now = time.monotonic()
        for worker in list(self._workers.values()):
            seconds, what = limits.get(worker.state, (None, ""))
            if seconds is not None and now - worker.since > seconds:
                worker.kill()
                self._lost(worker, "{} took more than {:g} s".format(what, seconds))
        limit = self._request.progress_update_timeout
        if limit is not None and now - self._progress > limit:
            raise ParallelError("no mini-batch ended within {:g} s (progress_update_timeout)".format(limit), code=1)

    def _check_thresholds(self):
        counts, request = self._counts, self._request
        percent = 100.0 * counts.failed / self._total
        for failed, limit, what in (
            (counts.failed, request.mini_batch_error_threshold, "mini-batches failed: mini_batch_error_threshold is {}"),
            (counts.failed_items, request.error_threshold, "items failed: error_threshold is {}"),
        ):
            if limit != IGNORE and failed > limit:
                raise self._too_many("{} {}".format(failed, what.format(limit)))
        allowed = request.allowed_failed_percent
        if allowed is not None and percent > allowed:
            raise self._too_many(
                "{:.0f} % of the mini-batches failed: allowed_failed_percent is {:g}".format(percent, allowed)
            )

    def _too_many(self, what):
        first = "" if self.first_error is None else "; the first error: {}".format(self.first_error)
        return ParallelError(what + first, code=1)

    def _dismiss(self):
        """Lets the workers end by themselves, so that what they still have to write is written."""
        for worker in self._workers.values():
            worker.dismiss()
        deadline = time.monotonic() + _DISMISS_SECONDS
        while self._workers and time.monotonic() < deadline:
            self._listen(_LOOK_SECONDS)
        if self._counts.failed and not self._counts.done:
            self.journal.say("WARNING: every mini-batch has failed, and the thresholds ignore it")
