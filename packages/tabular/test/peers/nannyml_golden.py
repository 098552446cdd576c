"""Writes nannyml.json: what NannyML and scikit-learn say of rows that model-rows.ts makes, too.

    pip install nannyml==0.13.1 statsmodels && python nannyml_golden.py
"""
import json
import pathlib
import warnings

import nannyml
import numpy as np
import pandas as pd
from sklearn import metrics

nannyml.disable_usage_logging()
warnings.filterwarnings("ignore")
here = pathlib.Path(__file__).parent


def generator(seed):
    state = seed

    def following():
        nonlocal state
        state = (state * 1664525 + 1013904223) % 2**32
        return state / 2**32

    return following


def scored(seed, n, calibrated, tilt):
    draw = generator(seed)
    rows = []
    for _ in range(n):
        u = draw()
        score = u + tilt * (u * u - u)
        truth = score if calibrated else score * score
        rows.append({"score": score, "prediction": int(score >= 0.5), "target": int(draw() < truth)})
    return pd.DataFrame(rows)


def correlated(seed, n, turn, gaps):
    draw = generator(seed)
    rows = []
    for i in range(n):
        a = draw() + draw() - 1
        b = turn * 2 * a + 0.3 * draw()
        c = a + 0.2 * draw()
        d = draw()
        kind = int(draw() ** 2 * 5)
        rows.append({"a": a, "b": b, "c": None if gaps and i % 11 == 0 else c, "d": d, "kind": f"k{kind}"})
    return pd.DataFrame(rows)


def regressed(seed, n, tilt):
    draw = generator(seed)
    rows = []
    for _ in range(n):
        x, u = draw(), draw()
        z = u + tilt * (u - u * u)
        prediction = 3 * x
        rows.append({"x": x, "z": z, "prediction": prediction, "target": prediction + (draw() - 0.5) * (0.2 + 2 * z)})
    return pd.DataFrame(rows)


def plain(value):
    return float(value)


def cbpe(case):
    reference = scored(case["seed"], case["n"], case["calibrated"], 0)
    current = scored(case["seed"] + 1, case["n"], case["calibrated"], case["tilt"])
    names = ["roc_auc", "accuracy", "precision", "recall", "f1"]
    estimator = nannyml.CBPE(
        y_pred_proba="score", y_pred="prediction", y_true="target", metrics=names,
        problem_type="classification_binary", chunk_size=case["n"],
    ).fit(reference)
    found = estimator.estimate(current.drop(columns="target")).filter(period="analysis").to_df()
    y, p, s = reference["target"], reference["prediction"], reference["score"]
    return {
        "calibrated": bool(estimator.needs_calibration),
        "estimated": {name: plain(found[(name, "value")].iloc[0]) for name in names},
        "reference": {
            "accuracy": plain(metrics.accuracy_score(y, p)),
            "precision": plain(metrics.precision_score(y, p)),
            "recall": plain(metrics.recall_score(y, p)),
            "f1": plain(metrics.f1_score(y, p)),
            "roc_auc": plain(metrics.roc_auc_score(y, s)),
            "log_loss": plain(metrics.log_loss(y, s)),
        },
    }


def dle(case):
    reference, current = regressed(case["seed"], case["n"], 0), regressed(case["seed"] + 1, case["n"], case["tilt"])
    names = ["mae", "mse", "rmse"]
    estimator = nannyml.DLE(
        feature_column_names=["x", "z"], y_pred="prediction", y_true="target", metrics=names, chunk_size=case["n"],
    ).fit(reference)
    found = estimator.estimate(current.drop(columns="target")).filter(period="analysis").to_df()
    y, p = current["target"], current["prediction"]
    return {
        "estimated": {name: plain(found[(name, "value")].iloc[0]) for name in names},
        "realised": {
            "mean_absolute_error": plain(metrics.mean_absolute_error(y, p)),
            "mean_squared_error": plain(metrics.mean_squared_error(y, p)),
            "root_mean_squared_error": plain(np.sqrt(metrics.mean_squared_error(y, p))),
            "r2_score": plain(metrics.r2_score(y, p)),
        },
    }


def rows(case):
    reference = correlated(case["seed"], case["n"], 1, case["gaps"])
    current = correlated(case["seed"] + 1, case["n"], case["turn"], case["gaps"])
    columns = list(reference.columns)
    calculator = nannyml.DataReconstructionDriftCalculator(column_names=columns, chunk_size=case["n"]).fit(reference)
    found = calculator.calculate(current).filter(period="analysis").to_df()
    before = calculator.result.filter(period="reference").to_df()
    classifier = nannyml.DomainClassifierCalculator(feature_column_names=columns, chunk_size=case["n"]).fit(reference)
    told = classifier.calculate(current).filter(period="analysis").to_df()
    return {
        "current_error": plain(found[("reconstruction_error", "value")].iloc[0]),
        "reference_error": plain(before[("reconstruction_error", "value")].iloc[0]),
        "auc": plain(told[("domain_classifier_auroc", "value")].iloc[0]),
    }


cases = json.loads((here / "model-cases.json").read_text())
result = {
    "cbpe": {case["name"]: cbpe(case) for case in cases["cbpe"]},
    "dle": {case["name"]: dle(case) for case in cases["dle"]},
    "rows": {case["name"]: rows(case) for case in cases["rows"]},
}
(here / "nannyml.json").write_text(json.dumps(result, indent=1) + "\n")
