"""Saves one scikit-learn model below a folder: as MLflow models `arrays` (plain rows) and `columns` (named ones), and bare."""

import sys
from pathlib import Path

import joblib
import mlflow.sklearn
from mlflow.models import infer_signature
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression

folder = Path(sys.argv[1])
requirements = sys.argv[2].split(",")
iris = load_iris(as_frame=True)
for name, features in (("arrays", iris.data.to_numpy()), ("columns", iris.data)):
    model = LogisticRegression(max_iter=1000).fit(features, iris.target)
    signature = infer_signature(features, model.predict(features))
    mlflow.sklearn.save_model(model, str(folder / name), signature=signature, pip_requirements=requirements)
    if name == "arrays":
        joblib.dump(model, folder / "model.joblib")
