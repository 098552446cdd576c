"""The model behind BentoML, one worker."""

import os

import bentoml
import joblib
import numpy as np


@bentoml.service(workers=1)
class Iris:
    def __init__(self):
        self.model = joblib.load(os.path.join(os.environ["BENCH_MODEL_DIR"], "model.joblib"))

    @bentoml.api
    def predict(self, rows: list[list[float]]) -> list[int]:
        return self.model.predict(np.array(rows)).tolist()
