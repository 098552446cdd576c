"""Explanations of a real MLflow model, by the program as a job starts it."""

import json
import os
import subprocess
import sys
import tempfile
import unittest

import mlflow
import numpy
import pandas
from mlflow.models import infer_signature
from sklearn.linear_model import LogisticRegression

SHIMS = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "shims")


def table(rows=300):
    random = numpy.random.default_rng(1)
    frame = pandas.DataFrame(
        {"strong": random.normal(size=rows), "weak": random.normal(size=rows), "<noise>": random.normal(size=rows)}
    )
    frame["label"] = (3 * frame["strong"] + 0.7 * frame["weak"] > 0).astype(int)
    return frame


class Explain(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.mkdtemp()
        frame = table()
        features = frame.drop(columns=["label"])
        model = LogisticRegression().fit(features, frame["label"])
        signature = infer_signature(features, model.predict(features))
        mlflow.sklearn.save_model(model, os.path.join(cls.folder, "model"), signature=signature, pip_requirements=[])
        frame.to_csv(os.path.join(cls.folder, "rows.csv"), index=False)
        frame.head(7).drop(columns=["weak"]).to_csv(os.path.join(cls.folder, "short.csv"), index=False)

    def run_program(self, data, request=None):
        report = os.path.join(self.folder, "report-" + data)
        lines = [json.dumps(request or {"model": "m:1", "rows": 200}), os.path.join(self.folder, "model")]
        lines += [os.path.join(self.folder, data), "", report]
        environment = {**os.environ, "PYTHONPATH": SHIMS}
        done = subprocess.run(
            [sys.executable, "-m", "hagane_explain"], input="\n".join(lines), text=True, capture_output=True, env=environment
        )
        return done, report

    def test_ranks_features_and_tells_each_row(self):
        done, report = self.run_program("rows.csv")
        self.assertEqual(done.returncode, 0, done.stderr)
        with open(os.path.join(report, "importance.json"), encoding="utf-8") as file:
            found = json.load(file)
        self.assertEqual([feature["name"] for feature in found["features"]], ["strong", "weak", "<noise>"])
        self.assertEqual((found["rows"], found["model"]), (200, "m:1"))
        self.assertIn(found["method"], ("shap", "permutation"))
        with open(os.path.join(report, "values.jsonl"), encoding="utf-8") as file:
            rows = [json.loads(line) for line in file]
        self.assertEqual(len(rows), 200)
        for row in rows:
            if abs(row["inputs"]["strong"]) > 1.5:
                self.assertGreater(row["values"]["strong"] * row["inputs"]["strong"], 0)
        with open(os.path.join(report, "report.html"), encoding="utf-8") as file:
            page = file.read()
        self.assertIn("&lt;noise&gt;", page)
        self.assertNotIn("<noise>", page)

    def test_names_the_column_that_is_missing(self):
        done, _ = self.run_program("short.csv")
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("no column weak", done.stderr)
        self.assertNotIn("Traceback", done.stderr)

    def test_labels_and_numbers_become_tables(self):
        sys.path.insert(0, SHIMS)
        from hagane_explain.importance import as_numbers

        self.assertEqual(as_numbers(["a", "b", "a"]).tolist(), [[1, 0], [0, 1], [1, 0]])
        self.assertEqual(as_numbers([True, False]).tolist(), [[1], [0]])
        self.assertEqual(as_numbers([[1, 2], [3, 4]]).shape, (2, 2))


if __name__ == "__main__":
    unittest.main()
