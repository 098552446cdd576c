"""Failures that a caller can mend, in the error shape of Hagane's API."""

import json

from .frames import Answer

CODES = {400: "invalid", 405: "invalid", 408: "timeout", 415: "unsupported", 422: "unsupported", 500: "internal", 504: "timeout"}


class RequestError(Exception):
    """`details` are dicts of property, message, sent, allowed."""

    def __init__(self, status, message, hint=None, details=None, code=None):
        super().__init__(message)
        self.status = status
        self.message = message
        self.hint = hint
        self.details = details
        self.code = code or CODES[status]


def shorten(value):
    try:
        text = json.dumps(value, default=str)
    except RecursionError:
        return "…"
    return value if len(text) <= 200 else text[:200] + "…"


def error_answer(error, request, headers=()):
    body = {"code": error.code, "message": error.message}
    if error.hint is not None:
        body["hint"] = error.hint
    if error.details:
        body["details"] = error.details
    body["request_id"] = request.name
    text = json.dumps({"error": body}, ensure_ascii=False, default=str)
    return Answer(error.status, text.encode("utf-8"), 0, list(headers) + [("content-type", "application/json")])


def model_failed(request, what, status=500):
    """The answer when the user's own code raised: what went wrong is in the log, under the id that the caller is given."""
    error = RequestError(
        status,
        what,
        hint="the traceback is in the log of the deployment, under prediction id %s" % request.name,
    )
    return error_answer(error, request, [("x-ms-run-function-failed", "True")])


def too_late(request):
    """The answer to a request whose caller has been told by now that it took too long; every frame is answered once."""
    return error_answer(RequestError(504, "the request waited longer than request_timeout_ms allows"), request)
