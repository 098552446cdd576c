"""A parallel step with its files, run as the server runs it."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import unittest

SHIMS = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "shims")

NAMES = """
import os
def run(mini_batch):
    return [os.path.basename(path) for path in mini_batch]
"""


class Step(object):
    """A folder with code and input in which the driver runs."""

    def __init__(self, script, files=10):
        self.root = tempfile.mkdtemp()
        self.code, self.input = os.path.join(self.root, "code"), os.path.join(self.root, "input")
        self.output = os.path.join(self.root, "out.txt")
        os.makedirs(self.code)
        os.makedirs(self.input)
        self.write("code/entry.py", script)
        for number in range(files):
            self.write("input/f{:02d}.txt".format(number), str(number))

    def write(self, path, text):
        path = os.path.join(self.root, path)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)

    def read(self, path):
        with open(os.path.join(self.root, path), encoding="utf-8") as file:
            return file.read()

    def start(self, arguments="", append=True, **settings):
        settings = dict({"entry_script": "entry.py", "mini_batch_size": "2", "concurrency": 2, "max_retries": 0}, **settings)
        request = "\n".join([json.dumps(settings), self.input, self.output if append else "", arguments])
        variables = {name: value for name, value in os.environ.items() if not name.startswith("MLFLOW_")}
        process = subprocess.Popen(
            [sys.executable, "-m", "hagane_parallel"],
            cwd=self.code,
            env=dict(variables, PYTHONPATH=SHIMS, PYTHONUNBUFFERED="1", NOTES=self.root),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            universal_newlines=True,
        )
        process.stdin.write(request)
        process.stdin.close()
        process.stdin = None
        return process

    def run(self, arguments="", append=True, **settings):
        """Exit code and log."""
        process = self.start(arguments, append, **settings)
        log, _ = process.communicate()
        return process.returncode, log

    def rows(self):
        return self.read("out.txt").splitlines()


def names(*numbers):
    return ["f{:02d}.txt".format(number) for number in numbers]


def has_ended(pid):
    """A process whose parent is gone may stay as a zombie where nobody collects those."""
    state = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], stdout=subprocess.PIPE).stdout.strip()
    return state == b"" or state.startswith(b"Z")


class Parallel(unittest.TestCase):
    maxDiff = None

    def step(self, script, files=10):
        step = Step(script, files)
        self.addCleanup(shutil.rmtree, step.root, ignore_errors=True)
        return step

    def succeed(self, step, arguments="", **settings):
        code, log = step.run(arguments, **settings)
        self.assertEqual(code, 0, log)
        return log
