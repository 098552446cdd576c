"""The request itself, and whole responses. Needs nothing but Python, with or without Azure ML's server and Flask."""

import json

from azureml.contrib.services.aml_request import AMLRequest, rawhttp
from azureml.contrib.services.aml_response import AMLResponse


def init():
    pass


def told(request):
    return {
        "method": request.method,
        "path": request.path,
        "query": request.query_string.decode(),
        "args": {name: request.args.getlist(name) for name in request.args},
        "missing": [request.args.get("none"), request.args.get("none", "default"), request.headers.get("none")],
        "data": request.get_data().decode("latin-1"),
        "kind": [request.content_type, request.mimetype, request.content_length, request.is_json],
        "form": {name: request.form.getlist(name) for name in request.form},
        "files": [[name, file.filename, file.mimetype, file.read().decode("latin-1")] for name, file in request.files.items()],
        "headers": [request.headers.get("X-Own"), request.headers.get("x-own", "none"), "x-OWN" in request.headers, len(request.headers) > 2],
        "class": issubclass(AMLRequest, object),
    }


def set_later():
    response = AMLResponse("", 200)
    response.headers["Allow"] = "OPTIONS, GET, POST"
    response.headers["allow"] = "POST"
    response.headers.add("X-Own", "1")
    response.headers.add("X-Own", "2")
    response.status_code = 203
    return response


ANSWERS = {
    "text": lambda: AMLResponse("a text: é", 200),
    "json": lambda: AMLResponse({"é": [1]}, 200, json_str=True),
    "none": lambda: AMLResponse(None, 202),
    "created": lambda: AMLResponse("made", 201, {"X-Own": "1", "Location": "/there"}),
    "repeated": lambda: AMLResponse("", 200, {"X-Own": "1, 2"}),
    "bytes": lambda: AMLResponse(bytes(range(256)), 200, {"Content-Type": "image/png"}),
    "empty": lambda: AMLResponse("", 204),
    "client error": lambda: AMLResponse("no such thing", 404),
    "json error": lambda: AMLResponse({"message": "mine"}, 422, json_str=True),
    "failed": lambda: AMLResponse("busy", 503, {"Retry-After": "9"}),
    "told failed": lambda: AMLResponse("half", 200, run_function_failed=True),
    "redirect": lambda: AMLResponse("", 302, {"Location": "http://127.0.0.1/"}),
    "set later": set_later,
    "dict": lambda: {"a": 1},
    "text only": lambda: "x",
    "nothing": lambda: None,
    "own status and json": lambda: AMLResponse(json.dumps({"a": 1}), 200, {"Content-Type": "application/json"}),
}


@rawhttp
def run(request):
    asked = request.args.get("give")
    if asked == "raise":
        raise ValueError("the text of the error")
    if asked == "json":
        return request.get_json()
    if asked == "silent":
        return [request.get_json(silent=True), request.get_json(force=True, silent=True)]
    if asked == "file":
        return [request.files["file"].filename, len(request.files["file"].read())]
    return ANSWERS[asked]() if asked else told(request)
