"""Types within types."""

import numpy as np
import pandas as pd
from inference_schema.parameter_types.numpy_parameter_type import NumpyParameterType
from inference_schema.parameter_types.pandas_parameter_type import PandasParameterType
from inference_schema.parameter_types.standard_py_parameter_type import StandardPythonParameterType
from inference_schema.schema_decorators import input_schema, output_schema

SAMPLE = {
    "table": PandasParameterType(pd.DataFrame({"a": [1]})),
    "more": StandardPythonParameterType({"vector": NumpyParameterType(np.array([1.0]))}),
    "plain": [1, 2],
}


def init():
    pass


@input_schema("data", StandardPythonParameterType(SAMPLE))
@output_schema(NumpyParameterType(np.array([1.0])))
def run(data):
    vector = data["more"]["vector"]
    return [type(data["table"]).__name__, type(vector).__name__, float(vector.sum()), data["plain"]]
