"""Scripts, files and workers that fail, under the driver of parallel steps."""

import os
import signal
import time

from parallel_step import NAMES, Parallel, has_ended, names


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
            # on a busy machine others may take too long as well, and are tried again too
            log = self.succeed(step, max_retries=9, timeout=1, mini_batch_error_threshold=0)
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
        code, log = step.run(timeout=3, mini_batch_error_threshold=0)
        self.assertEqual(code, 1)
        self.assertIn("run() took more than 3 s", log)
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
