"""An invocation of a batch deployment with its files, run as the server runs it."""

import ast
import json
import os
import shutil
import subprocess
import sys
import tempfile

SHIMS = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "shims")
BATCH_ID = "pr-0123456789abcdef-01ARZ3NDEKTSV4RRFFQ69G5FAV"


class Invocation(object):
    """Folders of code, input, model and outputs; ``state`` stays from try to try."""

    def __init__(self, script=None, model=None):
        self.root = tempfile.mkdtemp()
        self.model = model
        for name in ("code", "input", "score", "report", "state"):
            os.makedirs(self.path(name))
        self.script = script
        if script is not None:
            self.write("code/entry.py", script)

    def path(self, *names):
        return os.path.join(self.root, *names)

    def write(self, path, content):
        path = self.path(path)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as file:
            file.write(content if isinstance(content, bytes) else content.encode("utf-8"))

    def read(self, *names):
        with open(self.path(*names), encoding="utf-8") as file:
            return file.read()

    def run(self, baseline="", **settings):
        """Exit code and log of one try. The outputs of an earlier try are gone, as those of a killed step are."""
        for name in ("score", "report"):
            shutil.rmtree(self.path(name))
            os.makedirs(self.path(name))
        given = {"mini_batch_size": "2", "concurrency": 2, "max_retries": 0, "batch_id": BATCH_ID}
        if self.script is not None:
            given["entry_script"] = "entry.py"
        paths = [self.path("input"), self.path("score"), self.path("report"), self.model or "", baseline]
        request = "\n".join([json.dumps(dict(given, **settings))] + paths) + "\n"
        variables = {name: value for name, value in os.environ.items() if not name.startswith("MLFLOW_")}
        variables.update(PYTHONPATH=SHIMS, PYTHONUNBUFFERED="1", HAGANE_RESUME_FOLDER=self.path("state"))
        process = subprocess.Popen(
            [sys.executable, "-m", "hagane_batch"],
            cwd=self.path("code"),
            env=variables,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            universal_newlines=True,
        )
        log, _ = process.communicate(request, timeout=600)
        return process.returncode, log

    def lines(self, name="predictions.csv"):
        return self.read("score", name).splitlines()

    def predictions(self):
        """The rows as Azure ML's documentation reads them."""
        return [ast.literal_eval(line) for line in self.lines()]

    def errors(self):
        return [json.loads(line) for line in self.read("report", "errors.ndjson").splitlines()]

    def summary(self):
        return json.loads(self.read("report", "summary.json"))

    def remove(self):
        shutil.rmtree(self.root)
