"""The driver of parallel steps: real worker processes over real files and tables."""

import importlib.util
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest

SHIMS = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "shims")
HAS_PANDAS = importlib.util.find_spec("pandas") is not None

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


class Files(Parallel):
    def test_rows_come_in_the_order_of_the_input_once_for_each_file(self):
        step = self.step(NAMES)
        log = self.succeed(step, mini_batch_size="3")
        self.assertEqual(step.rows(), names(*range(10)))
        self.assertIn("[parallel] 4 mini-batches, 2 worker processes\n", log)
        self.assertIn("4 of 4 mini-batches ended, 0 failed; 10 of 10 items", log)

    def test_init_runs_once_in_each_worker_in_the_folder_of_the_code(self):
        step = self.step("""
import os, sys, time
import beside
def init():
    print("init", os.path.basename(os.getcwd()), beside.x, sys.argv)
def run(mini_batch):
    time.sleep(0.05)
    return mini_batch
""")
        step.write("code/beside.py", "x = 7")
        log = self.succeed(step, "--model 'a b' --error_threshold 3 --unknown 1")
        expected = "init code 7 ['entry.py', '--model', 'a b', '--error_threshold', '3', '--unknown', '1']"
        self.assertEqual(sorted(re.findall(r"\[process \d\] init.*", log)), ["[process 0] " + expected, "[process 1] " + expected])
        self.assertEqual(step.read("code/logs/user/stdout/process_000.txt"), expected + "\n")

    def test_a_script_in_a_folder_of_the_code_finds_what_lies_beside_it_and_modules_of_that_name_do_not_disturb_the_driver(self):
        step = self.step("")
        step.write("code/src/main.py", "import own\ndef run(mini_batch):\n    return [own.x for _ in mini_batch]")
        step.write("code/src/own.py", "x = 'found'")
        step.write("code/json.py", "raise Exception('not for the driver')")
        self.succeed(step, entry_script="src/main.py")
        self.assertEqual(step.rows(), ["found"] * 10)

    def test_results_may_be_lists_tuples_or_generators_and_items_are_printed_as_python_does(self):
        step = self.step("""
def run(mini_batch):
    number = int(open(mini_batch[0]).read())
    if number == 0: return [["f", 1], {"a": None}]
    if number == 2: return ("雪", 1.5)
    return (item is not None for item in mini_batch)
""", files=6)
        self.succeed(step)
        self.assertEqual(step.rows(), ["['f', 1]", "{'a': None}", "雪", "1.5", "True", "True"])

    def test_a_result_that_is_no_list_fails_the_mini_batch_and_says_so(self):
        step = self.step("def run(mini_batch): return 'text'", files=2)
        code, log = step.run(mini_batch_error_threshold=0)
        self.assertEqual(code, 1)
        self.assertIn("run() returned str; it has to return a list or a DataFrame", log)
        self.assertIn("ERROR: 1 mini-batches failed: mini_batch_error_threshold is 0", log)

    def test_the_context_is_given_to_a_run_that_takes_it(self):
        step = self.step("""
def run(mini_batch, mini_batch_context):
    return [(mini_batch_context.minibatch_index, mini_batch_context.partition_key_value)] * len(mini_batch)
""", files=4)
        self.succeed(step)
        self.assertEqual(step.rows(), ["(0, None)"] * 2 + ["(1, None)"] * 2)

    def test_an_empty_input_leaves_an_empty_file(self):
        step = self.step(NAMES, files=0)
        self.assertIn("there is nothing to do", self.succeed(step))
        self.assertEqual(step.rows(), [])

    def test_an_output_that_is_a_folder_gets_the_name_of_azure(self):
        step = self.step(NAMES, files=1)
        step.output = os.path.join(step.root, "folder")
        os.makedirs(step.output)
        self.succeed(step)
        self.assertEqual(step.read("folder/parallel_run_step.txt"), "f00.txt\n")

    def test_wrong_requests_are_refused_with_what_to_do(self):
        step = self.step(NAMES)
        for arguments, settings, says in (
            ("", {"mini_batch_size": "10kb"}, "is no count of files"),
            ("", {"mini_batch_size": "many"}, "'many' is no size"),
            ("", {"partition_keys": ["a"]}, "partition_keys need an input of type mltable"),
            ("--error_threshold x", {}, "argument --error_threshold: invalid int value: 'x'"),
            ("--name 'open", {}, "program_arguments: No closing quotation"),
        ):
            code, log = step.run(arguments, **settings)
            self.assertEqual((code, says in log), (2, True), log)
            self.assertNotIn("Traceback", log)


FAILING = """
import os
def run(mini_batch):
    if any(os.path.basename(path) in ("f02.txt", "f06.txt") for path in mini_batch):
        raise ValueError("no good: %s" % os.path.basename(mini_batch[0]))
    return mini_batch
"""

# the first try of the mini-batch with f02 ends as `how` says, the second is fine
ONCE = """
import os, signal, sys, time
def run(mini_batch):
    note = os.path.join(os.environ["NOTES"], "tried")
    if mini_batch[0].endswith("f02.txt") and not os.path.exists(note):
        open(note, "w").close()
        {how}
    return [os.path.basename(path) for path in mini_batch]
"""


class Failures(Parallel):
    def test_are_ignored_by_default_but_kept_with_their_traceback(self):
        step = self.step(FAILING)
        log = self.succeed(step)
        self.assertEqual(len(step.rows()), 6)
        self.assertIn("5 of 5 mini-batches ended, 2 failed", log)
        kept = step.read("code/logs/user/error/mini_batch_00001.txt")
        self.assertIn("ValueError: no good: f02.txt", kept)
        self.assertIn("entry.py", kept)
        self.assertNotIn("hagane_parallel", kept)

    def test_more_than_the_thresholds_end_the_step(self):
        for arguments, settings, code in (
            ("", {"mini_batch_error_threshold": 2}, 0),
            ("", {"mini_batch_error_threshold": 1}, 1),
            ("", {"error_threshold": 4}, 0),
            ("", {"error_threshold": 3}, 1),
            ("--error_threshold 3", {"error_threshold": 4}, 1),
            ("--allowed_failed_percent 40", {}, 0),
            ("--allowed_failed_percent 39", {}, 1),
            ("--allowed_failed_count 1", {"mini_batch_error_threshold": 5}, 1),
        ):
            got, log = self.step(FAILING).run(arguments, **settings)
            self.assertEqual(got, code, (arguments, settings, log))

    def test_fewer_rows_than_items_count_as_failed_items(self):
        step = self.step("def run(mini_batch): return mini_batch[1:]")
        self.assertEqual(step.run(error_threshold=4)[0], 1)
        self.assertEqual(step.run(error_threshold=5)[0], 0)
        self.assertEqual(step.run(error_threshold=-1)[0], 0)

    def test_are_tried_again_and_rows_come_once(self):
        for how in (
            "raise ValueError('once')",
            "sys.exit(3)",
            "os._exit(4)",
            "os.kill(os.getpid(), signal.SIGKILL)",
            "time.sleep(1000)",
            "os.system('sleep 1000')",
        ):
            step = self.step(ONCE.format(how=how))
            log = self.succeed(step, max_retries=1, timeout=1, mini_batch_error_threshold=0)
            self.assertEqual(step.rows(), names(*range(10)), how)
            self.assertIn("mini-batch 1, try 1: ", log)
            self.assertIn("it is tried again", log)

    def test_a_worker_that_is_killed_is_named(self):
        step = self.step(ONCE.format(how="os.kill(os.getpid(), signal.SIGKILL)"))
        self.assertIn("its process ended (signal 9)", self.succeed(step, max_retries=1))

    def test_a_run_that_takes_too_long_is_named_and_ended_with_its_children(self):
        step = self.step("""
import os, subprocess
def run(mini_batch):
    child = subprocess.Popen(["sleep", "1000"])
    with open(os.path.join(os.environ["NOTES"], "child"), "w") as file: file.write(str(child.pid))
    child.wait()
""", files=1)
        code, log = step.run(timeout=1, mini_batch_error_threshold=0)
        self.assertEqual(code, 1)
        self.assertIn("run() took more than 1 s", log)
        self.assertTrue(has_ended(int(step.read("child"))))

    def test_an_init_that_fails_ends_the_step_with_its_traceback(self):
        step = self.step("def init(): raise KeyError('model')\ndef run(mini_batch): return mini_batch")
        code, log = step.run(max_retries=1)
        self.assertEqual(code, 1)
        self.assertIn("ERROR: the entry script cannot be started: KeyError: 'model'", log)
        self.assertIn("entry.py", log)

    def test_an_entry_script_that_is_not_there_or_has_no_run_is_named(self):
        self.assertIn("there is no none.py in the code", self.step(NAMES).run(entry_script="none.py")[1])
        self.assertIn("defines no function run(mini_batch)", self.step("x = 1").run()[1])

    def test_a_stop_ends_the_workers_too(self):
        step = self.step("""
import os, time
def run(mini_batch):
    with open(os.path.join(os.environ["NOTES"], "pid"), "w") as file: file.write(str(os.getpid()) + "\\n")
    time.sleep(1000)
""", files=1)
        process = step.start(timeout=900)
        path = os.path.join(step.root, "pid")
        while not (os.path.exists(path) and step.read("pid").endswith("\n")):
            time.sleep(0.02)
        process.send_signal(signal.SIGTERM)
        process.communicate()
        self.assertEqual(process.returncode, 143)
        self.assertTrue(has_ended(int(step.read("pid"))))

    def test_nothing_is_logged_as_a_metric_without_a_server_and_that_is_no_failure(self):
        self.assertNotIn("metrics could not be logged", self.succeed(self.step(NAMES)))


@unittest.skipUnless(HAS_PANDAS, "the interpreter has no pandas")
class Tables(Parallel):
    def table(self, script, rows, more=""):
        step = self.step(script, files=0)
        step.write("input/MLTable", "paths:\n  - file: ./a.csv\ntransformations:\n  - read_delimited: {delimiter: ','}\n" + more)
        step.write("input/a.csv", "key,name,value\n" + "".join("{},{},{}\n".format(i % 3, "ab"[i % 2], i) for i in range(rows)))
        return step

    def test_are_cut_by_bytes_and_frames_are_appended_with_blanks_and_no_header(self):
        step = self.table("""
def run(mini_batch, context):
    mini_batch["first"] = context.global_row_index_lower_bound
    return mini_batch
""", 20)
        size = os.path.getsize(os.path.join(step.input, "a.csv"))
        self.succeed(step, mini_batch_size="{}b".format((size + 1) // 2))
        expected = ["{} {} {} {}".format(i % 3, "ab"[i % 2], i, i // 10 * 10) for i in range(20)]
        self.assertEqual(step.rows(), expected)

    def test_are_cut_by_keys_whose_values_the_script_is_told(self):
        step = self.table("""
def run(mini_batch, context):
    return [(context.partition_key_value, sorted(mini_batch.value))]
""", 6)
        self.succeed(step, partition_keys=["key", "name"])
        self.assertEqual(step.rows()[0], "({'key': 0, 'name': 'a'}, [0])")
        self.assertEqual(len(step.rows()), 6)

    def test_a_key_that_is_no_column_is_named(self):
        code, log = self.table(NAMES, 3).run(partition_keys=["kee"])
        self.assertEqual(code, 2)
        self.assertIn("the input has no kee; its columns are key, name, value", log)

    def test_without_a_reader_are_lists_of_files(self):
        step = self.table(NAMES, 1)
        step.write("input/MLTable", "paths:\n  - pattern: ./*.csv\n")
        step.write("input/b.csv", "")
        self.succeed(step)
        self.assertEqual(step.rows(), ["a.csv", "b.csv"])

    def test_are_read_as_files_when_the_input_says_so(self):
        step = self.table(NAMES, 1)
        self.succeed(step, input_type="uri_folder")
        self.assertEqual(step.rows(), ["MLTable", "a.csv"])


if __name__ == "__main__":
    unittest.main()
