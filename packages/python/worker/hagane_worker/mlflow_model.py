"""MLflow models: several requests that arrived together are answered by one predict call where the model works row by row."""

import inspect
import json
import logging
import os
import time
import traceback

from . import formats, oip, swagger
from .encode import dumps, to_rows
from .errors import RequestError, error_answer, model_failed, too_late
from .frames import JSON_HEADERS, Answer
from .inputs import ColumnInputs, Part, TensorInputs, inputs_for
from .plain_sklearn import load_plain_sklearn
from .sklearn_direct import estimator_of, takes_array, without_checks

logger = logging.getLogger("hagane.mlflow")

# Flavors whose predict treats each row by itself, and whose input MLflow hands over as it is once it fits the signature.
ROW_BY_ROW = frozenset(
    "mlflow." + name for name in ("sklearn", "xgboost", "lightgbm", "catboost", "onnx", "pytorch", "tensorflow", "keras")
)
LARGEST_BATCH_ROWS = 4096
SCORE = 0


def load_mlflow_model(config):
    """Loads the model in `model_dir`, warms it up, and returns what answers requests."""
    os.chdir(config["model_dir"])
    model = load_plain_sklearn(config["model_dir"])
    if model is None:
        import mlflow.pyfunc

        model = mlflow.pyfunc.load_model(config["model_dir"])
    served = MlflowModel(model, config.get("batching"))
    served.warm_up(config["model_dir"])
    return served


class MlflowModel:
    """One loaded model and the way its input is prepared."""

    def __init__(self, model, batching=None):
        flavors = model.metadata.flavors
        loader = flavors.get("python_function", {}).get("loader_module")
        self._model = model
        self._inputs = inputs_for(model.metadata)
        self._specs = oip.specs_of(schema_of(model.metadata, "input"))
        self._outputs = oip.specs_of(schema_of(model.metadata, "output"))
        self._columns = frozenset(spec["name"] for spec in self._specs)
        self._params = frozenset(spec.name for spec in getattr(schema_of(model.metadata, "params"), "params", ()))
        known = loader in ROW_BY_ROW
        self._batching = known if batching is None else batching
        self._predict = direct_predict(model) if known else model.predict
        if known and estimator_of(model) is not None:
            self._predict = without_checks(self._predict)
        if known and isinstance(self._inputs, ColumnInputs) and self._inputs.schema.named:
            schema = self._inputs.schema
            schema.as_array = takes_array(model, [field.name for field in schema.fields])
        takes_arrays = isinstance(self._inputs, ColumnInputs) and self._inputs.schema.as_array
        if not (takes_arrays or isinstance(self._inputs, TensorInputs)):
            # the first caller would pay for it; a model that takes arrays may never need it, nor its hundred megabytes
            import pandas  # noqa: F401

    def description(self):
        schema = swagger.of_anything()
        if isinstance(self._inputs, ColumnInputs):
            fields = self._inputs.schema.fields
            schema = swagger.of_table([(f.name or str(at), f.type, f.required) for at, f in enumerate(fields)])
        result = {"type": "array", "items": {}}
        return {
            "kind": "mlflow",
            "needs_head": False,
            "batching": self._batching,
            "swagger": {"documents": {}, "input": schema, "output": result},
            "metadata": {"platform": "mlflow", "version": mlflow_version(), "inputs": self._specs, "outputs": self._outputs},
        }

    def _tensors(self, request):
        """A request of the Open Inference Protocol as MLflow's `inputs` would say it."""
        request.oip = oip.read(request)
        value = oip.table_value(request.oip.values, self._columns)
        params = {name: given for name, given in request.oip.params.items() if name in self._params}
        return formats.of_inputs(value, params or None)

    def warm_up(self, folder):
        """Answers the model's own input example, so that the first caller does not pay for lazy imports and caches."""
        path = os.path.join(folder, "serving_input_example.json")
        if not os.path.isfile(path):
            return
        try:
            with open(path, "rb") as source:
                part = self._inputs.prepare(formats.read_json(source.read()))
            for _ in range(3):
                self._call([part])
        except Exception as error:  # noqa: B902 - an example that fails does not make the model unfit
            logger.warning("the model's input example could not be answered: %s", error)

    def answer(self, requests):
        """Yields lists of (request, answer)."""
        groups = {}
        failed = []
        now = time.monotonic()
        for request in requests:
            if request.deadline <= now:
                failed.append((request, too_late(request)))
                continue
            try:
                payload = formats.read(request) if request.route != oip.INFER else self._tensors(request)
                part = self._inputs.prepare(payload) if payload.form != "unified" else self._unified(payload)
            except RequestError as error:
                failed.append((request, error_answer(error, request)))
                continue
            except Exception:  # noqa: B902
                failed.append((request, self._failure(request)))
                continue
            alone = not self._batching or part.key is None or request.solo or payload.params or part.index is not None
            key = ("alone", request.id) if alone else ("shared", part.key)
            groups.setdefault(key, []).append((request, part, payload))
        if failed:
            yield failed
        for group in groups.values():
            for batch in slices(group):
                yield self._answer_batch(batch)

    def _answer_batch(self, batch):
        if len(batch) > 1:
            try:
                return self._answer_together(batch)
            except Exception as error:  # noqa: B902 - found out below whose request it was
                if not isinstance(error, RequestError):
                    logger.warning("a batch of %d requests failed (%s); answering one by one", len(batch), error)
        return [(request, self._answer_alone(request, part, payload)) for request, part, payload in batch]

    def _answer_together(self, batch):
        rows = to_rows(self._call([part for _, part, _ in batch]))
        if not isinstance(rows, list) or len(rows) != sum(part.rows for _, part, _ in batch):
            self._batching = False
            raise ValueError("the model does not answer one item a row; its requests are not batched any more")
        answers = []
        start = 0
        for request, part, _ in batch:
            end = start + part.rows
            answers.append((request, self._dump(request, rows[start:end], part.rows)))
            start = end
        return answers

    def _answer_alone(self, request, part, payload):
        if request.deadline <= time.monotonic():
            return too_late(request)
        try:
            data = self._inputs.join([part]) if payload.form != "unified" else part.data
        except RequestError as error:
            return error_answer(error, request)
        except Exception:  # noqa: B902
            return self._failure(request)
        try:
            whole = payload.params is not None or payload.form == "unified"
            predictions = self._model.predict(data, params=payload.params) if whole else self._predict(data)
            return self._dump(request, to_rows(predictions), part.rows, payload.form == "unified")
        except Exception as error:  # noqa: B902 - whatever the model raises is one failed request
            return self._failure(request, error)

    def _unified(self, payload):
        """A chat, completion or embedding request as MLflow hands it over: whole, but for what the signature calls parameters."""
        payload.params = {name: value for name, value in payload.source.items() if name in self._params}
        return Part(None, {name: value for name, value in payload.source.items() if name not in self._params}, 1)

    def _call(self, parts):
        return self._predict(self._inputs.join(parts))

    def _failure(self, request, error=None):
        logger.error("prediction %s failed\n%s", request.name, traceback.format_exc())
        if error is not None and type(error).__name__ == "MlflowException" and getattr(error, "error_code", "") in _CALLER:
            return error_answer(RequestError(400, str(error)), request)
        # MLflow takes it for a fault of the input, which without a signature only the model can judge
        return model_failed(request, "the model raised an error", 400 if request.route == formats.INVOCATIONS else 500)

    def _dump(self, request, predictions, rows, bare=False):
        if request.oip is not None:
            try:
                plain = json.loads(dumps(predictions).decode("utf-8"))
                return oip.answer(request, request.oip, plain, self._outputs, rows)
            except RequestError as error:
                return error_answer(error, request)
        body = dumps(predictions if bare or request.route == SCORE else {"predictions": predictions})
        return Answer(200, body, rows, JSON_HEADERS)


def schema_of(metadata, part):
    """`input`, `output` or `params` schema of the signature, or None."""
    getter = getattr(metadata, "get_%s_schema" % part, None)
    return None if getter is None else getter()


def mlflow_version():
    """MLflow's version as it is installed; MLflow itself may not have been imported, since that takes seconds."""
    try:
        from importlib.metadata import version

        return version("mlflow")
    except ImportError:
        return "unknown"


_CALLER = ("INVALID_PARAMETER_VALUE", "BAD_REQUEST")


def slices(group):
    """Cuts a group into batches of at most LARGEST_BATCH_ROWS rows; a single larger request stays whole."""
    batch = []
    rows = 0
    for item in group:
        if batch and rows + item[1].rows > LARGEST_BATCH_ROWS:
            yield batch
            batch, rows = [], 0
        batch.append(item)
        rows += item[1].rows
    if batch:
        yield batch


def direct_predict(model):
    """The flavor's own predict: what `PyFuncModel.predict` calls after it has enforced the signature, which is done already."""
    predict = getattr(model, "_predict_fn", None) or model._model_impl.predict
    parameter = inspect.signature(predict).parameters.get("params")
    if parameter is not None and parameter.kind != inspect.Parameter.VAR_KEYWORD:
        return lambda data: predict(data, params=None)
    return predict
