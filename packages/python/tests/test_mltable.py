"""The reader of MLTable folders: the cases that the server's reader shares, its YAML, and the stand-in for Azure's package."""

import importlib.util
import json
import os
import sys
import tempfile
import unittest

import hagane_mltable
from hagane_mltable import plain_yaml

HERE = os.path.dirname(os.path.abspath(__file__))
HAS_PANDAS = importlib.util.find_spec("pandas") is not None


def cases():
    with open(os.path.join(HERE, "mltable_cases.json"), encoding="utf-8") as file:
        return json.load(file)


def laid_out(files, mltable):
    folder = tempfile.mkdtemp()
    for name, content in dict(files, MLTable=mltable).items():
        path = os.path.join(folder, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as file:
            file.write(content if isinstance(content, bytes) else content.encode("utf-8"))
    return folder


def type_name(column):
    kind = column.dtype.kind
    if kind in "iufM" or str(column.dtype) == "bool":
        return {"i": "integer", "u": "integer", "f": "number", "M": "timestamp"}.get(kind, "boolean")
    values = column.dropna()
    return "boolean" if len(values) and all(isinstance(value, bool) for value in values) else "string"


def plain(value):
    if value is None or value != value:
        return None
    if hasattr(value, "isoformat"):
        return value.isoformat()
    return value.item() if hasattr(value, "item") else value


@unittest.skipUnless(HAS_PANDAS, "needs pandas")
class Frames(unittest.TestCase):
    def test_every_case_that_the_server_reads_too(self):
        for case in cases():
            with self.subTest(case["name"]):
                self.check(case)

    def check(self, case):
        folder = laid_out(case["files"], case["mltable"])
        if "error" in case:
            with self.assertRaises(hagane_mltable.MLTableError) as raised:
                hagane_mltable.load(folder).to_pandas_dataframe()
            self.assertIn(case["error"], str(raised.exception))
            return
        frame = hagane_mltable.load(folder).to_pandas_dataframe()
        rows = [[plain(value) for value in row] for row in frame.itertuples(index=False)]
        self.assertEqual(rows, json.loads(json.dumps(case["rows"]).replace("{root}", folder)))
        for name, kind in case.get("types", {}).items():
            self.assertEqual((name, type_name(frame[name])), (name, kind))
        if "columns" in case:
            self.assertEqual(list(frame.columns), case["columns"])

    def test_encodings(self):
        for encoding, written in (("latin1", "latin-1"), ("windows-1252", "cp1252"), ("utf16", "utf-16"), ("utf8 bom", "utf-8-sig")):
            mltable = "paths:\n- file: a.csv\ntransformations:\n- read_delimited:\n    encoding: {}\n".format(encoding)
            folder = laid_out({"a.csv": "x\ncaf\u00e9\n".encode(written)}, mltable)
            self.assertEqual(hagane_mltable.load(folder).to_pandas_dataframe().x.tolist(), ["caf\u00e9"])

    def test_bytes_of_another_encoding_are_refused_with_the_file(self):
        folder = laid_out({"a.csv": b"x\n\xff\n"}, "paths:\n- file: a.csv\ntransformations:\n- read_delimited\n")
        with self.assertRaisesRegex(hagane_mltable.MLTableError, "a.csv.*utf-8"):
            hagane_mltable.load(folder).to_pandas_dataframe()

    def test_rows_of_more_fields_than_the_header_get_columns(self):
        folder = laid_out({"a.csv": "i,j\n1,2,9\n3\n"}, "paths:\n- file: a.csv\ntransformations:\n- read_delimited\n")
        frame = hagane_mltable.load(folder).to_pandas_dataframe()
        self.assertEqual(list(frame.columns), ["i", "j", "Column3"])
        self.assertEqual(frame.i.tolist(), [1, 3])

    @unittest.skipUnless(importlib.util.find_spec("pyarrow"), "needs pyarrow")
    def test_parquet_as_a_bare_word(self):
        import pandas

        folder = laid_out({}, "$schema: http://azureml/sdk-2-0/MLTable.json\ntype: mltable\npaths:\n  - file: ./x.parquet\ntransformations:\n  - read_parquet")
        pandas.DataFrame({"a": [1, 2], "b": ["x", None]}).to_parquet(os.path.join(folder, "x.parquet"))
        self.assertEqual(hagane_mltable.load(folder).to_pandas_dataframe().a.tolist(), [1, 2])


class Paths(unittest.TestCase):
    def test_are_absolute_and_in_order_without_pandas(self):
        folder = laid_out({"m/b": "", "m/a": "", "x.csv": ""}, "paths:\n- folder: m\n- file: x.csv\n")
        table = hagane_mltable.load(folder)
        self.assertEqual(table.paths(), [os.path.join(folder, name) for name in ("m/a", "m/b", "x.csv")])
        self.assertFalse(table.is_tabular)

    def test_a_folder_without_an_mltable_is_refused(self):
        with self.assertRaisesRegex(hagane_mltable.MLTableError, "no file named MLTable"):
            hagane_mltable.load(tempfile.mkdtemp())

    def test_what_lies_elsewhere_is_refused_with_a_way_out(self):
        folder = laid_out({}, "paths:\n- folder: azureml://datastores/x/paths/y\n")
        with self.assertRaisesRegex(hagane_mltable.MLTableError, "input of the job"):
            hagane_mltable.load(folder).paths()


class PlainYaml(unittest.TestCase):
    def test_reads_what_mltable_files_hold(self):
        text = "a: 1 # one\nb: 'it''s'\nc: \"x\\ty\"\nlist:\n- x\n- {k: [1, 2.5, true, null], m: \"a, b\"}\n-\n  deep:\n    - - 1\n      - 2\nurl: https://h/a#b\ne:\nf: []\n"
        self.assertEqual(
            plain_yaml.parse(text),
            {"a": 1, "b": "it's", "c": "x\ty", "list": ["x", {"k": [1, 2.5, True, None], "m": "a, b"}, {"deep": [[1, 2]]}],
             "url": "https://h/a#b", "e": None, "f": []},
        )

    def test_refuses_what_it_would_misread(self):
        for text in ("a: |\n  x\n", "a: &x 1\n", "a: *x\n", "a: !t 1\n", "a: [1\n", "a: 'x\n", "\ta: 1\n", "a: 1\n   b: 2\n"):
            with self.assertRaises(hagane_mltable.MLTableError, msg=text):
                plain_yaml.parse(text)

    def test_reads_back_what_it_writes(self):
        value = {"paths": [{"file": "a: b"}], "steps": [{"take": 1}, {"keep": ["x", "#"]}, {"none": None, "empty": []}], "t": True}
        self.assertEqual(plain_yaml.parse(plain_yaml.dump(value)), value)

    @unittest.skipUnless(importlib.util.find_spec("yaml"), "needs PyYAML")
    def test_agrees_with_pyyaml_on_every_case(self):
        import yaml

        for case in cases():
            self.assertEqual(plain_yaml.parse(case["mltable"]), yaml.safe_load(case["mltable"]), case["name"])


@unittest.skipUnless(HAS_PANDAS and getattr(importlib.util.find_spec("mltable"), "origin", "").find("offered") > 0, "needs pandas and no real mltable")
class StandIn(unittest.TestCase):
    def test_loads_chains_and_saves(self):
        import mltable

        folder = laid_out({"a.csv": "x,y\n1,a\n2,b\n3,c\n"}, "paths:\n- file: a.csv\n")
        table = mltable.from_delimited_files([{"file": os.path.join(folder, "a.csv")}], header=mltable.MLTableHeaders.all_files_same_headers)
        table = table.filter('col("x") > 1').drop_columns("y").convert_column_types({"x": mltable.DataType.to_string()})
        target = tempfile.mkdtemp()
        table.save(target, colocated=True)
        self.assertEqual(sorted(os.listdir(target)), ["MLTable", "a.csv"])
        self.assertEqual(mltable.load(target).to_pandas_dataframe().x.tolist(), ["2", "3"])
        self.assertEqual(mltable.load(target).take(1).to_pandas_dataframe().x.tolist(), ["2"])
        beside = tempfile.mkdtemp()
        table.save(beside)
        self.assertEqual(len(mltable.load(beside).to_pandas_dataframe()), 2)
        with self.assertRaises(ValueError):
            table.save(beside, overwrite=False)

    def test_the_parts_of_a_random_split_make_the_whole(self):
        import mltable

        folder = laid_out({"a.csv": "x\n" + "\n".join(str(n) for n in range(50)) + "\n"}, "paths:\n- file: a.csv\ntransformations:\n- read_delimited\n")
        first, second = mltable.load(folder).random_split(0.5, seed=3)
        parts = first.to_pandas_dataframe().x.tolist(), second.to_pandas_dataframe().x.tolist()
        self.assertEqual(sorted(parts[0] + parts[1]), list(range(50)))
        self.assertTrue(all(parts))

    def test_names_partition_keys_and_refuses_what_needs_azure(self):
        import mltable

        table = mltable.from_paths([{"pattern": "./**/*.csv"}]).extract_columns_from_partition_format("/{year}/{file}.csv")
        self.assertEqual(table.partition_keys, ["year", "file"])
        with self.assertRaisesRegex(ValueError, "input of the job"):
            mltable.load("azureml://data/x/versions/1")


if __name__ == "__main__":
    unittest.main(argv=sys.argv)
