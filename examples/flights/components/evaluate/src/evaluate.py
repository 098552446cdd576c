"""Scores the model on flights it could not know: the holdout weeks after training, then later months.

The measure is the area under the ROC curve, beside a baseline that anybody could keep on paper: how often this carrier
was late at this hour. April and July, where they lie after training, are a first look at how the model ages.
"""

import argparse
import json
from pathlib import Path

import mlflow
import pandas as pd
from roc_chart import roc_svg
from sklearn.metrics import confusion_matrix, log_loss, roc_auc_score, roc_curve
from threadpoolctl import threadpool_limits

# Flights that a cell of the baseline table borrows from the overall rate, so that a cell of three flights says little.
PRIOR_FLIGHTS = 20


def baseline(train: pd.DataFrame, table: pd.DataFrame) -> pd.Series:
    """Late rate of the same carrier in the same hour of training, shrunk towards the overall rate."""
    overall = train["late"].mean()
    keys = [train["carrier"], train["departure_minute"] // 60]
    cells = train.groupby(keys)["late"].agg(["sum", "count"])
    rates = (cells["sum"] + PRIOR_FLIGHTS * overall) / (cells["count"] + PRIOR_FLIGHTS)
    wanted = pd.MultiIndex.from_arrays([table["carrier"], table["departure_minute"] // 60])
    return rates.reindex(wanted).fillna(overall)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--prepared", type=Path, required=True)
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--evaluation", type=Path, required=True)
    args = parser.parse_args()
    model = mlflow.pyfunc.load_model(str(args.model))
    columns = model.metadata.get_input_schema().input_names()
    tables = {
        name: pd.read_parquet(args.prepared / f"{name}.parquet") for name in ("train", "holdout", "april", "july")
    }
    late = {name: table["late"] for name, table in tables.items()}
    known_until = tables["train"]["date"].max()
    months = [name for name in ("april", "july") if tables[name]["date"].min() > known_until]
    with threadpool_limits(1, user_api="openmp"):
        score = {name: model.predict(tables[name][columns])[:, 1] for name in ("holdout", *months)}
    rate = baseline(tables["train"], tables["holdout"])
    metrics = {
        "holdout_auc": roc_auc_score(late["holdout"], score["holdout"]),
        "baseline_auc": roc_auc_score(late["holdout"], rate),
        "holdout_log_loss": log_loss(late["holdout"], score["holdout"]),
        "baseline_log_loss": log_loss(late["holdout"], rate),
        "holdout_late_rate": float(late["holdout"].mean()),
        **{f"{name}_auc": roc_auc_score(late[name], score[name]) for name in months},
    }
    curves = {
        "model": roc_curve(late["holdout"], score["holdout"]),
        "carrier and hour": roc_curve(late["holdout"], rate),
    }
    (true_on_time, false_late), (false_on_time, true_late) = confusion_matrix(
        late["holdout"], score["holdout"] > 0.5
    ).tolist()
    confusion = {
        "threshold": 0.5,
        "late": {"said late": true_late, "said on time": false_on_time},
        "on time": {"said late": false_late, "said on time": true_on_time},
    }
    args.evaluation.mkdir(parents=True, exist_ok=True)
    (args.evaluation / "metrics.json").write_text(json.dumps(metrics, indent=2))
    (args.evaluation / "confusion.json").write_text(json.dumps(confusion, indent=2))
    (args.evaluation / "roc.svg").write_text(roc_svg({name: (x, y) for name, (x, y, _) in curves.items()}))
    mlflow.log_metrics(metrics)
    mlflow.log_artifacts(str(args.evaluation))
    print("\n".join(f"{name:18} {value:.4f}" for name, value in metrics.items()))


if __name__ == "__main__":
    main()
