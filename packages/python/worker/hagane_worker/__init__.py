"""The worker that a Hagane gateway starts to answer with score.py or an MLflow model. Needs nothing but Python 3.7 itself."""
