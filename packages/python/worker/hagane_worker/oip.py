"""The Open Inference Protocol v2: requests as plain lists by name, answers as tensors, in JSON and its binary extension.

Needs nothing but Python, since an environment with a scoring script may have no numpy.
"""

import json
import math
import os
import struct
from array import array

from .errors import RequestError, shorten
from .frames import JSON_HEADERS, Answer

INFER = 2  # the route of requests of this protocol
LARGEST_EMPTY = 4096  # lists of nothing that a shape with a 0 in it may ask for
HINT = 'see the Open Inference Protocol v2: {"inputs": [{"name", "shape", "datatype", "data"}]}'
TYPES = {
    "BOOL": "B",
    "UINT8": "B",
    "UINT16": "H",
    "UINT32": "I",
    "UINT64": "Q",
    "INT8": "b",
    "INT16": "h",
    "INT32": "i",
    "INT64": "q",
    "FP16": "e",
    "FP32": "f",
    "FP64": "d",
    "BYTES": None,
}
OF_COLUMN = {"boolean": "BOOL", "integer": "INT32", "long": "INT64", "float": "FP32", "double": "FP64"}
OF_DTYPE = {"bool": "BOOL", "float16": "FP16", "float32": "FP32", "float64": "FP64"}
OF_DTYPE.update({"%sint%d" % (sign, bits): "%sINT%d" % (sign.upper(), bits) for sign in ("", "u") for bits in (8, 16, 32, 64)})


class OipRequest:
    """`values` are nested lists by input name; `outputs` the (name, binary) that are asked for, or None for all."""

    __slots__ = ("id", "params", "values", "outputs", "binary")

    def __init__(self, head, values):
        self.id = head.get("id") if isinstance(head.get("id"), str) else None
        self.params = head.get("parameters") if isinstance(head.get("parameters"), dict) else {}
        self.values = values
        self.binary = self.params.get("binary_data_output") is True
        outputs = head.get("outputs")
        self.outputs = [_wanted(output, at) for at, output in enumerate(outputs)] if isinstance(outputs, list) and outputs else None


def refused(where, message, sent, allowed=None):
    detail = {"property": where, "message": message, "sent": shorten(sent), "allowed": allowed}
    return RequestError(400, "%s: %s" % (where, message), hint=HINT, details=[detail])


def _wanted(output, at):
    if not isinstance(output, dict) or not isinstance(output.get("name"), str):
        raise refused("outputs[%d].name" % at, "each output that is asked for has a name", output)
    parameters = output.get("parameters")
    return output["name"], isinstance(parameters, dict) and parameters.get("binary_data") is True


def read(request):
    """Reads a request's body; its content type is `oip`, or `oip;<bytes of JSON>` where binary data follows."""
    _, _, length = request.content_type.partition(";")
    end = int(length) if length else len(request.body)
    if end > len(request.body):
        raise refused("Inference-Header-Content-Length", "longer than the body", end, len(request.body))
    try:
        head = json.loads(request.body[:end].decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise RequestError(400, "the body is not JSON: %s" % error, hint=HINT) from None
    inputs = head.get("inputs") if isinstance(head, dict) else None
    if not isinstance(inputs, list) or not inputs:
        raise refused("inputs", "the body must be an object with a list of inputs", shorten(head))
    values = {}
    rest = request.body[end:]
    for at, entry in enumerate(inputs):
        name, value, rest = _tensor(entry, "inputs[%d]" % at, rest)
        values[name] = value
    if rest:
        raise refused("inputs", "%d bytes of binary data that no input claims" % len(rest), len(rest), 0)
    return OipRequest(head, values)


def _tensor(entry, where, rest):
    if not isinstance(entry, dict):
        raise refused(where, "each input is an object", entry)
    name, kind, shape = entry.get("name"), entry.get("datatype"), entry.get("shape")
    if not isinstance(name, str) or not name:
        raise refused(where + ".name", "missing", name)
    if not isinstance(kind, str) or kind not in TYPES:
        raise refused(where + ".datatype", "not one of %s" % ", ".join(TYPES), kind, list(TYPES))
    if not isinstance(shape, list) or not all(type(size) is int and size >= 0 for size in shape):
        raise refused(where + ".shape", "a list of whole numbers from 0", shape)
    parameters = entry.get("parameters")
    size = parameters.get("binary_data_size") if isinstance(parameters, dict) else None
    if 0 in shape and _product(shape[: shape.index(0)]) > LARGEST_EMPTY:
        raise refused(where + ".shape", "too many lists of nothing", shape, "%d before the 0" % LARGEST_EMPTY)
    count = _product(shape)
    if size is None:
        try:
            cells = flat(entry.get("data")) if isinstance(entry.get("data"), list) else None
        except RecursionError:
            raise refused(where + ".data", "nested too deeply", None) from None
        if cells is None:
            raise refused(where + ".data", "a list of values", entry.get("data"))
        if kind == "BOOL":
            cells = [cell == 1 if cell in (0, 1) else cell for cell in cells]
    else:
        if type(size) is not int or not 0 <= size <= len(rest):
            raise refused(where + ".parameters.binary_data_size", "not the size of bytes that follow", size, len(rest))
        cells, rest = _unpack(kind, rest[:size], name), rest[size:]
    if len(cells) != count:
        raise refused("input '%s'" % name, "its shape asks for %d values, found %d" % (count, len(cells)), len(cells), count)
    return name, nested(cells, shape), rest


def _product(shape):
    count = 1
    for size in shape:
        count *= size
    return count


def flat(value):
    if not isinstance(value, list):
        return [value]
    if not any(isinstance(item, list) for item in value):
        return value
    return [cell for item in value for cell in flat(item)]


def nested(cells, shape):
    """Cells in row-major order as nested lists."""
    if not shape:
        return cells[0]
    if 0 in shape:
        shape = shape[: shape.index(0)]
        if not shape:
            return []
        cells = [[] for _ in range(_product(shape))]
    for size in reversed(shape[1:]):
        cells = [cells[at : at + size] for at in range(0, len(cells), size)]
    return list(cells)


def _unpack(kind, data, name):
    if kind == "BYTES":
        return _texts(data, name)
    code = TYPES[kind]
    if len(data) % struct.calcsize("<" + code):
        raise refused("input '%s'" % name, "%d bytes are no whole number of %s" % (len(data), kind), len(data))
    if code == "e":
        return [cell for (cell,) in struct.iter_unpack("<e", data)]
    cells = array(code)
    cells.frombytes(data)
    return [bit != 0 for bit in cells] if kind == "BOOL" else cells.tolist()


def _texts(data, name):
    texts = []
    at = 0
    while at < len(data):
        end = at + 4 + struct.unpack_from("<I", data, at)[0] if at + 4 <= len(data) else len(data) + 1
        if end > len(data):
            raise refused("input '%s'" % name, "the bytes are no whole texts", len(data))
        try:
            texts.append(data[at + 4 : end].decode("utf-8"))
        except UnicodeDecodeError as error:
            raise refused("input '%s'" % name, "not UTF-8 text: %s" % error, None) from None
        at = end
    return texts


def table_value(values, columns):
    """What `inputs` of MLflow's JSON would say: one nested list, or lists by name; of [n, 1] the values alone."""
    if len(values) == 1 and not any(name in columns for name in values):
        return next(iter(values.values()))
    return {name: _squeezed(value) for name, value in values.items()}


def _squeezed(value):
    if isinstance(value, list) and value and all(isinstance(row, list) and len(row) == 1 and not isinstance(row[0], list) for row in value):
        return [row[0] for row in value]
    return value


def answer(request, oip, predictions, specs, rows, headers=()):
    """The answer to a request: predictions as tensors, named and typed by the signature's `specs` where it says so."""
    tensors = list(_tensors(predictions, specs))
    wanted = oip.outputs or [(name, False) for name, _, _, _ in tensors]
    by_name = {tensor[0]: tensor for tensor in tensors}
    parts = []
    outputs = []
    for name, binary in wanted:
        if name not in by_name:
            raise refused("outputs", "the model has no output '%s'" % name, name, list(by_name))
        _, kind, shape, cells = by_name[name]
        entry = {"name": name, "datatype": kind, "shape": shape}
        if binary or oip.binary:
            data = _pack(kind, cells)
            parts.append(data)
            entry["parameters"] = {"binary_data_size": len(data)}
        else:
            entry["data"] = [None if type(cell) is float and not math.isfinite(cell) else cell for cell in cells]
        outputs.append(entry)
    head = {
        "model_name": os.environ.get("HAGANE_ENDPOINT", ""),
        "model_version": os.environ.get("HAGANE_DEPLOYMENT", ""),
        "id": request.name if oip.id is None else oip.id,
        "parameters": {"prediction_id": request.name},
        "outputs": outputs,
    }
    body = json.dumps(head).encode("utf-8")
    if not parts:
        return Answer(200, body, rows, list(headers) + list(JSON_HEADERS))
    binary_headers = [("content-type", "application/octet-stream"), ("inference-header-content-length", str(len(body)))]
    return Answer(200, body + b"".join(parts), rows, list(headers) + binary_headers)


def _tensors(predictions, specs):
    kinds = {spec["name"]: spec["datatype"] for spec in specs}
    only = specs[0]["name"] if len(specs) == 1 else "predictions"
    if isinstance(predictions, list) and predictions and all(isinstance(row, dict) for row in predictions):
        names = list(dict.fromkeys(name for row in predictions for name in row))
        for name in names:
            yield _typed(str(name), [row.get(name) for row in predictions], kinds.get(str(name)))
    elif isinstance(predictions, dict):
        for name, value in predictions.items():
            yield _typed(str(name), value if isinstance(value, list) else [value], kinds.get(str(name)))
    else:
        value = predictions if isinstance(predictions, list) else [predictions]
        yield _typed(only, value, kinds.get(only))


def _typed(name, value, kind):
    shape = _shape(value)
    cells = flat(value)
    if len(cells) != _product(shape):
        return name, "BYTES", [len(value)], [json.dumps(item, default=str) for item in value]
    types = set(map(type, cells))
    if types <= {bool}:
        kind = "BOOL"
    elif types <= {int}:
        kind = kind if kind in ("INT8", "INT16", "INT32", "INT64", "UINT8", "UINT16", "UINT32", "UINT64", "FP32", "FP64") else "INT64"
    elif types <= {int, float, type(None)}:
        kind = kind if kind in ("FP16", "FP32", "FP64") else "FP64"
    else:
        return name, "BYTES", shape, [cell if isinstance(cell, str) else json.dumps(cell, default=str) for cell in cells]
    if kind.startswith("FP"):
        cells = [math.nan if cell is None else float(cell) for cell in cells]
    return name, kind, shape, cells


def _shape(value):
    shape = []
    while isinstance(value, list):
        shape.append(len(value))
        value = value[0] if value else None
    return shape


def _pack(kind, cells):
    if kind == "BYTES":
        texts = [text.encode("utf-8") for text in cells]
        return b"".join(struct.pack("<I", len(text)) + text for text in texts)
    if kind == "FP16":
        return struct.pack("<%de" % len(cells), *cells)
    return array(TYPES[kind], [int(cell) for cell in cells] if kind == "BOOL" else cells).tobytes()


def specs_of(schema):
    """Tensors of an MLflow schema; what has no name is `name_<position>` or, alone, `predictions`."""
    specs = []
    for at, spec in enumerate(schema.inputs if schema is not None else []):
        name = spec.name if spec.name is not None else "predictions" if len(schema.inputs) == 1 else "output_%d" % at
        if schema.is_tensor_spec():
            specs.append({"name": name, "datatype": OF_DTYPE.get(getattr(spec.type, "name", ""), "BYTES"), "shape": list(spec.shape)})
        else:
            specs.append({"name": name, "datatype": OF_COLUMN.get(getattr(spec.type, "name", ""), "BYTES"), "shape": [-1]})
    return specs
