"""The entry of a task of type model: an MLflow model predicts mini-batches of a table, or of files that hold tables."""

import argparse
import os

_model = None
_readers = {".csv": "read_csv", ".parquet": "read_parquet", ".json": "read_json", ".xlsx": "read_excel"}


def init():
    import mlflow.pyfunc

    parser = argparse.ArgumentParser(add_help=False)
    parser.add_argument("--model", required=True)
    global _model
    _model = mlflow.pyfunc.load_model(model_folder(parser.parse_known_args()[0].model))


def model_folder(path):
    """The folder with MLmodel, which may lie one folder below."""
    if os.path.isfile(os.path.join(path, "MLmodel")):
        return path
    below = [os.path.join(path, name) for name in sorted(os.listdir(path))]
    return next((folder for folder in below if os.path.isfile(os.path.join(folder, "MLmodel"))), path)


def run(mini_batch):
    if not isinstance(mini_batch, list):
        return _predictions(mini_batch)
    return [[os.path.basename(path), one] for path in mini_batch for one in _predictions(_read(path))]


def _read(path):
    import pandas

    reader = _readers.get(os.path.splitext(path)[1].lower())
    if reader is None:
        raise ValueError("{}: a model reads {}".format(os.path.basename(path), ", ".join(sorted(_readers))))
    return getattr(pandas, reader)(path)


def _predictions(frame):
    found = _model.predict(frame)
    if hasattr(found, "values"):
        found = found.values
    return found.tolist() if hasattr(found, "tolist") else list(found)
