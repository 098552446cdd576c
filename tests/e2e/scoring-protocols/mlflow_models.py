"""Writes the MLflow models that both servers are asked about.

They answer what they were given, so that a difference in how a body is read shows in the answer.
"""

import datetime
import sys

import cloudpickle
import mlflow.pyfunc
import mlflow.sklearn
import numpy as np
import pandas as pd
from mlflow.models import ModelSignature
from mlflow.types import ColSpec, DataType, ParamSchema, ParamSpec, Schema, TensorSpec
from mlflow.types.schema import AnyType, Array, Map, Object, Property
from sklearn.linear_model import LinearRegression


def told(value):
    """What a model sees: types and values of a frame, an array, or a dict of them."""
    if isinstance(value, pd.DataFrame):
        return {
            "frame": [[str(name), str(value[name].dtype), told(list(value[name]))] for name in value.columns],
            "index": [str(label) for label in value.index],
        }
    if isinstance(value, np.ndarray):
        return {"array": str(value.dtype), "shape": list(value.shape), "values": told(value.tolist())}
    if isinstance(value, dict):
        return {"dict": {key: told(item) for key, item in value.items()}}
    if isinstance(value, (list, tuple)):
        return [told(item) for item in value]
    return value if value is None or isinstance(value, (bool, str)) else repr(value)


class Echo(mlflow.pyfunc.PythonModel):
    def predict(self, context, model_input, params=None):
        return {"input": told(model_input), "params": told(params)}


class Given(mlflow.pyfunc.PythonModel):
    """Answers an object of the type that is asked for."""

    def predict(self, context, model_input, params=None):
        return made(model_input["give"].iloc[0])


def made(kind):
    frame = pd.DataFrame({"a": [1, 2], "b": ["x", None], "c": [0.5, 1.5]})
    values = {
        "frame": frame,
        "frame with an index": frame.set_index("a"),
        "frame of dates": pd.DataFrame({"d": pd.to_datetime(["2021-01-01 00:00:00", "2021-02-03 04:05:06"])}),
        "empty frame": pd.DataFrame({"a": []}),
        "series": pd.Series([1, 2], name="s"),
        "series without a name": pd.Series([1.5, 2.5]),
        "array": np.array([[1, 2], [3, 4]]),
        "scalar array": np.array(3.5),
        "float32": np.array([0.1, 1e20], np.float32),
        "text array": np.array(["ä", "b"]),
        "object array": np.array(["a", 1, None], object),
        "bytes array": np.array([b"ab", b"c"]),
        "bool array": np.array([True, False]),
        "numpy scalar": np.int64(7),
        "list of numpy": [np.float64(1.5), np.int32(2), np.bool_(True)],
        "list of arrays": [np.array([1, 2]), np.array([3])],
        "dict of arrays": {"a": np.array([1.5]), "b": [np.int64(1)]},
        "list": [1, "two", None, {"three": [3]}],
        "text": "日本 \u2028 \"quoted\"",
        "number": 1.5,
        "null": None,
        "tuple": (1, 2),
        "bytes": [b"\x00\xff"],
        "dates": [datetime.date(2021, 1, 2), datetime.datetime(2021, 1, 2, 3, 4, 5), datetime.time(1, 2)],
        "timestamps": [pd.Timestamp("2021-01-02 03:04:05.678"), np.datetime64("2021-01-02")],
        "datetime array": np.array(["2021-01-02"], "datetime64[D]"),
        "nan": [float("nan"), float("inf"), 1.0],
        "nan in an array": np.array([np.nan, 1.0]),
        "large numbers": [2**53 + 1, 2**64, 1e308, 5e-324, -0.0],
        "nested rows": np.zeros((2, 1, 2)).tolist(),
        "int keys": {1: "a", 2: "b"},
    }
    if kind == "sparse":
        import scipy.sparse

        return scipy.sparse.csr_matrix(np.eye(2))
    if kind == "set":
        return {1, 2}
    if kind == "error":
        raise ValueError("secret detail")
    if kind == "mlflow error":
        raise mlflow.MlflowException("not this way", error_code=mlflow.protos.databricks_pb2.INVALID_PARAMETER_VALUE)
    return values[kind]



class Hinted(mlflow.pyfunc.PythonModel):
    def predict(self, model_input: list[dict[str, int]]) -> list[int]:
        return [sum(item.values()) for item in model_input]


def pyfunc(folder, name, model, inputs=None, params=None):
    signature = None if inputs is None and params is None else ModelSignature(inputs=inputs, params=params)
    mlflow.pyfunc.save_model(folder / name, python_model=model, signature=signature, pip_requirements=[])


SCALARS = ["boolean", "integer", "long", "float", "double", "string", "binary", "datetime"]


def write(folder):
    """Saves every model below `folder`, named after what is odd about it."""
    cloudpickle.register_pickle_by_value(sys.modules[__name__])
    pyfunc(folder, "free", Echo())
    pyfunc(folder, "given", Given(), Schema([ColSpec("string", "give")]))
    pyfunc(folder, "columns", Echo(), Schema([ColSpec(kind, kind) for kind in SCALARS]))
    pyfunc(
        folder,
        "optional",
        Echo(),
        Schema([ColSpec("double", "x"), ColSpec("double", "y", required=False), ColSpec("string", "note", required=False)]),
        ParamSchema(
            [
                ParamSpec("ratio", DataType.double, 0.5),
                ParamSpec("count", DataType.long, 3),
                ParamSpec("words", DataType.string, ["a"], (-1,)),
                ParamSpec("on", DataType.boolean, True),
                ParamSpec("since", DataType.datetime, np.datetime64("2023-07-01")),
            ]
        ),
    )
    pyfunc(folder, "tensor", Echo(), Schema([TensorSpec(np.dtype("float32"), (-1, 2))]))
    pyfunc(folder, "tensors", Echo(), Schema([TensorSpec(np.dtype("float64"), (-1, 2), "a"), TensorSpec(np.dtype("int64"), (-1,), "b")]))
    pyfunc(
        folder,
        "nested",
        Echo(),
        Schema(
            [
                ColSpec(Array(DataType.double), "list"),
                ColSpec(Object([Property("k", DataType.long), Property("o", DataType.string, required=False)]), "object"),
                ColSpec(Map(DataType.string), "map", required=False),
                ColSpec(AnyType(), "any", required=False),
            ]
        ),
    )
    pyfunc(folder, "hinted", Hinted())

    rows = pd.DataFrame({"a": [1.0, 2.0, 3.0, 4.0], "b": [0.0, 1.0, 0.0, 1.0]})
    line = LinearRegression().fit(rows, 2 * rows["a"] + rows["b"])
    line.coef_, line.intercept_ = np.array([2.0, 1.0]), 0.0  # so that no answer depends on the order of a sum
    inputs = Schema([ColSpec("double", "a"), ColSpec("double", "b")])
    mlflow.sklearn.save_model(line, folder / "line", signature=ModelSignature(inputs=inputs), pip_requirements=[])
    plain = LinearRegression().fit(rows.to_numpy(), 2 * rows["a"] + rows["b"])
    plain.coef_, plain.intercept_ = line.coef_, line.intercept_
    mlflow.sklearn.save_model(plain, folder / "plain", pip_requirements=[])
