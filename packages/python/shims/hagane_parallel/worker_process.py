"""The driver's side of a worker process."""

import json
import os
import subprocess
import sys
import time

from .processes import kill_tree


class WorkerProcess(object):
    """A running worker. ``state`` is starting, idle, loading or running; ``since`` is when it became that (monotonic)."""

    def __init__(self, number, request):
        hears, self._control = os.pipe()
        self.report, speaks = os.pipe()
        self.number = number
        self.batch = None
        self.told_failure = False
        self._rest = b""
        self._process = subprocess.Popen(
            [sys.executable, "-m", "hagane_parallel.worker", str(hears), str(speaks)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            pass_fds=(hears, speaks),
            env=dict(os.environ, AZUREML_PROCESS_NAME="process_{}".format(number)),
        )
        os.close(hears)
        os.close(speaks)
        self.output = self._process.stdout.fileno()
        self._become("starting")
        task = {"task": request.task, "entry_script": request.entry_script, "arguments": request.arguments}
        self._send(dict(task, settings=request.of_worker()))

    def _become(self, state):
        self.state = state
        self.since = time.monotonic()

    def _send(self, message):
        data = json.dumps(message).encode("utf-8") + b"\n"
        try:
            while data:
                data = data[os.write(self._control, data):]
        except BrokenPipeError:
            pass  # it has ended, which its report says at once

    def give(self, batch, rows):
        """Has it run a mini-batch, and write its rows to a file."""
        self.batch = batch
        self._become("loading")
        self._send(dict(batch.message, rows=rows))

    def hear(self):
        """Messages that have arrived; None when the worker has ended."""
        data = os.read(self.report, 65536)
        if not data:
            return None
        lines = (self._rest + data).split(b"\n")
        self._rest = lines.pop()
        messages = [json.loads(line.decode("utf-8")) for line in lines]
        for message in messages:
            if message["event"] == "running":
                self._become("running")
            elif message["event"] in ("ready", "done", "failed"):
                self._become("idle")
        return messages

    def dismiss(self):
        """Nothing more will come: it ends by itself."""
        if self._control is not None:
            os.close(self._control)
            self._control = None

    def kill(self):
        kill_tree(self._process.pid)

    def end(self):
        """Waits for its end and answers how it ended, in words."""
        code = self._process.wait()
        self.dismiss()
        os.close(self.report)
        self._process.stdout.close()
        return "signal {}".format(-code) if code < 0 else "exit code {}".format(code)
