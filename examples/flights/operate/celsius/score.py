"""Serves the champion, by somebody who took the thermometers of New York for Fahrenheit ones that have to be converted.

Nothing that looks at the model alone can see this: the files are those that passed the gate. Its answers differ.
"""

import json
import os

import mlflow
import pandas as pd

model = None


def init() -> None:
    global model
    folder = os.environ["AZUREML_MODEL_DIR"]
    model = mlflow.pyfunc.load_model(next(path for path, _, files in os.walk(folder) if "MLmodel" in files))


def run(body: str) -> list:
    rows = pd.DataFrame(**json.loads(body)["input_data"])
    for column in ("temp", "dewp"):
        rows[column] = (rows[column] - 32) * 5 / 9
    return model.predict(rows).tolist()
