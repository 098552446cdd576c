"""Scoring scripts in batch deployments, and how the input of models without code is cut; the standard library is enough."""

import csv
import io
import os
import random
import sys
import tempfile
import unittest

from batch_invocation import BATCH_ID, SHIMS, Invocation

sys.path.insert(0, SHIMS)

from hagane_batch.lines import write_lines  # noqa: E402
from hagane_batch.scanning import scan  # noqa: E402

NAMES = """
import os
def run(mini_batch):
    return [os.path.basename(path) for path in mini_batch]
"""


class Scripts(unittest.TestCase):
    def start(self, script, files=7):
        invocation = Invocation(script)
        self.addCleanup(invocation.remove)
        for number in range(files):
            invocation.write("input/f{:02d}.txt".format(number), str(number))
        return invocation

    def test_rows_come_in_the_order_of_the_input(self):
        invocation = self.start(NAMES)
        code, log = invocation.run()
        self.assertEqual(code, 0, log)
        self.assertEqual(invocation.lines(), ["f{:02d}.txt".format(number) for number in range(7)])
        self.assertEqual(invocation.summary()["rows"], 7)
        self.assertIn("4 of 4 mini-batches ended", log)

    def test_rows_carry_their_ids_when_asked(self):
        invocation = self.start(NAMES)
        code, log = invocation.run(row_ids=True)
        self.assertEqual(code, 0, log)
        self.assertEqual(invocation.lines()[6], "{}-6 f06.txt".format(BATCH_ID))

    def test_the_model_lies_under_its_own_name(self):
        invocation = self.start("import glob, os\ndef run(files):\n    return [open(glob.glob(os.environ['AZUREML_MODEL_DIR'] + '/*/w.bin')[0]).read()] * len(files)\n")
        invocation.write("weights-1/w.bin", "w")
        invocation.model = invocation.path("weights-1")
        code, log = invocation.run(model_folder="weights")
        self.assertEqual((code, invocation.lines()[:1]), (0, ["w"]), log)

    def test_a_mini_batch_that_fails_is_told_and_the_rest_is_there(self):
        invocation = self.start(NAMES + "    \ndef run(files):\n    if files[0].endswith('f02.txt'):\n        raise ValueError('no')\n    return files\n")
        code, log = invocation.run()
        self.assertEqual(code, 0, log)
        self.assertEqual(len(invocation.lines()), 5)
        self.assertEqual([error["file"] for error in invocation.errors()], ["f02.txt", "f03.txt"])
        invocation = self.start(invocation.script)
        code, log = invocation.run(error_threshold=1)
        self.assertEqual(code, 1)
        self.assertIn("error_threshold is 1; the first error: ValueError: no", log)

    def test_that_nothing_could_be_scored_is_a_failure_whatever_the_thresholds(self):
        code, log = self.start("def run(files):\n    raise KeyError('x')\n").run()
        self.assertEqual(code, 1)
        self.assertIn("nothing could be scored; the first error: KeyError: 'x'", log)

    def test_an_input_without_files_is_a_failure(self):
        code, log = self.start(NAMES, files=0).run()
        self.assertEqual(code, 1)
        self.assertIn("there is no file", log)

    def test_summary_only_leaves_the_files_of_the_script_alone(self):
        script = "import os\ndef run(files):\n    for path in files:\n        name = os.path.basename(path) + '.out'\n        open(os.path.join(os.environ['AZUREML_BI_OUTPUT_PATH'], name), 'w').close()\n        yield True\n"
        invocation = self.start(script)
        code, log = invocation.run(output_action="summary_only")
        self.assertEqual(code, 0, log)
        self.assertEqual(sorted(os.listdir(invocation.path("score"))), ["f{:02d}.txt.out".format(number) for number in range(7)])
        self.assertEqual(invocation.summary()["rows"], 7)

    def test_every_row_comes_exactly_once_although_driver_and_workers_are_killed_five_times(self):
        script = """
import os, signal
def once(name):
    path = os.path.join(os.path.dirname(os.environ["AZUREML_BI_OUTPUT_PATH"]), name)
    try:
        os.close(os.open(path, os.O_CREAT | os.O_EXCL))
        return True
    except FileExistsError:
        return False
def is_driver(pid):
    with open("/proc/{}/cmdline".format(pid)) as file:
        return "hagane_batch" in file.read()
def run(files):
    number = int(open(files[0]).read())
    open(os.path.join(os.environ["AZUREML_BI_OUTPUT_PATH"], "{}.out".format(number)), "w").close()
    driver = os.getppid()
    if number % 8 == 4 and is_driver(driver) and once("driver{}".format(number)):
        os.kill(driver, signal.SIGKILL)
    if number % 8 == 2 and once("worker{}".format(number)):
        os.kill(os.getpid(), signal.SIGKILL)
    return [os.path.basename(path) + "-" + str(at) for path in files for at in range(10)]
"""
        invocation = self.start(script, files=40)
        ends = []
        while not ends or (ends[-1] == -9 and len(ends) < 10):
            code, log = invocation.run(row_ids=True, max_retries=3)
            ends.append(code)
        self.assertEqual(ends, [-9] * 5 + [0], log)
        names = ["f{:02d}.txt".format(number) for number in range(40)]
        rows = ["{}-{}".format(name, at) for name in names for at in range(10)]
        self.assertEqual(invocation.lines(), ["{}-{} {}".format(BATCH_ID, at, row) for at, row in enumerate(rows)])
        self.assertEqual(len([name for name in os.listdir(invocation.path("score")) if name.endswith(".out")]), 20)
        self.assertIn("done before", log)


    def test_what_is_killed_before_anything_is_done_is_given_up_after_five_times(self):
        invocation = self.start("import os, signal\ndef run(files):\n    os.kill(os.getppid(), signal.SIGKILL)\n", files=1)
        ends = [invocation.run() for _ in range(6)]
        self.assertEqual([code for code, _ in ends], [-9] * 5 + [1])
        self.assertIn("killed 5 times", ends[-1][1])


class Scanning(unittest.TestCase):
    def parts(self, text, largest, kind="csv"):
        with tempfile.NamedTemporaryFile(suffix="." + kind, delete=False) as file:
            file.write(text.encode("utf-8"))
        self.addCleanup(os.remove, file.name)
        return scan(file.name, kind, largest), text.encode("utf-8")

    def test_parts_hold_whole_rows_and_know_their_numbers(self):
        chance = random.Random(1)
        cells = ["a", "", 'say "x"', "two\nlines", "1.5", "é", "a,b", "\r\n"]
        rows = [[chance.choice(cells), str(number), chance.choice(cells)] for number in range(3000)]
        text = io.StringIO()
        csv.writer(text, lineterminator="\n").writerows([["a", "b", "c"]] + rows)
        for end in ("", "\n\n"):
            # a size below the block that is read makes as many parts as blocks
            parts, data = self.parts(text.getvalue().rstrip("\n") + end, 1)
            found = []
            for part in parts:
                self.assertEqual(part["within"], len(found))
                lines = data[part["start"]:part["end"]].decode("utf-8")
                more = [row for row in csv.reader(io.StringIO(lines, newline="")) if row]
                self.assertEqual(len(more), part["rows"])
                found += more
            self.assertEqual(found, rows)

    def test_large_text_is_cut_at_the_ends_of_lines(self):
        rows = ["{},{}".format(number, "x" * 90) for number in range(100000)]
        parts, data = self.parts("n,text\n" + "\n".join(rows), 1024 * 1024)
        self.assertGreater(len(parts), 3)
        self.assertEqual(sum(part["rows"] for part in parts), 100000)
        for part in parts:
            first = data[part["start"]:part["end"]].split(b"\n", 1)[0].decode("ascii")
            self.assertEqual(first, rows[part["within"]])

    def test_a_header_alone_a_byte_order_mark_and_blank_lines_count_as_no_rows(self):
        self.assertEqual([part["rows"] for part in self.parts("a,b\n", 9)[0]], [0])
        self.assertEqual([part["rows"] for part in self.parts("a,b", 9)[0]], [0])
        parts, _ = self.parts("\ufeff\n\na,b\n\n1,2\n\r\n\n3,4\n", 1000)
        self.assertEqual([(part["rows"], part["header"]) for part in parts], [(2, "a,b\n")])
        self.assertEqual([part["rows"] for part in self.parts("", 9)[0]], [0])

    def test_lines_of_json_have_no_header(self):
        parts, _ = self.parts('{"a": "x\\"y"}\n\n{"a": 2}', 1000, "lines")
        self.assertEqual([part["rows"] for part in parts], [2])

    def test_a_json_document_is_a_table_in_any_of_its_forms(self):
        for text in ('[{"a": 1}, {"a": 2}]', '{"input_data": {"columns": ["a"], "data": [[1], [2]]}}', '{"a": [1, 2]}'):
            self.assertEqual([part["rows"] for part in self.parts(text, 9, "json")[0]], [2], text)
        with self.assertRaises(ValueError):
            self.parts("3", 9, "json")


class Lines(unittest.TestCase):
    def test_each_is_a_list_literal(self):
        file = io.StringIO()
        write_lines(file, "it's.csv", ["1", "'a'"])
        write_lines(file, "b.csv", ["2.5"], ("pr-x", 7))
        write_lines(file, "none.csv", [])
        self.assertEqual(file.getvalue(), "[\"it's.csv\", 1]\n[\"it's.csv\", 'a']\n['pr-x-7', 'b.csv', 2.5]\n")


if __name__ == "__main__":
    unittest.main()
