"""Writes a scikit-learn model that MLflow saves, a CSV file of many rows, and a small one, below a folder."""

import sys
from pathlib import Path

import mlflow.sklearn
import numpy
import pandas
from mlflow.models import infer_signature
from sklearn.linear_model import LogisticRegression

folder, rows, requirements = Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3].split(",")
columns = ["x{}".format(number) for number in range(8)]
chance = numpy.random.default_rng(0)


def table(count):
    return pandas.DataFrame(chance.normal(size=(count, len(columns))).round(4), columns=columns)


sample = table(20000)
target = (sample.sum(axis=1) > 0).astype(int)
model = LogisticRegression().fit(sample, target)
signature = infer_signature(sample, model.predict(sample))
mlflow.sklearn.save_model(model, str(folder / "model"), signature=signature, pip_requirements=requirements)
for name, count in (("warm", 100), ("rows", rows)):
    (folder / name).mkdir()
    with open(folder / name / "rows.csv", "w") as file:
        for at in range(0, count, 100000):
            table(min(100000, count - at)).to_csv(file, header=at == 0, index=False)
