"""The request that @rawhttp scripts are handed, and the responses they may return; Flask's own where Flask is installed."""

import codecs
import importlib.util
import io
import json
import sys
from email.parser import BytesParser
from email.policy import HTTP
from urllib.parse import parse_qsl, quote

from . import raw_wsgi


def _as_it_came(error):
    return quote(error.object[error.start : error.end]), error.end


codecs.register_error("hagane-as-it-came", _as_it_came)


def form_pairs(text):
    """Names and values of a query or form; what is no UTF-8 stays quoted, as werkzeug has it."""
    return parse_qsl(text, keep_blank_values=True, errors="hagane-as-it-came")


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

    def getlist(self, name):
        return super().getlist(name.title())

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
        self.args = MultiDict(form_pairs(head.get("query", "")))
        self.full_path = "%s?%s" % (self.path, head.get("query", ""))
        self.content_type = request.content_type or None
        self.content_length = raw_wsgi.content_length(request, head)
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
            if silent:
                return None
            raise ValueError("the content type '%s' is not JSON" % self.mimetype)
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
                self._form = (MultiDict(form_pairs(self.data.decode("utf-8", "replace"))), MultiDict())
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


class ResponseHeaders:
    """Headers of a response: one value by name whatever its case, or several by `add`, as werkzeug's."""

    def __init__(self):
        self._pairs = []

    def __getitem__(self, name):
        values = self.getlist(name)
        if not values:
            raise KeyError(name)
        return values[0]

    def __setitem__(self, name, value):
        self.remove(name)
        self.add(name, value)

    def __contains__(self, name):
        return bool(self.getlist(name))

    def get(self, name, default=None):
        return self[name] if name in self else default

    def getlist(self, name):
        return [value for given, value in self._pairs if given.lower() == name.lower()]

    def add(self, name, value):
        self._pairs.append((name, str(value)))

    add_header = add

    def remove(self, name):
        self._pairs = [pair for pair in self._pairs if pair[0].lower() != name.lower()]

    __delitem__ = remove

    def update(self, headers):
        for name, value in dict(headers).items():
            self[name] = value

    def items(self):
        return list(self._pairs)

    def __iter__(self):
        return iter(self._pairs)

    def __len__(self):
        return len(self._pairs)


class AMLResponse:
    """What a script returns to decide status and headers itself; same parameters as Azure ML's."""

    def __init__(self, message, status_code, response_headers=None, json_str=False, run_function_failed=False):
        self.status_code = status_code
        self.headers = ResponseHeaders()
        if message is None or json_str:
            self.data = json.dumps({} if message is None else message).encode("utf-8")
            self.headers["Content-Type"] = "application/json"
        else:
            self.data = message.encode("utf-8") if isinstance(message, str) else bytes(message)
            self.headers["Content-Type"] = "text/html; charset=utf-8"
        raw_wsgi.add_headers(self.headers, response_headers, run_function_failed)

    def get_data(self, as_text=False):
        return self.data.decode("utf-8") if as_text else self.data


def _has_flask():
    return importlib.util.find_spec("flask") is not None


def request_class():
    if not _has_flask():
        return RawRequest
    from . import raw_flask

    return raw_flask.AMLRequest


def response_class():
    if not _has_flask():
        return AMLResponse
    from . import raw_flask

    return raw_flask.AMLResponse


def served(run, parameter):
    """How a script that takes the request itself is called: what makes the request, and the function to call with it."""
    if not _has_flask():
        return RawRequest, run
    from . import raw_flask

    return raw_flask.build_request, raw_flask.in_context(run, parameter)


def response_parts(output):
    """Status, headers and body of a response object of ours or of Flask; None for anything else."""
    if isinstance(output, AMLResponse):
        return output.status_code, output.headers, output.data
    wrappers = sys.modules.get("werkzeug.wrappers")
    if wrappers is not None and isinstance(output, wrappers.Response):
        return output.status_code, [(str(name), str(value)) for name, value in output.headers.items()], output.get_data()
    return None
