"""Explains an MLflow model: SHAP values where the environment has ``shap``, else permutation importance."""
