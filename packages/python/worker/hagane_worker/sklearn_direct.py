"""scikit-learn estimators that were fitted with column names but only compare them: given the array instead of a frame.

Since 1.8 scikit-learn spends about a millisecond on the names of a frame, four times what a small model needs to
predict. The worker has checked and ordered the columns already, so for estimators that do nothing else with names the
array is the same input. Anything that may look at columns (pipelines, transformers, meta-estimators, categories) keeps
its frame.
"""

import warnings

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


def takes_array(model, names):
    """Whether the pyfunc `model` wraps an estimator that answers an array of `names` in order as it answers the frame."""
    estimator = getattr(getattr(model, "_model_impl", None), "sklearn_model", None)
    if estimator is None or not _is_leaf(type(estimator)):
        return False
    if getattr(estimator, "is_categorical_", None) is not None:
        return False
    if list(getattr(estimator, "feature_names_in_", ())) != list(names):
        return False
    warnings.filterwarnings("ignore", message="X does not have valid feature names")
    return True


def _is_leaf(kind):
    module = kind.__module__
    if module.startswith("sklearn.ensemble."):
        return kind.__name__ in _LEAF_CLASSES
    return ".".join(module.split(".")[:2]) in _LEAF_PACKAGES
