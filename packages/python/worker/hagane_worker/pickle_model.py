"""A pickle or joblib file of an object with `predict`, served as an MLflow model without signature is.

Opening it runs whatever code is in it. Who serves it has said that they trust it; it is refused otherwise, long before this.
"""

import pickle

from .mlflow_model import MlflowModel


class PickleError(Exception):
    """What is in the file is not a model that can be served."""


def load_pickle_model(config):
    """Opens `model_file` and returns what answers requests. Raises what opening raises, PickleError for other objects."""
    model = _open(config["model_file"])
    if not callable(getattr(model, "predict", None)):
        raise PickleError("the file holds a %s, which has no predict()" % type(model).__name__)
    return MlflowModel(_Model(model), config.get("batching"))


def _open(path):
    try:
        import joblib
    except ImportError:
        with open(path, "rb") as source:
            return pickle.load(source)
    return joblib.load(path)


class _Metadata:
    def __init__(self, module):
        # rows of scikit-learn's own estimators are independent of one another; of others nothing is known
        loader = "mlflow.sklearn" if module.split(".")[0] == "sklearn" else None
        self.flavors = {"python_function": {"loader_module": loader}}


class _Implementation:
    def __init__(self, model):
        self.sklearn_model = model


class _Model:
    """Stands for MLflow's PyFuncModel."""

    def __init__(self, model):
        self.metadata = _Metadata(type(model).__module__)
        self._model_impl = _Implementation(model)
        self._predict_fn = model.predict

    def predict(self, data, params=None):
        return self._predict_fn(data)
