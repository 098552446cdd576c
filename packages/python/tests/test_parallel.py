"""The driver of parallel steps: real worker processes over real files and tables."""

import importlib.util
import json
import os
import re
import unittest

from parallel_step import NAMES, Parallel, names

HAS_PANDAS = importlib.util.find_spec("pandas") is not None


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
        last = log.rstrip().split("\n")[-1]
        self.assertIn("ERROR: 1 mini-batches failed: mini_batch_error_threshold is 0; the first error: ", last)
        self.assertIn("run() returned str", last)

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
