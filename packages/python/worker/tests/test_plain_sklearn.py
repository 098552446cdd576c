"""Models that are opened without MLflow answer as those that MLflow opens. Needs mlflow and scikit-learn."""

import json
import os
import subprocess
import sys
import tempfile
import unittest

try:
    import mlflow
    import pandas as pd
    from mlflow.models import infer_signature
    from sklearn.linear_model import LinearRegression, LogisticRegression
except ImportError:
    mlflow = None

FRAME = {"a": [1.0, 3.0, 4.0, 0.0], "b": [2.0, 5.0, 4.0, 1.0]}
BODY = {"dataframe_split": {"columns": ["a", "b"], "data": [[0.25, 1.5], [3.5, 2.0]]}}

# A process of its own, since this one has imported everything already.
PROGRAM = """
import json, sys, time
from hagane_worker import frames, mlflow_model, plain_sklearn
if sys.argv[2] == "mlflow":
    mlflow_model.load_plain_sklearn = lambda folder: None
model = mlflow_model.load_mlflow_model({"model_dir": sys.argv[1]})
body = sys.argv[3].encode()
content_type = b"application/json"
fixed = frames.SCORE.pack(time.monotonic() + 60, 1, 0, 2, len(content_type), 0)
[(_, answer)] = [one for batch in model.answer([frames.Request(1, fixed + b"pr" + content_type + body)]) for one in batch]
print(json.dumps([answer.body.decode(), "mlflow" in sys.modules, "pandas" in sys.modules, model.description()["batching"]]))
"""


def play(folder, way, body=BODY, program=PROGRAM):
    here = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    env = dict(os.environ, PYTHONPATH=here)
    ran = subprocess.run([sys.executable, "-W", "ignore", "-c", program, folder, way, json.dumps(body)], env=env, stdout=subprocess.PIPE)
    return json.loads(ran.stdout.decode().splitlines()[-1])


@unittest.skipIf(mlflow is None, "mlflow is not installed")
class PlainSklearn(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.frame = pd.DataFrame(FRAME)

    def tearDown(self):
        self.folder.cleanup()

    def saved(self, model, **more):
        path = os.path.join(self.folder.name, "model")
        data = more.pop("data", self.frame)
        signature = infer_signature(data, model.predict(data), **more.pop("signature", {}))
        mlflow.sklearn.save_model(model, path, signature=signature, pip_requirements=["scikit-learn"], **more)
        return path

    def test_answers_the_same_without_mlflow_and_without_pandas(self):
        for name, more in (("skops", {}), ("cloudpickle", {"serialization_format": "cloudpickle"})):
            with self.subTest(name):
                self.setUp()
                path = self.saved(LinearRegression().fit(self.frame, [1.0, 2.0, 3.0, 4.0]), **more)
                plain, ours, pandas, batching = play(path, "plain")
                theirs, mlflows, _, _ = play(path, "mlflow")
                self.assertEqual(plain, theirs)
                self.assertEqual([ours, pandas, batching, mlflows], [False, False, True, True])
                self.tearDown()
        self.setUp()

    def test_tensors_are_answered_without_pandas_too(self):
        data = self.frame.to_numpy()
        path = self.saved(LinearRegression().fit(data, [1.0, 2.0, 3.0, 4.0]), data=data)
        body = {"inputs": [[0.25, 1.5], [3.5, 2.0]]}
        plain, ours, pandas, _ = play(path, "plain", body)
        self.assertEqual([plain, ours, pandas], [play(path, "mlflow", body)[0], False, False])

    def test_a_custom_predict_function_is_called(self):
        path = self.saved(LogisticRegression().fit(self.frame, [0, 1, 1, 0]), pyfunc_predict_fn="predict_proba")
        plain, ours, _, _ = play(path, "plain")
        self.assertEqual(plain, play(path, "mlflow")[0])
        self.assertEqual([ours, len(json.loads(plain)["predictions"][0])], [False, 2])

    def test_frames_are_made_when_cells_need_them(self):
        path = self.saved(LinearRegression().fit(self.frame, [1.0, 2.0, 3.0, 4.0]))
        body = {"dataframe_records": [{"a": 1, "b": 2}]}
        self.assertEqual(play(path, "plain", body)[0], play(path, "mlflow", body)[0])

    def test_what_mlflow_has_to_check_is_left_to_it(self):
        path = self.saved(LinearRegression().fit(self.frame, [1.0, 2.0, 3.0, 4.0]), signature={"params": {"x": 1}})
        self.assertTrue(play(path, "plain")[1])

    def test_a_pickle_that_is_allowed_answers_as_the_object_in_it(self):
        import joblib

        path = os.path.join(self.folder.name, "m.joblib")
        model = LinearRegression().fit(self.frame.to_numpy(), [1.0, 2.0, 3.0, 4.0])
        joblib.dump(model, path)
        program = PROGRAM.replace('mlflow_model.load_mlflow_model({"model_dir": sys.argv[1]})', 'pickle_model.load_pickle_model({"model_file": sys.argv[1]})')
        body = {"inputs": [[0.25, 1.5], [3.5, 2.0]]}
        answer = json.loads(play(path, "plain", body, program.replace("import frames", "import pickle_model, frames"))[0])
        self.assertEqual(answer["predictions"], model.predict(body["inputs"]).tolist())

    def test_a_pickle_of_something_else_is_refused(self):
        import pickle

        from hagane_worker.pickle_model import PickleError, load_pickle_model

        path = os.path.join(self.folder.name, "m.pkl")
        with open(path, "wb") as target:
            pickle.dump({"a": 1}, target)
        with self.assertRaisesRegex(PickleError, "a dict, which has no predict"):
            load_pickle_model({"model_file": path})
