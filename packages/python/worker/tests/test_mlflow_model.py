"""MLflow models: needs mlflow and scikit-learn in the interpreter that runs it."""

import json
import os
import tempfile
import time
import unittest

try:
    import mlflow
    import numpy as np
    import pandas as pd
    from mlflow.models import infer_signature
    from mlflow.types import ColSpec, Schema
    from sklearn.compose import ColumnTransformer
    from sklearn.linear_model import LinearRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder
except ImportError:
    mlflow = None

from hagane_worker import frames

COLUMNS = ["a", "b"]
DATA = [[1.0, 2.0], [3.0, 5.0], [4.0, 4.0], [0.0, 1.0]]
counter = iter(range(1, 10**6))


def request(value, route=1, content_type=b"application/json", solo=False):
    body = value if isinstance(value, bytes) else json.dumps(value).encode()
    fixed = frames.SCORE.pack(time.monotonic() + 60, route, 1 if solo else 0, 2, len(content_type), 0)
    return frames.Request(next(counter), fixed + b"pr" + content_type + body)


def load(folder, **config):
    from hagane_worker.mlflow_model import load_mlflow_model

    here = os.getcwd()
    try:
        return load_mlflow_model(dict(config, model_dir=folder))
    finally:
        os.chdir(here)


def answers(model, *requests):
    found = {asked.id: one for batch in model.answer(list(requests)) for asked, one in batch}
    return [found[asked.id] for asked in requests]


def ask(model, value, **more):
    one = answers(model, request(value, **more))[0]
    return one.status, json.loads(one.body.decode())


def split(*rows, columns=None):
    return {"dataframe_split": {"columns": columns or COLUMNS, "data": list(rows)}}


@unittest.skipIf(mlflow is None, "mlflow is not installed")
class MlflowModels(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        root = tempfile.mkdtemp()
        frame = pd.DataFrame(DATA, columns=COLUMNS)
        target = frame["a"] * 2 + frame["b"]
        cls.paths = {}

        def save(name, model, **more):
            cls.paths[name] = os.path.join(root, name)
            mlflow.sklearn.save_model(model, cls.paths[name], serialization_format="cloudpickle", pip_requirements=[], **more)

        save("frame", LinearRegression().fit(frame, target), signature=infer_signature(frame, target), input_example=frame)
        array = LinearRegression().fit(frame.values, target)
        save("tensor", array, signature=infer_signature(frame.values, target.values))
        save("free", array)
        mixed = pd.DataFrame({"n": [1, 2, 3, 4], "c": ["x", "y", "x", "y"]})
        pipeline = make_pipeline(ColumnTransformer([("c", OneHotEncoder(), ["c"])], remainder="passthrough"), LinearRegression())
        schema = Schema([ColSpec("long", "n"), ColSpec("string", "c")])
        save("mixed", pipeline.fit(mixed, [1.0, 20.0, 3.0, 40.0]), signature=mlflow.models.ModelSignature(inputs=schema))

        class Mean(mlflow.pyfunc.PythonModel):
            def predict(self, context, model_input, params=None):
                return {"mean": float(model_input["a"].mean()), "seen": len(model_input), "params": params}

        cls.paths["custom"] = os.path.join(root, "custom")
        params = infer_signature(frame, None, params={"k": 1})
        mlflow.pyfunc.save_model(cls.paths["custom"], python_model=Mean(), signature=params, pip_requirements=[])

    def test_every_format_answers_what_the_model_predicts(self):
        model = load(self.paths["frame"])
        for value in (
            split([1, 2]),
            {"dataframe_records": [{"b": 2, "a": 1, "extra": 0}]},
            {"inputs": {"a": [1], "b": [2]}},
            {"instances": [{"a": 1, "b": 2}]},
        ):
            status, body = ask(model, value)
            self.assertEqual(status, 200, body)
            self.assertAlmostEqual(body["predictions"][0], 4.0, msg=value)
        self.assertAlmostEqual(ask(model, b"b,a\n2,1\n", content_type=b"text/csv")[1]["predictions"][0], 4.0)
        self.assertAlmostEqual(ask(model, {"input_data": [[1, 2]]}, route=0)[1][0], 4.0)

    def test_a_cell_that_does_not_fit_is_named_by_column_row_and_types(self):
        model = load(self.paths["frame"])
        status, body = ask(model, split([1, 2], [3, "x"]))
        self.assertEqual(status, 400)
        self.assertEqual(body["error"]["message"], "column 'b', row 1: expected double, found string 'x'")
        self.assertEqual(body["error"]["details"][0]["property"], "b[1]")
        status, body = ask(model, split([1], columns=["a"]))
        self.assertEqual((status, body["error"]["message"]), (400, "missing column 'b'"))
        status, body = ask(model, {"inputs": [[1, 2, 3]]})
        self.assertEqual((status, "row 0 has 3 values, expected 2" in body["error"]["message"]), (400, True))

    def test_what_is_not_finite_is_refused_by_the_model_as_ever(self):
        for name, value in (("frame", split([1, None])), ("tensor", {"inputs": [[1.0, 1e999]]}), ("frame", split([1, 2], [1e999, 3]))):
            model = load(self.paths[name])
            status, body = ask(model, value)
            self.assertEqual((status, body["error"]["message"]), (400, "the model raised an error"), body)
            self.assertEqual(ask(model, {"inputs": [[1.0, 2.0]]})[0], 200)

    def test_integers_and_text_are_not_bent_to_fit(self):
        model = load(self.paths["mixed"])
        self.assertEqual(ask(model, split([1.0, "x"], columns=["n", "c"]))[0], 200)
        for row, words in (
            ([1.5, "x"], "expected long, found number 1.5"),
            ([2**70, "x"], "outside"),
            ([None, "x"], "found null"),
            ([True, "x"], "found boolean"),
            ([1, 5], "expected string, found integer"),
        ):
            status, body = ask(model, split(row, columns=["n", "c"]))
            self.assertEqual((status, words in body["error"]["message"]), (400, True), body)
        status, body = ask(model, b"n,c\n1,x\noops,x\n", content_type=b"text/csv")
        self.assertEqual((status, body["error"]["message"]), (400, "column 'n', row 1: expected long, found string 'oops'"))

    def test_requests_that_arrive_together_share_one_predict_call_and_get_their_own_rows(self):
        model = load(self.paths["frame"])
        calls = []
        predict = model._predict
        model._predict = lambda data: calls.append(len(data)) or predict(data)
        found = answers(model, request(split([1, 2])), request(split([3, 5], [0, 1])), request({"input_data": [[4, 4]]}, route=0))
        self.assertEqual(calls, [4])
        self.assertEqual([one.rows for one in found], [1, 2, 1])
        rows = [json.loads(one.body.decode()) for one in found]
        flat = rows[0]["predictions"] + rows[1]["predictions"] + rows[2]
        np.testing.assert_allclose(flat, [4.0, 11.0, 1.0, 12.0])

    def test_one_bad_request_in_a_batch_fails_alone(self):
        model = load(self.paths["frame"])
        found = answers(model, request(split([1, 2])), request(split([1, "x"])), request(b"{"), request(split([3, 5])))
        huge = answers(model, request(split([1, 2])), request(split([1, 10**400])))
        self.assertEqual([one.status for one in huge], [200, 400])
        self.assertEqual([one.status for one in found], [200, 400, 400, 200])

    def test_a_request_that_breaks_the_model_fails_alone(self):
        model = load(self.paths["mixed"])
        rows = [split([1, cell], columns=["n", "c"]) for cell in ("x", "unseen", "y")]
        found = answers(model, *map(request, rows))
        self.assertEqual([one.status for one in found], [200, 400, 200])
        self.assertIn(("x-ms-run-function-failed", "True"), found[1].headers)

    def test_a_request_marked_solo_shares_with_nobody(self):
        model = load(self.paths["frame"])
        calls = []
        predict = model._predict
        model._predict = lambda data: calls.append(len(data)) or predict(data)
        answers(model, request(split([1, 2]), solo=True), request(split([1, 2])), request(split([1, 2])))
        self.assertEqual(sorted(calls), [1, 2])

    def test_the_array_given_instead_of_a_frame_changes_no_prediction(self):
        model = load(self.paths["frame"])
        self.assertTrue(model._inputs.schema.as_array)
        reference = mlflow.pyfunc.load_model(self.paths["frame"]).predict(pd.DataFrame(DATA, columns=COLUMNS))
        self.assertEqual(ask(model, split(*DATA))[1]["predictions"], reference.tolist())
        self.assertFalse(load(self.paths["mixed"])._inputs.schema.as_array)

    def test_tensors_are_checked_by_type_and_shape(self):
        model = load(self.paths["tensor"])
        self.assertAlmostEqual(ask(model, {"inputs": [[1, 2]]})[1]["predictions"][0], 4.0)
        for value, words in (
            ([[1, "x"]], "row 0, column 1: expected float64, found string 'x'"),
            ([[1, 2, 3]], "expected an array of shape (-1, 2), found (1, 3)"),
            ([[1, 2], [3]], "no array of equal length"),
            ([[True, False]], "found boolean"),
        ):
            status, body = ask(model, {"inputs": value})
            self.assertEqual((status, words in body["error"]["message"]), (400, True), body)

    def test_a_model_without_signature_shares_only_between_equal_types(self):
        model = load(self.paths["free"])
        found = answers(model, request({"inputs": [[1.0, 2.0]]}), request({"inputs": [[3, 5]]}), request(split([1.0, 2.0])))
        self.assertEqual([one.status for one in found], [200, 200, 200])
        self.assertAlmostEqual(json.loads(found[1].body.decode())["predictions"][0], 11.0)

    def test_custom_python_models_are_never_batched_unless_allowed_and_take_params(self):
        model = load(self.paths["custom"])
        self.assertFalse(model.description()["batching"])
        found = answers(model, request(split([1.0, 2.0])), request(dict(split([3.0, 2.0]), params={"k": 7})))
        bodies = [json.loads(one.body.decode())["predictions"] for one in found]
        self.assertEqual([body["seen"] for body in bodies], [1, 1])
        self.assertEqual(bodies[1]["params"], {"k": 7})
        allowed = load(self.paths["custom"], batching=True)
        found = answers(allowed, request(split([1.0, 2.0])), request(split([3.0, 2.0])))
        self.assertEqual([json.loads(one.body.decode())["predictions"]["seen"] for one in found], [1, 1])
        self.assertFalse(allowed.description()["batching"])

    def test_unsupported_content_is_a_415(self):
        model = load(self.paths["frame"])
        self.assertEqual(ask(model, b"x", content_type=b"image/png")[0], 415)
        self.assertEqual(ask(model, b"{}", content_type=b"application/json; charset=latin-1")[0], 415)

    def test_what_json_cannot_say_becomes_null(self):
        from hagane_worker.encode import dumps

        self.assertEqual(json.loads(dumps([float("nan"), np.float32(1.5), np.int64(2), pd.NaT])), [None, 1.5, 2, None])


if __name__ == "__main__":
    unittest.main()
