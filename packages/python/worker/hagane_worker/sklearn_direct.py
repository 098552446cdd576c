"""scikit-learn estimators that were fitted with column names but only compare them: given the array instead of a frame.

Since 1.8 scikit-learn spends about a millisecond on the names of a frame, four times what a small model needs to
predict. The worker has checked and ordered the columns already, so for estimators that do nothing else with names the
array is the same input. Anything that may look at columns (pipelines, transformers, meta-estimators, categories) keeps
its frame.
"""

import warnings

import numpy as np

_LEAF_PACKAGES = frozenset(
    "sklearn." + name for name in ("linear_model", "tree", "svm", "neighbors", "naive_bayes", "neural_network", "discriminant_analysis")
)
_LEAF_CLASSES = frozenset(
    [
        "RandomForestClassifier",
        "RandomForestRegressor",
        "ExtraTreesClassifier",
        "ExtraTreesRegressor",
        "GradientBoostingClassifier",
        "GradientBoostingRegressor",
        "HistGradientBoostingClassifier",
        "HistGradientBoostingRegressor",
        "IsolationForest",
    ]
)


# Below it a number is finite also as float32, which trees compute with.
_LARGEST = 3e38


def estimator_of(model):
    """The estimator that the pyfunc `model` wraps, when it is one of those that only compare names."""
    estimator = getattr(getattr(model, "_model_impl", None), "sklearn_model", None)
    return estimator if estimator is not None and _is_leaf(type(estimator)) else None


def takes_array(model, names):
    """Whether the pyfunc `model` wraps an estimator that answers an array of `names` in order as it answers the frame."""
    estimator = estimator_of(model)
    if estimator is None:
        return False
    if getattr(estimator, "is_categorical_", None) is not None:
        return False
    if list(getattr(estimator, "feature_names_in_", ())) != list(names):
        return False
    warnings.filterwarnings("ignore", message="X does not have valid feature names")
    return True


def without_checks(predict):
    """`predict` of a leaf estimator without what scikit-learn checks anew in each call, a third of the time of one row.

    Parameters were validated by `fit`; that numbers are finite is seen here at a fraction of the cost, and an array that
    holds others is given to all of scikit-learn's checks.
    """
    import sklearn

    if "skip_parameter_validation" in sklearn.get_config():  # since 1.3
        sklearn.set_config(skip_parameter_validation=True)

    def call(data):
        plain = isinstance(data, np.ndarray) and data.dtype.kind in "fiu" and data.size > 0 and bool(np.abs(data).max() < _LARGEST)
        if not plain:
            return predict(data)
        sklearn.set_config(assume_finite=True)
        try:
            return predict(data)
        finally:
            sklearn.set_config(assume_finite=False)

    return call


def _is_leaf(kind):
    module = kind.__module__
    if module.startswith("sklearn.ensemble."):
        return kind.__name__ in _LEAF_CLASSES
    return ".".join(module.split(".")[:2]) in _LEAF_PACKAGES
