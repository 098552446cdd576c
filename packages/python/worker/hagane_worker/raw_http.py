"""The request that @rawhttp scripts are handed, and the responses they may return; Flask's own where Flask is installed."""

import importlib.util
import io
import json
import sys
from email.parser import BytesParser
from email.policy import HTTP
from urllib.parse import parse_qsl


class MultiDict(dict):
    """First value by key, all values by `getlist`, as werkzeug's."""

    def __init__(self, pairs=()):
        super().__init__()
        self._lists = {}
        for key, value in pairs:
            self._lists.setdefault(key, []).append(value)
            self.setdefault(key, value)

    def getlist(self, key):
        return list(self._lists.get(key, []))


class Headers(MultiDict):
    """Headers, found whatever their case."""

    def __init__(self, pairs=()):
        super().__init__((name.title(), value) for name, value in pairs)

    def __getitem__(self, name):
        return super().__getitem__(name.title())

    def __contains__(self, name):
        return super().__contains__(name.title())

    def get(self, name, default=None):
        return super().get(name.title(), default)


class UploadedFile:
    """One file of a multipart form; `stream` is the file itself."""

    def __init__(self, filename, content_type, content):
        self.filename = filename
        self.content_type = content_type
        self.mimetype = content_type
        self.stream = io.BytesIO(content)

    def read(self, *size):
        return self.stream.read(*size)

    def save(self, path):
        with open(path, "wb") as target:
            target.write(self.stream.getvalue())


class RawRequest:
    """The part of Flask's Request that scoring scripts use, without Flask."""

    def __init__(self, request, head):
        self.method = head.get("method", request.method)
        self.path = head.get("path", "/score")
        self.query_string = head.get("query", "").encode("latin-1")
        self.headers = Headers(head.get("headers", []))
        self.args = MultiDict(parse_qsl(head.get("query", ""), keep_blank_values=True))
        self.content_type = request.content_type
        self.mimetype = request.content_type.split(";")[0].strip().lower()
        self.data = request.body
        self._form = None

    @property
    def is_json(self):
        return self.mimetype == "application/json" or self.mimetype.endswith("+json")

    @property
    def json(self):
        return self.get_json()

    def get_json(self, force=False, silent=False, **_):
        if not (force or self.is_json):
            return None
        try:
            return json.loads(self.data.decode("utf-8"))
        except ValueError:
            if silent:
                return None
            raise

    def get_data(self, as_text=False, **_):
        return self.data.decode("utf-8") if as_text else self.data

    @property
    def form(self):
        return self._parts()[0]

    @property
    def files(self):
        return self._parts()[1]

    def _parts(self):
        if self._form is None:
            if self.mimetype == "application/x-www-form-urlencoded":
                self._form = (MultiDict(parse_qsl(self.data.decode("utf-8"), keep_blank_values=True)), MultiDict())
            elif self.mimetype == "multipart/form-data":
                self._form = read_multipart(self.content_type, self.data)
            else:
                self._form = (MultiDict(), MultiDict())
        return self._form


def read_multipart(content_type, body):
    """Fields and files of a multipart/form-data body."""
    head = ("Content-Type: %s\r\n\r\n" % content_type).encode("latin-1")
    message = BytesParser(policy=HTTP).parsebytes(head + body)
    fields, files = [], []
    for part in message.iter_parts() if message.is_multipart() else ():
        name = part.get_param("name", header="content-disposition")
        content = part.get_payload(decode=True) or b""
        filename = part.get_filename()
        if filename is None:
            fields.append((name, content.decode("utf-8", "replace")))
        else:
            files.append((name, UploadedFile(filename, part.get_content_type(), content)))
    return MultiDict(fields), MultiDict(files)


class AMLResponse:
    """What a script returns to decide status and headers itself; same parameters as Azure ML's."""

    def __init__(self, message, status_code, response_headers=None, json_str=False, run_function_failed=False):
        self.status_code = status_code
        self.headers = []
        if message is None or json_str:
            self.data = json.dumps({} if message is None else message).encode("utf-8")
            self.headers.append(("Content-Type", "application/json"))
        else:
            self.data = message.encode("utf-8") if isinstance(message, str) else bytes(message)
            if not any(name.lower() == "content-type" for name in response_headers or {}):
                self.headers.append(("Content-Type", "text/html; charset=utf-8"))
        self.headers.append(("x-ms-run-function-failed", str(run_function_failed)))
        for name, value in (response_headers or {}).items():
            self.headers.extend((name, part.strip()) for part in str(value).split(","))

    def get_data(self, as_text=False):
        return self.data.decode("utf-8") if as_text else self.data


def build_request(request, head):
    if importlib.util.find_spec("flask") is None:
        return RawRequest(request, head)
    from flask import Request

    return Request(wsgi_environ(request, head))


def wsgi_environ(request, head):
    environ = {
        "REQUEST_METHOD": head.get("method", request.method),
        "SCRIPT_NAME": "",
        "PATH_INFO": head.get("path", "/score"),
        "QUERY_STRING": head.get("query", ""),
        "SERVER_NAME": "localhost",
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "CONTENT_TYPE": request.content_type,
        "CONTENT_LENGTH": str(len(request.body)),
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(request.body),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": False,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
    }
    for name, value in head.get("headers", []):
        key = name.upper().replace("-", "_")
        if key not in ("CONTENT_TYPE", "CONTENT_LENGTH"):
            environ["HTTP_" + key] = value
    return environ


def response_parts(output):
    """Status, headers and body of a response object of ours or of Flask; None for anything else."""
    if isinstance(output, AMLResponse):
        return output.status_code, output.headers, output.data
    wrappers = sys.modules.get("werkzeug.wrappers")
    if wrappers is not None and isinstance(output, wrappers.Response):
        return output.status_code, [(str(name), str(value)) for name, value in output.headers.items()], output.get_data()
    return None
