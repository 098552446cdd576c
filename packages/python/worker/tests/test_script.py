"""score.py semantics that need no gateway."""

import os
import tempfile
import textwrap
import time
import unittest

from hagane_worker import frames, script


def load(source):
    folder = tempfile.mkdtemp()
    with open(os.path.join(folder, "score.py"), "w") as target:
        target.write(textwrap.dedent(source))
    return script.load_script({"code_dir": folder, "scoring_script": "score.py"})


def request(body=b"{}", content_type=b"application/json", head=b"", flags=0, deadline=None):
    fixed = frames.SCORE.pack(deadline or time.monotonic() + 60, 0, flags, 2, len(content_type), len(head))
    return frames.Request(1, fixed + b"pr" + content_type + head + body)


def answer(loaded, *requests):
    return [one for batch in loaded.answer(list(requests)) for _, one in batch]


class Scripts(unittest.TestCase):
    def setUp(self):
        self.folder = os.getcwd()

    def tearDown(self):
        os.chdir(self.folder)

    def test_scripts_that_cannot_be_served_say_why(self):
        for source, words in (
            ("def run(x): pass", "has no function init()"),
            ("def init(): pass", "has no function run()"),
            ("def init(): pass\ndef run(): pass", "needs a parameter"),
            ("def init(): pass\ndef run(request_headers): pass", "needs a parameter"),
            ("def init(): pass\ndef run(*args): pass", "cannot take"),
        ):
            with self.assertRaisesRegex(script.ScriptError, words.replace("(", r"\(").replace(")", r"\)")):
                load(source)

    def test_modules_beside_the_script_can_be_imported_even_when_named_like_ours(self):
        folder = tempfile.mkdtemp()
        for name, text in (("frames.py", "VALUE = 5"), ("score.py", "import frames\ndef init(): pass\ndef run(x): return frames.VALUE")):
            with open(os.path.join(folder, name), "w") as target:
                target.write(text)
        loaded = script.load_script({"code_dir": folder, "scoring_script": "score.py"})
        self.assertEqual(answer(loaded, request())[0].body, b"5")

    def test_get_hands_over_the_query_as_json(self):
        loaded = load("def init(): pass\ndef run(raw_data, request_headers): return raw_data")
        head = b'{"query": "a=1&b=[1,2]&c=x&d=1&d=2"}'
        body = answer(loaded, request(b"", head=head, flags=frames.GET))[0].body
        self.assertEqual(body, b'"{\\"a\\": 1, \\"b\\": [1, 2], \\"c\\": \\"x\\", \\"d\\": [1, 2]}"')

    def test_nothing_returned_is_an_empty_object(self):
        self.assertEqual(answer(load("def init(): pass\ndef run(x): pass"), request())[0].body, b"{}")

    def test_a_list_counts_as_one_row_an_item(self):
        loaded = load("import json\ndef init(): pass\ndef run(x): return json.loads(x)")
        rows = [one.rows for one in answer(loaded, request(b"[1, 2, 3]"), request(b"[]"), request(b'{"a": [1, 2]}'))]
        self.assertEqual(rows, [3, 1, 1])

    def test_a_body_that_is_no_text_is_refused_before_run(self):
        loaded = load("def init(): pass\ndef run(x): raise AssertionError")
        self.assertEqual(answer(loaded, request(b"\xff"))[0].status, 400)

    def test_a_request_that_is_late_already_is_answered_without_run(self):
        loaded = load("def init(): pass\ndef run(x): raise AssertionError")
        self.assertEqual(answer(loaded, request(deadline=time.monotonic() - 1))[0].status, 504)

    def test_a_driver_module_hands_over_its_run(self):
        loaded = load(
            """
            import types
            driver_module = types.ModuleType("inner")
            driver_module.run = lambda data: "inner"
            def init(): pass
            def run(data): return "outer"
            """
        )
        self.assertEqual(answer(loaded, request())[0].body, b'"inner"')


if __name__ == "__main__":
    unittest.main()
