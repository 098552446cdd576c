"""Trains the model that says how likely a flight is to arrive late, and logs it with MLflow.

The model takes the raw named columns (texts for carrier, origin and dest) and answers with two probabilities per row:
on time, late.
"""

import argparse
import json
from importlib.metadata import version
from pathlib import Path

import mlflow
import pandas as pd
from mlflow.models import infer_signature
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import OrdinalEncoder
from threadpoolctl import threadpool_limits

CATEGORIES = ["carrier", "origin", "dest"]
NOT_FEATURES = ["date", "late"]
REQUIREMENTS = ["scikit-learn", "pandas", "numpy", "skops"]


def build_model(max_iter: int, learning_rate: float, max_leaf_nodes: int) -> Pipeline:
    """An unfitted pipeline. A category that training never saw gets a code of its own, so it is no error later."""
    unseen = {"handle_unknown": "use_encoded_value", "unknown_value": -1, "encoded_missing_value": -1}
    encode = ColumnTransformer([("categories", OrdinalEncoder(**unseen), CATEGORIES)], remainder="passthrough")
    classify = HistGradientBoostingClassifier(
        max_iter=max_iter,
        learning_rate=learning_rate,
        max_leaf_nodes=max_leaf_nodes,
        min_samples_leaf=200,
        l2_regularization=5.0,
        early_stopping=False,
        random_state=13,
    )
    return Pipeline([("encode", encode), ("classify", classify)])


def log_model(model: Pipeline, features: pd.DataFrame) -> str:
    """Logs the fitted model into the run and returns its URI. skops files hold no executable code, unlike pickles.

    The signature comes from the whole table: a column with gaps in training is one that a request may leave null.
    """
    example = features.dropna().head(3)
    logged = mlflow.sklearn.log_model(
        model,
        name="model",
        pyfunc_predict_fn="predict_proba",
        signature=infer_signature(features, model.predict_proba(example)),
        input_example=example,
        pip_requirements=[f"{name}=={version(name)}" for name in REQUIREMENTS],
        skops_trusted_types=["sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor"],
    )
    return logged.model_uri


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--prepared", type=Path, required=True)
    parser.add_argument("--checks", type=Path, required=True)
    parser.add_argument("--max-iter", type=int, default=200)
    parser.add_argument("--learning-rate", type=float, default=0.03)
    parser.add_argument("--max-leaf-nodes", type=int, default=31)
    parser.add_argument("--model", type=Path, required=True, help="folder that receives the logged model")
    args = parser.parse_args()
    report = json.loads((args.checks / "report.json").read_text())
    if not report["passed"]:
        raise SystemExit("the data checks did not pass: see report.json of the check step")
    table = pd.read_parquet(args.prepared / "train.parquet")
    features = table.drop(columns=NOT_FEATURES)
    settings = {name: getattr(args, name) for name in ("max_iter", "learning_rate", "max_leaf_nodes")}
    mlflow.log_params({**settings, "features": features.shape[1]})
    # One thread adds up in a fixed order, so the same data gives the same model; on a busy machine it is also faster.
    with threadpool_limits(1, user_api="openmp"):
        model = build_model(**settings).fit(features, table["late"])
    mlflow.log_metric("train_rows", len(table))
    # The output is the logged model itself, so what is evaluated and deployed is byte for byte what the run holds.
    mlflow.artifacts.download_artifacts(log_model(model, features), dst_path=str(args.model))
    print(f"trained on {len(table):,} flights, {features.shape[1]} columns")


if __name__ == "__main__":
    main()
