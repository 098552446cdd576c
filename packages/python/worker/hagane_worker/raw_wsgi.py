"""Headers and the WSGI environment of a raw request, the same with Flask and without."""

import io
import sys


def add_headers(headers, more, run_function_failed):
    """Azure ML's reading of `response_headers`: a comma separates the values of a header that is repeated."""
    headers["x-ms-run-function-failed"] = str(run_function_failed)
    for name, value in (more or {}).items():
        if name.lower() == "content-type":
            headers.remove(name)
        for part in str(value).split(","):
            headers.add(name, part.strip())


def content_length(request, head):
    """Bytes of the body, also of one that came in chunks; None of a request that has none, as a GET."""
    is_told = any(name.lower() == "content-length" for name, _ in head.get("headers", []))
    return len(request.body) if request.body or is_told else None


def wsgi_environ(request, head):
    environ = {
        "REQUEST_METHOD": head.get("method", request.method),
        "SCRIPT_NAME": "",
        "PATH_INFO": head.get("path", "/score"),
        "QUERY_STRING": head.get("query", ""),
        "SERVER_NAME": "localhost",
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(request.body),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": False,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
    }
    length = content_length(request, head)
    if length is not None:
        environ["CONTENT_LENGTH"] = str(length)
    if request.content_type:
        environ["CONTENT_TYPE"] = request.content_type
    for name, value in head.get("headers", []):
        key = name.upper().replace("-", "_")
        if key not in ("CONTENT_TYPE", "CONTENT_LENGTH"):
            environ["HTTP_" + key] = value
    return environ
