"""`azureml.ai.monitoring` for scoring scripts: what a `Collector` takes goes to the gateway with the answer it belongs to.

After azureml-ai-monitoring 1.0: the same names, errors and `on_error` callback, and only pandas.DataFrame. There a sidecar
takes the data; here it leaves with the answer, so a request that is tried again on another worker is collected once.
"""

import json
import logging
import struct
import sys
import time
import types
import uuid

logger = logging.getLogger("mdc.collector")

_FRAME = struct.Struct("<IB")  # length of the rest, type
_CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_DIGITS = 6
# These come from the bodies; a script cannot collect them.
_PAYLOAD = ("request", "response")


class CorrelationContext:
    """Ties what several collectors take of one request together."""

    def __init__(self, id=None, timestamp=None, headers=None):  # noqa: A002 - Azure's name
        self.id = id or _state.prediction or str(uuid.uuid4())
        self.timestamp = timestamp or int(time.time())
        self.headers = headers or {}

    def get_id(self):
        return self.id

    def get_timestamp(self):
        return self.timestamp

    def get_headers(self):
        return self.headers

    def __str__(self):
        return self.get_id()

    __repr__ = __str__


class Collector:
    """Takes data frames for a collection of the deployment's data_collector. Errors go to `on_error`, or are raised."""

    def __init__(self, *, name, on_error=None):
        self.name = name
        self.on_error = on_error or _raise
        self._refusal()

    def collect(self, data, correlation_context=None):
        context = correlation_context or CorrelationContext()
        if self._refusal():
            return context
        if not _is_data_frame(data):
            kind = type(data).__name__
            self.on_error(TypeError("data type (%s) not supported, supported types: pandas.DataFrame" % kind))
            return context
        if _sample_point(_state.prediction) < _state.shares[self.name.lower()]:
            head = json.dumps({"collection": self.name.lower(), "correlation_id": str(context.get_id())})
            document = '%s, "rows": %s}' % (head[:-1], data.to_json(orient="records"))
            content = document.encode("utf-8")
            _state.taken.append(_FRAME.pack(len(content) + 1, 0) + content)
        return context

    def _refusal(self):
        if not self.name:
            message = "collection name is not provided"
        elif not _state.shares:
            message = "custom logging is not enabled, drop the data"
        elif self.name.lower() not in _state.shares:
            message = "collection %s is not enabled, drop the data" % self.name
        else:
            return False
        self.on_error(Exception(message))
        return True


def begin(prediction):
    """A request is about to be answered; what is collected from now on belongs to it."""
    _state.prediction = prediction


def take():
    """What was collected since the last time, as frames; empty when nothing was."""
    if not _state.taken:
        return b""
    taken, _state.taken = _state.taken, []
    return b"".join(taken)


def install(collections):
    """Makes `azureml.ai.monitoring` importable; `collections` maps each one that is enabled to its share of requests."""
    _state.shares = {name.lower(): share for name, share in collections.items() if name.lower() not in _PAYLOAD}
    for name in ("azureml", "azureml.ai"):
        if name not in sys.modules:
            package = types.ModuleType(name)
            package.__path__ = _folders_of(name)
            sys.modules[name] = package
    module = types.ModuleType("azureml.ai.monitoring")
    module.__path__ = []
    module.Collector = Collector
    module.CorrelationContext = CorrelationContext
    context = types.ModuleType("azureml.ai.monitoring.context")
    context.CorrelationContext = CorrelationContext
    context.BasicCorrelationContext = CorrelationContext
    context.get_context = CorrelationContext
    collector = types.ModuleType("azureml.ai.monitoring.collector")
    collector.Collector = Collector
    module.context, module.collector = context, collector
    for one in (module, context, collector):
        sys.modules[one.__name__] = one
    sys.modules["azureml.ai"].monitoring = module


class _State:
    def __init__(self):
        self.shares = {}
        self.prediction = ""
        self.taken = []


_state = _State()


def _folders_of(name):
    """Where other packages of the same namespace lie, so that they stay importable."""
    import importlib.util

    try:
        spec = importlib.util.find_spec(name)
    except ImportError:
        return []
    return list(spec.submodule_search_locations or []) if spec else []


def _sample_point(prediction):
    """The same number in [0, 1) for the same prediction that the gateway computes, so that collections hold the same requests."""
    digits = prediction[-_DIGITS:]
    if len(digits) < _DIGITS or any(digit not in _CROCKFORD for digit in digits):
        return 0.0
    value = 0
    for digit in digits:
        value = value * 32 + _CROCKFORD.index(digit)
    return value / 32.0**_DIGITS


def _is_data_frame(data):
    return any(one.__name__ == "DataFrame" and one.__module__.split(".")[0] == "pandas" for one in type(data).__mro__)


def _raise(error):
    raise error
