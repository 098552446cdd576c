"""``python -m hagane_explain``: reads a request on standard input: a line of JSON, then model, data, background and report."""

import importlib.util
import json
import os
import sys

from hagane_explain.importance import as_numbers, permutation, shapley
from hagane_explain.report import write
from hagane_explain.tables import features, read


def main():
    given = sys.stdin.read().splitlines()
    request = json.loads(given[0])
    model_path, data_path, background_path, report = [os.path.abspath(line) if line else None for line in given[1:5]]
    predict, native, signature = load(folder_of_model(model_path))
    table = features(read(data_path), signature, request.get("target"))
    rows = sampled(table, request["rows"])
    background = sampled(features(read(background_path), signature, request.get("target")), 100) if background_path else rows
    method, base = "permutation", None
    if importlib.util.find_spec("shap") is not None:
        method = "shap"
        importance, values, base = shapley(predict, native, rows, background)
    else:
        importance, values = permutation(predict, rows, background)
    facts = {"method": method, "model": request["model"], "rows": len(rows), "base_value": base}
    write(report, facts, importance, values, rows)
    print("explained {} on {} rows ({})".format(request["model"], len(rows), method))


def sampled(table, rows):
    return table.reset_index(drop=True) if len(table) <= rows else table.sample(rows, random_state=0).reset_index(drop=True)


def folder_of_model(path):
    for folder, _, names in os.walk(path):
        if "MLmodel" in names:
            return folder
    raise SystemExit("explain: no MLmodel in the model: only MLflow models can be explained")


def load(folder):
    """A function that answers in numbers, the model of its own library where that is known, and the columns it takes."""
    import mlflow

    model = mlflow.pyfunc.load_model(folder)
    native = None
    for flavor in ("sklearn", "xgboost", "lightgbm"):
        if flavor in model.metadata.flavors:
            native = getattr(mlflow, flavor).load_model(folder)
    schema = model.metadata.get_input_schema()
    signature = list(schema.input_names()) if schema is not None and schema.has_input_names() else None
    answer = getattr(native, "predict_proba", None) or model.predict
    return lambda table: as_numbers(answer(table)), native, signature


main()
