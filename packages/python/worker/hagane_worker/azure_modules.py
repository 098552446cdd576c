"""Azure ML's modules for scripts, `aml_request` and `aml_response` under both of their names, where nothing brings them.

Where azureml-inference-server-http is installed its own modules are taken, as Azure ML does. Elsewhere they are made of
Flask, as there, or of nothing but Python.
"""

import importlib.machinery
import importlib.util
import sys
import types

from . import raw_http

_SERVICES = "azureml.contrib.services"
_API = "azureml_inference_server_http.api"


def install():
    """Makes the modules importable; returns a function that says whether the script has asked for @rawhttp."""
    found = _server_modules()
    request_module, response_module = found or _own_modules()
    for place in (_SERVICES,) if found else (_SERVICES, _API):
        _make_packages(place, always=place == _API)
        for name, module in (("aml_request", request_module), ("aml_response", response_module)):
            sys.modules[place + "." + name] = module
            if place in sys.modules:
                setattr(sys.modules[place], name, module)
    return lambda: bool(getattr(request_module, "_rawHttpRequested", False))


def _make_packages(path, always):
    """Packages that are not there are made of nothing, each known to the one above."""
    parent = None
    for name in path.split("."):
        full = name if parent is None else parent + "." + name
        if always or not _is_there(full):
            package = types.ModuleType(full)
            package.__spec__ = importlib.machinery.ModuleSpec(full, None, is_package=True)
            package.__path__ = []
            sys.modules[full] = package
            if parent is not None:
                setattr(sys.modules[parent], name, package)
        parent = full


def _is_there(name):
    if name in sys.modules:
        return True
    try:
        return importlib.util.find_spec(name) is not None
    except (ImportError, ValueError):
        return False


def _server_modules():
    try:
        if importlib.util.find_spec("azureml_inference_server_http") is None:
            return None
        from azureml_inference_server_http.api import aml_request, aml_response
    except (ImportError, ValueError):
        return None
    return aml_request, aml_response


def _own_modules():
    def rawhttp(func):
        """Marks run(): it is handed the whole HTTP request."""
        request_module._rawHttpRequested = True
        return func

    # What needs Flask is made when a script asks for it: importing Flask takes longer than most scripts do.
    request_module = _Lazy(_API + ".aml_request", {"AMLRequest": raw_http.request_class})
    request_module._rawHttpRequested = False
    request_module.rawhttp = rawhttp
    request_module.__all__ = ["AMLRequest", "rawhttp"]
    response_module = _Lazy(_API + ".aml_response", {"AMLResponse": raw_http.response_class})
    response_module.__all__ = ["AMLResponse"]
    return request_module, response_module


class _Lazy(types.ModuleType):
    """A module some of whose names are made when they are first asked for."""

    def __init__(self, name, makers):
        super().__init__(name)
        self.__makers = makers

    def __getattr__(self, name):
        maker = self.__makers.get(name)
        if maker is None:
            raise AttributeError("module %r has no attribute %r" % (self.__name__, name))
        value = maker()
        setattr(self, name, value)
        return value
