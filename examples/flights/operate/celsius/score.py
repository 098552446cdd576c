"""Serves the champion, by somebody who took the thermometers of New York for Fahrenheit ones that have to be converted.

Nothing that looks at the model alone can see this: the files are those that passed the gate. Its answers differ.
"""

import json
import os

import mlflow
import pandas as pd

model = None
numbers = None


def init() -> None:
    global model, numbers
    folder = os.environ["AZUREML_MODEL_DIR"]
    model = mlflow.pyfunc.load_model(next(path for path, _, files in os.walk(folder) if "MLmodel" in files))
    columns = model.metadata.get_input_schema().inputs
    numbers = {column.name: float for column in columns if column.type.name == "double"}


def run(body: str) -> list:
    # in JSON 3 may stand for 3.0, and a column may be null throughout
    rows = pd.DataFrame(**json.loads(body)["input_data"]).astype(numbers)
    for column in ("temp", "dewp"):
        rows[column] = (rows[column] - 32) * 5 / 9
    return model.predict(rows).tolist()
