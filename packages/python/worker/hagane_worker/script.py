"""score.py as Azure ML's inference server runs it: `init()` once, then `run()` for each request.

Semantics after azureml-inference-server-http 1.5: the body as text (or keyword arguments under @input_schema, or the
request itself under @rawhttp), an optional `request_headers`, answers dumped as JSON (text too) unless they are responses.
"""

import importlib.util
import inspect
import json
import logging
import os
import signal
import sys
import time
import traceback

from . import azure_modules, monitoring, oip, raw_http, swagger
from .errors import RequestError, error_answer, model_failed, too_late
from .frames import Answer

logger = logging.getLogger("hagane.score")

JSON = ("content-type", "application/json")


class ScriptError(Exception):
    """The script itself is not one that can be served."""


def load_script(config):
    """Imports the script, calls `init()`, and returns what answers requests. Raises whatever the script raises."""
    code_dir = config["code_dir"]
    path = os.path.join(code_dir, config["scoring_script"])
    if not os.path.isfile(path):
        raise ScriptError(
            "scoring_script '%s' is not in the code: it holds %s" % (config["scoring_script"], sorted(os.listdir(code_dir))[:20])
        )
    raw_http_asked = azure_modules.install()
    monitoring.install(config.get("collections", {}))
    for folder in (os.path.dirname(path), code_dir):
        if folder not in sys.path:
            sys.path.insert(0, folder)
    os.chdir(code_dir)
    module = import_file(path)
    for name in ("init", "run"):
        if not callable(getattr(module, name, None)):
            raise ScriptError("%s has no function %s()" % (config["scoring_script"], name))
    inner = getattr(module, "driver_module", None)
    run = inner.run if inspect.ismodule(inner) and hasattr(inner, "run") else module.run
    script = Script(run, raw_http_asked(), (code_dir, os.path.dirname(path)))
    module.init()
    return script


def import_file(path):
    spec = importlib.util.spec_from_file_location("entry_module", path)
    module = importlib.util.module_from_spec(spec)
    sys.modules["entry_module"] = module
    spec.loader.exec_module(module)
    return module


def is_schema_decorated(run):
    try:
        from inference_schema.schema_util import is_schema_decorated as decorated
    except ImportError:
        return False
    return decorated(run)


class Script:
    """Calls `run()` one request at a time; Azure ML's server does the same in each of its processes."""

    def __init__(self, run, raw_http_asked, folders):
        self._run = run
        self._folders = folders
        parameters = list(inspect.signature(run).parameters.values())
        if any(p.kind not in (p.KEYWORD_ONLY, p.POSITIONAL_OR_KEYWORD) for p in parameters):
            raise ScriptError("run() cannot take positional-only parameters, *args or **kwargs")
        self._takes_headers = any(p.name == "request_headers" for p in parameters)
        self._parameters = [p for p in parameters if p.name != "request_headers"]
        if not self._parameters:
            raise ScriptError("run() needs a parameter for the input data")
        decorated = is_schema_decorated(run)
        if decorated and raw_http_asked:
            raise ScriptError("run() cannot be decorated with both @rawhttp and @input_schema")
        self._decorated = decorated
        self._arguments = self._named if decorated else self._raw if raw_http_asked else self._text
        if raw_http_asked:
            self._request_of, self._run = raw_http.served(run, self._parameters[0].name)
        self._needs_head = raw_http_asked or self._takes_headers
        self._limit = scoring_timeout()

    def description(self):
        return {"kind": "score", "needs_head": self._needs_head, "batching": False, "swagger": self._swagger()}

    def _swagger(self):
        return swagger.of_script(self._run, self._folders, self._decorated)

    def answer(self, requests):
        for request in requests:
            late = request.deadline <= time.monotonic()
            monitoring.begin(request.name)
            answer = too_late(request) if late else self._answer_safely(request)
            answer.collected = monitoring.take()
            yield [(request, answer)]

    def _answer_safely(self, request):
        """An input or output that nobody foresaw (nested a thousand deep, a number out of range) is one failed request."""
        try:
            return self._answer_one(request)
        except Exception:  # noqa: B902
            log_failure(request)
            return model_failed(request, "the input could not be read, or what run() returned not be written")

    def _answer_one(self, request):
        try:
            head = json.loads(request.head.decode("utf-8")) if request.head else {}
            if head.get("method") == "OPTIONS" and self._arguments != self._raw:
                return Answer(200, b"", 0)
            if request.route == oip.INFER:
                request.oip = oip.read(request)
            arguments = self._arguments(request, head)
            if self._takes_headers:
                arguments["request_headers"] = {name.title(): value for name, value in head.get("headers", [])}
        except RequestError as error:
            return error_answer(error, request)
        started = time.perf_counter()
        limit = time_limit(min(request.deadline, time.monotonic() + self._limit))
        try:
            with limit:
                output = self._run(**arguments)
        except TimeoutError:
            log_failure(request)
            if not limit.passed:
                return model_failed(request, "the scoring script raised an error")
            error = RequestError(504, "run() was stopped: it took longer than request_timeout_ms or SCORING_TIMEOUT_MS allows")
            return error_answer(error, request, [("x-ms-run-function-failed", "True")])
        except Exception:  # noqa: B902 - whatever the user's code raises is one failed request
            log_failure(request)
            return model_failed(request, "the scoring script raised an error")
        elapsed = ("x-ms-run-fn-exec-ms", "%.3f" % ((time.perf_counter() - started) * 1000))
        return self._dump(request, output, elapsed)

    def _dump(self, request, output, elapsed):
        response = raw_http.response_parts(output)
        if response is not None:
            status, headers, body = response
            headers = [(name, value) for name, value in headers if name.lower() != "content-length"]
            if status >= 500:
                headers = [(n, v) for n, v in headers if n.lower() != "x-ms-run-function-failed"]
                headers.append(("x-ms-run-function-failed", "True"))
            return Answer(status, body, 1, headers + [elapsed])
        try:
            text = json.dumps({} if output is None else output)
        except (TypeError, ValueError):
            log_failure(request)
            return model_failed(request, "run() returned a %s, which cannot be written as JSON" % type(output).__name__)
        rows = len(output) if isinstance(output, list) and output else 1
        if request.oip is not None:
            try:
                return oip.answer(request, request.oip, json.loads(text), [], rows, [("x-ms-run-function-failed", "False"), elapsed])
            except RequestError as error:
                return error_answer(error, request)
        return Answer(200, text.encode("utf-8"), rows, [("x-ms-run-function-failed", "False"), elapsed, JSON])

    def _text(self, request, head):
        if request.method == "GET":
            return {self._parameters[0].name: json.dumps(query_values(head))}
        if request.oip is not None:
            return {self._parameters[0].name: json.dumps(request.oip.values)}
        try:
            return {self._parameters[0].name: request.body.decode("utf-8")}
        except UnicodeDecodeError as error:
            raise RequestError(400, "the body is not UTF-8 text: %s" % error) from None

    def _raw(self, request, head):
        return {self._parameters[0].name: self._request_of(request, head)}

    def _named(self, request, head):
        if request.method == "GET":
            values = query_values(head)
        elif request.oip is not None:
            values = request.oip.values
        else:
            values = json_object(request)
        arguments = {}
        for parameter in self._parameters:
            value = values.get(parameter.name, parameter.default)
            if value is inspect.Parameter.empty:
                raise RequestError(
                    400,
                    "the body has no value for '%s'" % parameter.name,
                    details=[{"property": parameter.name, "message": "required", "allowed": [p.name for p in self._parameters]}],
                )
            arguments[parameter.name] = value
        return arguments


def scoring_timeout():
    """Seconds that run() may take by Azure ML's variable, beside the request's own deadline."""
    text = os.environ.get("SCORING_TIMEOUT_MS", "3600000")
    if not text.strip().isdigit() or int(text) == 0:
        raise ScriptError("SCORING_TIMEOUT_MS is '%s'; it must be a whole number of milliseconds from 1" % text)
    return int(text) / 1000


def json_object(request):
    kind = request.content_type.partition(";")[0].strip().lower()
    if kind != "application/json" and not (kind.startswith("application/") and kind.endswith("+json")):
        raise RequestError(415, "content-type '%s' is not JSON; send application/json" % request.content_type)
    try:
        value = json.loads(request.body)
    except (ValueError, RecursionError) as error:
        raise RequestError(400, "the body is not JSON: %s" % error) from None
    if not isinstance(value, dict):
        raise RequestError(400, "the body must be a JSON object, found %s" % type(value).__name__)
    return value


def query_values(head):
    """Parameters of the URL, each read as JSON where it is JSON; a repeated one becomes a list."""
    values = {}
    for name, text in raw_http.form_pairs(head.get("query", "")):
        try:
            value = json.loads(text)
        except ValueError:
            value = text
        values.setdefault(name, []).append(value)
    return {name: found[0] if len(found) == 1 else found for name, found in values.items()}


def log_failure(request):
    logger.error("prediction %s failed\n%s", request.name, traceback.format_exc())


class time_limit:  # noqa: N801 - used like a function
    """Raises TimeoutError inside the block when the deadline passes; Python code only, C code is not interrupted."""

    def __init__(self, deadline):
        self._deadline = deadline
        self.passed = False

    def __enter__(self):
        self._before = signal.signal(signal.SIGALRM, self._expired)
        signal.setitimer(signal.ITIMER_REAL, max(0.001, self._deadline - time.monotonic()))

    def __exit__(self, *_):
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, self._before)

    def _expired(self, _signal, _frame):
        self.passed = True
        raise TimeoutError
