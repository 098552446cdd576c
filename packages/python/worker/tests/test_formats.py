"""Reading bodies: no numpy needed, so these run with any Python."""

import json
import unittest

from hagane_worker import formats
from hagane_worker.errors import RequestError


def read(value):
    return formats.read_json(json.dumps(value).encode()).data


class Formats(unittest.TestCase):
    def test_every_table_format_gives_the_same_rows(self):
        split = {"columns": ["a", "b"], "index": [5, 6], "data": [[1, "x"], [2, "y"]]}
        records = [{"a": 1, "b": "x"}, {"a": 2, "b": "y"}]
        columns = {"a": [1, 2], "b": ["x", "y"]}
        for body in (
            {"dataframe_split": split},
            {"input_data": split},
            {"dataframe_records": records},
            {"input_data": records},
            {"instances": records},
            {"inputs": columns},
            {"input_data": columns},
        ):
            table = read(body)
            self.assertEqual((table.columns, [list(row) for row in table.rows]), (("a", "b"), [[1, "x"], [2, "y"]]), body)

    def test_nested_lists_are_arrays_and_one_object_is_one_row(self):
        self.assertEqual(read({"inputs": [[1, 2]]}).value, [[1, 2]])
        self.assertEqual(read({"inputs": {"a": 1, "b": 2}}).rows, [[1, 2]])
        self.assertIsInstance(read({"inputs": {"a": [[1]], "b": [[2]]}}), formats.Named)

    def test_records_that_lack_a_column_keep_the_gap(self):
        table = read({"dataframe_records": [{"a": 1}, {"b": 2}]})
        self.assertEqual(table.columns, ("a", "b"))
        self.assertEqual(table.rows, [[1, formats.ABSENT], [formats.ABSENT, 2]])

    def test_csv_is_text_until_its_columns_are_known(self):
        table = formats.read_csv('\ufeffa,b\r\n1,"x, y"\r\n'.encode())
        self.assertEqual((table.columns, table.rows, bool(table.text)), (("a", "b"), [["1", "x, y"]], True))

    def test_a_body_in_no_known_shape_is_a_400_that_says_what_was_found(self):
        for body, words in (
            (b"{", "not JSON"),
            (b"\xff", "not JSON"),
            (b"[" * 100000, "not JSON"),
            (b"[1]", "found array"),
            (b"{}", "found nothing"),
            (b'{"inputs": 1, "instances": 2}', "inputs, instances"),
            (b'{"data": [[1]]}', "found data"),
            (b'{"dataframe_split": [1]}', "found array"),
            (b'{"dataframe_split": {"data": [[1]], "rows": 1}}', "rows"),
            (b'{"dataframe_split": {"columns": ["a"], "data": [[1, 2]]}}', "row 0 has 2 values, expected 1"),
            (b'{"dataframe_records": {"a": 1}}', "found object"),
        ):
            with self.assertRaises(RequestError) as caught:
                formats.read_json(body)
            self.assertEqual(caught.exception.status, 400, body[:40])
            self.assertIn(words, caught.exception.message, body[:40])


if __name__ == "__main__":
    unittest.main()
