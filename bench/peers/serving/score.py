"""The model behind Azure ML's own inference server."""

import json
import os

import joblib
import numpy as np


def init():
    global model
    model = joblib.load(os.path.join(os.environ["AZUREML_MODEL_DIR"], "model.joblib"))


def run(raw_data):
    return model.predict(np.array(json.loads(raw_data)["data"])).tolist()
