"""MLflow models without code in batch deployments: needs mlflow and scikit-learn."""

import json
import os
import shutil
import sys
import unittest

from batch_invocation import BATCH_ID, SHIMS, Invocation

sys.path.insert(0, SHIMS)

import cloudpickle  # noqa: E402
import mlflow.sklearn  # noqa: E402
import numpy  # noqa: E402
import pandas  # noqa: E402
from mlflow.models import infer_signature  # noqa: E402
from hagane_batch import profile  # noqa: E402
from sklearn.linear_model import LinearRegression  # noqa: E402


cloudpickle.register_pickle_by_value(sys.modules[__name__])


class Picky(LinearRegression):
    """Refuses what begins with a 7."""

    def predict(self, frame):
        if (frame["a"] == 7).any():
            raise ValueError("not 7")
        return super().predict(frame)


def table(count, first=0):
    return pandas.DataFrame({"a": numpy.arange(first, first + count, dtype="float64"), "n": numpy.arange(count) % 7, "note": "x,y"})


class Models(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.home = Invocation()
        frame = table(50)
        model = Picky().fit(frame[["a", "n"]], 2 * frame["a"])
        cls.path = cls.home.path("model")
        signature = infer_signature(frame[["a", "n"]], frame["a"])
        mlflow.sklearn.save_model(model, cls.path, signature=signature, pip_requirements=[], serialization_format="cloudpickle")

    @classmethod
    def tearDownClass(cls):
        cls.home.remove()

    def start(self):
        invocation = Invocation(model=self.path)
        self.addCleanup(invocation.remove)
        return invocation

    def values(self, invocation):
        return [(name, None if value is None else round(value, 6)) for name, value in invocation.predictions()]

    def test_every_row_of_every_kind_of_file_has_its_line_and_bad_ones_say_why(self):
        invocation = self.start()
        os.makedirs(invocation.path("input", "sub"))
        table(3).to_csv(invocation.path("input", "a.csv"), index=False)
        invocation.write("input/b.csv", "n,a\n1,5\nx,5\n1.5,5\n1,\n1,5,9\n1,7\n")
        table(2).to_parquet(invocation.path("input", "c.parquet"))
        invocation.write("input/d.jsonl", '{"a": 1, "n": 1}\n{"a": 2, "n": 1}\n')
        invocation.write("input/e.json", json.dumps({"input_data": {"columns": ["a", "n"], "data": [[3.0, 1]]}}))
        invocation.write("input/f.csv", "a\n1\n2\n")
        invocation.write("input/sub/g.txt", "no table")
        code, log = invocation.run(concurrency=1)
        self.assertEqual(code, 0, log)
        good = [("a.csv", 0.0), ("a.csv", 2.0), ("a.csv", 4.0), ("b.csv", 10.0), ("b.csv", None), ("b.csv", None)]
        found = self.values(invocation)
        self.assertEqual(found[:6], good)
        self.assertEqual(found[6:9], [("b.csv", None), ("b.csv", None), ("b.csv", None)])
        self.assertEqual(found[9:11], [("c.parquet", 0.0), ("c.parquet", 2.0)])
        self.assertEqual(found[11:], [("d.jsonl", 2.0), ("d.jsonl", 4.0), ("e.json", 6.0), ("f.csv", None), ("f.csv", None)])
        errors = [(error["file"], error.get("file_row"), error["message"]) for error in invocation.errors()]
        self.assertIn(("b.csv", 1, "column 'n': expected long, found 'x'"), errors)
        self.assertIn(("b.csv", 2, "column 'n': expected long, found 1.5"), [(f, r, m.replace("'1.5'", "1.5")) for f, r, m in errors])
        self.assertIn(("b.csv", 4, "expected 2 cells as in the header, found 3"), errors)
        self.assertIn(("b.csv", 5, "ValueError: not 7"), errors)
        self.assertTrue(any(name == "f.csv" and "missing column 'n'" in message for name, _, message in errors), errors)
        self.assertTrue(any(name == "sub/g.txt" and "'txt' is not supported" in message for name, _, message in errors), errors)
        self.assertEqual([error["id"] for error in invocation.errors() if error["message"] == "ValueError: not 7"], [BATCH_ID + "-8"])

    def test_a_large_file_is_cut_scored_in_parts_and_joined_with_ids_in_order(self):
        invocation = self.start()
        whole = table(60000, first=1000)
        whole.to_csv(invocation.path("input", "big.csv"), index=False)
        code, log = invocation.run(largest_unit=100000, row_ids=True)
        self.assertEqual(code, 0, log)
        rows = invocation.predictions()
        self.assertEqual([row[0] for row in rows], ["{}-{}".format(BATCH_ID, at) for at in range(60000)])
        numpy.testing.assert_allclose([row[2] for row in rows], 2 * whole["a"])
        column = invocation.summary()["columns"]["a"]
        self.assertEqual((column["count"], column["min"], column["max"]), (60000, 1000.0, 60999.0))
        self.assertAlmostEqual(column["mean"], whole["a"].mean(), 3)
        self.assertAlmostEqual(column["std"], whole["a"].std(ddof=0), 2)
        self.assertAlmostEqual(column["quantiles"]["p50"], whole["a"].median(), delta=2000)
        self.assertIn("prediction", invocation.summary()["columns"])
        shutil.copy(invocation.path("report", "profile.json"), invocation.path("profile.json"))
        code, log = invocation.run(largest_unit=100000, row_ids=True, baseline=invocation.path("profile.json"))
        self.assertEqual(invocation.summary()["drift"], {"a": 0.0, "n": 0.0, "prediction": 0.0})
        self.assertIn("0 worker processes", log)


class Profiles(unittest.TestCase):
    def test_parts_add_up_to_the_whole(self):
        chance = numpy.random.default_rng(1)
        numbers = numpy.concatenate([chance.lognormal(3, 2, 2000), -chance.lognormal(1, 1, 1000), [0, numpy.nan, numpy.inf]])
        frame = pandas.DataFrame({"x": numbers, "kind": chance.choice(["a", "b", None], len(numbers))})
        whole = {}
        for part in numpy.array_split(numpy.arange(len(frame)), 7):
            profile.add_all(whole, profile.of_frame(frame.iloc[part]))
        once = profile.of_frame(frame)
        for name in ("count", "missing", "min", "max"):
            self.assertEqual(whole["x"][name], once["x"][name])
        self.assertAlmostEqual(whole["x"]["mean"], numbers[numpy.isfinite(numbers)].mean(), 6)
        shown = profile.shown(whole["x"])
        finite = numbers[numpy.isfinite(numbers)]
        self.assertAlmostEqual(shown["std"], finite.std(), 6)
        for name, share in (("p05", 5), ("p50", 50), ("p95", 95)):
            exact = numpy.percentile(finite, share)
            self.assertLess(abs(shown["quantiles"][name] - exact), 0.06 * abs(exact) + 0.01, name)
        self.assertEqual(whole["kind"]["missing"], int(frame["kind"].isna().sum()))

    def test_a_shift_has_a_high_index_and_none_a_low_one(self):
        chance = numpy.random.default_rng(2)
        base = profile.of_frame(pandas.DataFrame({"x": chance.normal(5, 1, 2000), "kind": chance.choice(["a", "b"], 2000)}))
        same = profile.of_frame(pandas.DataFrame({"x": chance.normal(5, 1, 2000), "kind": chance.choice(["a", "b"], 2000)}))
        other = profile.of_frame(pandas.DataFrame({"x": chance.normal(7, 1, 2000), "kind": ["a"] * 2000}))
        self.assertTrue(all(value < 0.05 for value in profile.drift(base, same).values()), profile.drift(base, same))
        self.assertTrue(all(value > 0.5 for value in profile.drift(base, other).values()), profile.drift(base, other))


if __name__ == "__main__":
    unittest.main()
