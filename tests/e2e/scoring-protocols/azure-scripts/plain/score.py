"""Returns what the request asks for."""

import logging
import os
import sys

import numpy as np
import pandas as pd

TABLE = {
    "dict": {"a": [1, 2.5, None, True], "é": "日本"},
    "list": [1, "x"],
    "empty list": [],
    "text": 'a "quoted" text',
    "json text": '{"a": 1}',
    "number": 0.1,
    "bool": False,
    "none": None,
    "tuple": (1, 2),
    "int keys": {1: "a", None: "b"},
    "nan": [float("nan"), float("inf")],
    "large": 2**70,
    "array": np.arange(3),
    "numpy scalar": np.float64(0.5),
    "numpy integer": np.int64(3),
    "frame": pd.DataFrame({"a": [1]}),
    "bytes": b"abc",
    "set": {1},
    "iterator": iter([1]),
}


def init():
    print("init was called")


def run(raw_data):
    if raw_data == "environment":
        names = ("AZUREML_MODEL_DIR", "SERVICE_NAME", "OWN_VARIABLE", "AZUREML_ENTRY_SCRIPT")
        roots = [os.environ["AML_APP_ROOT"] == os.path.dirname(__file__), os.path.dirname(__file__) in sys.path, __name__]
        return [{name: os.environ.get(name) for name in names}, *roots]
    if raw_data == "log":
        print("printed", "é")
        logging.getLogger("azmlinfsrv").info("told to the logger of the server")
        logging.warning("a warning of the root logger")
        print("printed to stderr", file=sys.stderr)
        return None
    if raw_data == "raise":
        raise ValueError("the text of the error")
    if raw_data == "own timeout":
        raise TimeoutError("a service that the script asked did not answer")
    if raw_data.startswith("give "):
        return TABLE[raw_data[5:]]
    return {"type": type(raw_data).__name__, "length": len(raw_data), "start": raw_data[:2000]}
