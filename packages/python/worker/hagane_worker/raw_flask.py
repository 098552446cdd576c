"""What raw_http has, made of Flask as Azure ML's server makes it; imported only where Flask is installed."""

import functools
import json

from flask import Flask, Request, Response
from flask import request as current_request

from . import raw_wsgi

_app = Flask(__name__)


class AMLRequest(Request):
    """The name that scripts know the request by."""


class AMLResponse(Response):
    """What a script returns to decide status and headers itself."""

    def __init__(self, message, status_code, response_headers=None, json_str=False, run_function_failed=False):
        if message is None or json_str:
            super().__init__(json.dumps({} if message is None else message), status=status_code, mimetype="application/json")
        else:
            super().__init__(message, status=status_code)
        raw_wsgi.add_headers(self.headers, response_headers, run_function_failed)


def build_request(request, head):
    return _app.request_class(raw_wsgi.wsgi_environ(request, head))


def in_context(run, parameter):
    """`run` with everything that Flask offers while it answers a request: `flask.request`, `jsonify`, `current_app`."""

    @functools.wraps(run)
    def call(**arguments):
        with _app.request_context(arguments[parameter].environ):
            return run(**dict(arguments, **{parameter: current_request._get_current_object()}))

    return call
