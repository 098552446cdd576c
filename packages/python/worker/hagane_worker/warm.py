"""A worker that has imported what models of its environment need before it is told which one it serves."""

import importlib
import logging
import os
import sys

logger = logging.getLogger("hagane.warm")

# Packages that take long to import; of scikit-learn the parts as well.
_SLOW = (
    "numpy", "pandas", "skops.io", "joblib", "cloudpickle", "scipy.stats", "mlflow.pyfunc", "xgboost", "lightgbm",
    "catboost", "torch", "tensorflow", "keras", "transformers", "hagane_worker.mlflow_model", "hagane_worker.script",
)  # fmt: skip


def imported():
    """What of these this process has imported."""
    parts = [name for name in sys.modules if name.startswith("sklearn.") and name.count(".") == 1 and not name.startswith("sklearn._")]
    return [name for name in _SLOW if name in sys.modules] + sorted(parts)


def import_all(modules):
    """Imports what another worker of the environment had imported; what fails is imported by the model, or told then."""
    if any(name.startswith("sklearn.") for name in modules) and "pandas" not in modules:
        _attempt(lambda: importlib.import_module("hagane_worker.plain_sklearn").import_sklearn())
    for name in modules:
        _attempt(lambda name=name: importlib.import_module(name))


def _attempt(act):
    try:
        act()
    except Exception as error:  # noqa: B902 - a spare that lacks a package is still a spare
        logger.info("not imported ahead: %s", error)


def become(config):
    """Takes over the environment and the log of the deployment that it serves from now on."""
    os.environ.clear()
    os.environ.update(config["environment"])
    log = os.open(config["log_file"], os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    for stream in (1, 2):
        os.dup2(log, stream)
    os.close(log)
