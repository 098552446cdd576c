"""Several arguments of every kind that inference_schema has, one with a default."""

import numpy as np
import pandas as pd
from inference_schema.parameter_types.numpy_parameter_type import NumpyParameterType
from inference_schema.parameter_types.pandas_parameter_type import PandasParameterType
from inference_schema.parameter_types.standard_py_parameter_type import StandardPythonParameterType
from inference_schema.schema_decorators import input_schema, output_schema


def init():
    pass


@input_schema("matrix", NumpyParameterType(np.array([[1, 2], [3, 4]]), enforce_shape=True))
@input_schema("table", PandasParameterType(pd.DataFrame({"a": [1], "b": ["x"]})))
@input_schema("word", StandardPythonParameterType("hello"))
@output_schema(StandardPythonParameterType({"sum": 1.0, "columns": ["a"], "word": "w"}))
def run(matrix, table, word="usual"):
    total = float(matrix.sum())
    kinds = [type(matrix).__name__, str(matrix.dtype), type(table).__name__]
    return {"sum": total, "columns": list(table.columns), "rows": table.values.tolist(), "word": word, "kinds": kinds}
