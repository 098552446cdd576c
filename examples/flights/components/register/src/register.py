"""Registers the logged model and points an alias at it, if it beats the baseline by the margin."""

import argparse
import json
from pathlib import Path

import mlflow
from mlflow import MlflowClient
from mlflow.models import Model


def register(model: Path, name: str, alias: str, metrics: dict[str, float]) -> dict:
    """Registers the model under the id its run gave it, so that the version leads back to the training run."""
    model_id = Model.load(str(model)).model_id
    tags = {key: f"{metrics[key]:.4f}" for key in ("holdout_auc", "baseline_auc")}
    created = mlflow.register_model(f"models:/{model_id}", name, tags=tags)
    MlflowClient().set_registered_model_alias(name, alias, created.version)
    return {"registered": True, "name": name, "version": str(created.version), "alias": alias, "model_id": model_id}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--evaluation", type=Path, required=True)
    parser.add_argument("--model-name", required=True)
    parser.add_argument("--alias", required=True)
    parser.add_argument("--margin", type=float, required=True)
    parser.add_argument("--registration", type=Path, required=True)
    args = parser.parse_args()
    metrics = json.loads((args.evaluation / "metrics.json").read_text())
    lead = metrics["holdout_auc"] - metrics["baseline_auc"]
    mlflow.log_metrics({"lead_over_baseline": lead, "margin": args.margin})
    if lead > args.margin:
        result = register(args.model, args.model_name, args.alias, metrics)
    else:
        result = {"registered": False, "reason": f"leads the baseline by {lead:.4f}, asked for more than {args.margin}"}
    args.registration.mkdir(parents=True, exist_ok=True)
    (args.registration / "version.json").write_text(json.dumps(result, indent=2))
    mlflow.log_dict(result, "version.json")
    print(json.dumps(result))


if __name__ == "__main__":
    main()
