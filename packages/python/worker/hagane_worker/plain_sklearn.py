"""scikit-learn models of MLflow, loaded as `mlflow.sklearn` does but without importing MLflow.

`import mlflow` costs two seconds of processor time and a hundred megabytes, and what this flavor does with it is to open
one file and call one method. Whatever is not plainly that (code of its own, parameters, type hints, nested inputs, a
setting of MLflow's that forbids it) is left to MLflow. Source: mlflow/sklearn/__init__.py and mlflow/pyfunc/__init__.py, 3.x.
"""

import importlib
import json
import os
import pickle
import sys

from .schema import SCALARS

_PREDICT = frozenset(("predict", "predict_proba", "predict_log_proba"))


def load_plain_sklearn(folder):
    """What MLflow's `pyfunc.load_model(folder)` answers, as far as a worker uses it; None when MLflow has to load it."""
    try:
        import yaml
    except ImportError:
        return None
    with open(os.path.join(folder, "MLmodel"), encoding="utf-8") as source:
        facts = yaml.safe_load(source)
    if not isinstance(facts, dict) or not _is_plain(facts) or not _may_open():
        return None
    schema = _schema_of(facts.get("signature"))
    if schema is False:
        return None
    import_sklearn()
    flavor = facts["flavors"]["sklearn"]
    path = os.path.join(folder, facts["flavors"]["python_function"]["model_path"])
    estimator = _open(path, flavor.get("serialization_format", "pickle"), flavor.get("skops_trusted_types"))
    return None if estimator is None else _Model(facts["flavors"], schema, estimator)


def _is_plain(facts):
    flavors = facts.get("flavors") or {}
    pyfunc = flavors.get("python_function") or {}
    sklearn = flavors.get("sklearn") or {}
    return (
        pyfunc.get("loader_module") == "mlflow.sklearn"
        and isinstance(pyfunc.get("model_path"), str)
        and pyfunc.get("predict_fn", "predict") in _PREDICT
        and not pyfunc.get("code")
        and not sklearn.get("code")
        and not facts.get("is_signature_from_type_hint")
        and not facts.get("model_config")
        and not pyfunc.get("config")
    )


def _may_open():
    """MLflow's own setting against opening models; where it is set, MLflow says what it has to say."""
    return os.environ.get("MLFLOW_ALLOW_PICKLE_DESERIALIZATION", "true").lower() in ("true", "1")


def _open(path, form, trusted):
    if form == "skops":
        import skops.io

        return skops.io.load(path, trusted=trusted)
    if form not in ("pickle", "cloudpickle"):
        return None
    with open(path, "rb") as source:
        if form == "pickle":
            return pickle.load(source)
        import cloudpickle

        return cloudpickle.load(source)


def _schema_of(signature):
    """The input columns or tensor; None without a signature, False for one that only MLflow can check."""
    if not signature or not signature.get("inputs"):
        return None if not signature or not signature.get("params") else False
    if signature.get("params"):
        return False
    inputs = json.loads(signature["inputs"])
    if len(inputs) == 1 and inputs[0].get("type") == "tensor" and inputs[0].get("name") is None:
        spec = inputs[0]["tensor-spec"]
        return _Schema([_Spec(None, spec["dtype"], tuple(spec["shape"]))], True)
    if not all(one.get("type") in SCALARS for one in inputs):
        return False
    return _Schema([_Spec(one.get("name"), _Named(one["type"]), None, one.get("required", True)) for one in inputs], False)


class _Later:
    """pandas for whoever asks it for something."""

    def __getattr__(self, name):
        return getattr(importlib.import_module("pandas"), name)


def import_sklearn():
    """scikit-learn without pandas, which it imports at its start but uses only with frames: 60 MB and 0.3 s less."""
    if "pandas" in sys.modules or "sklearn" in sys.modules:
        return
    sys.modules["pandas"] = None  # what Python takes for "cannot be imported"
    try:
        fixes = importlib.import_module("sklearn.utils.fixes")
    finally:
        del sys.modules["pandas"]
    if getattr(fixes, "pd", fixes) is None:
        fixes.pd = _Later()


class _Named:
    def __init__(self, name):
        self.name = name


class _Spec:
    def __init__(self, name, kind, shape, required=True):
        self.name = name
        self.type = kind
        self.shape = shape
        self.required = required


class _Schema:
    def __init__(self, inputs, is_tensor):
        self.inputs = inputs
        self._is_tensor = is_tensor

    def is_tensor_spec(self):
        return self._is_tensor


class _Metadata:
    def __init__(self, flavors, schema):
        self.flavors = flavors
        self._schema = schema

    def get_input_schema(self):
        return self._schema


class _Implementation:
    def __init__(self, estimator):
        self.sklearn_model = estimator


class _Model:
    """Stands for MLflow's PyFuncModel."""

    def __init__(self, flavors, schema, estimator):
        self.metadata = _Metadata(flavors, schema)
        self._model_impl = _Implementation(estimator)
        self._predict_fn = getattr(estimator, flavors["python_function"].get("predict_fn", "predict"))

    def predict(self, data, params=None):
        """A model without parameters in its signature is given none; MLflow ignores them too."""
        return self._predict_fn(data)
