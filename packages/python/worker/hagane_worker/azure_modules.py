"""`azureml.contrib.services.aml_request` and `.aml_response` for scripts whose environment does not bring them.

Where azureml-inference-server-http is installed its own modules are taken, as Azure ML does.
"""

import importlib.util
import sys
import types

from . import raw_http

_PACKAGES = ("azureml", "azureml.contrib", "azureml.contrib.services")


def install():
    """Makes both modules importable; returns a function that says whether the script has asked for @rawhttp."""
    request_module, response_module = _server_modules() or _own_modules()
    for name in _PACKAGES:
        if not _is_there(name):
            package = types.ModuleType(name)
            package.__path__ = []
            sys.modules[name] = package
    sys.modules["azureml.contrib.services.aml_request"] = request_module
    sys.modules["azureml.contrib.services.aml_response"] = response_module
    return lambda: bool(getattr(request_module, "_rawHttpRequested", False))


def _is_there(name):
    if name in sys.modules:
        return True
    try:
        return importlib.util.find_spec(name) is not None
    except ImportError:
        return False


def _server_modules():
    try:
        if importlib.util.find_spec("azureml_inference_server_http") is None:
            return None
        from azureml_inference_server_http.api import aml_request, aml_response
    except ImportError:
        return None
    return aml_request, aml_response


def _own_modules():
    request_module = types.ModuleType("azureml.contrib.services.aml_request")
    response_module = types.ModuleType("azureml.contrib.services.aml_response")

    def rawhttp(func):
        """Marks run(): it is handed the whole HTTP request."""
        request_module._rawHttpRequested = True
        return func

    request_module._rawHttpRequested = False
    request_module.rawhttp = rawhttp
    request_module.AMLRequest = raw_http.RawRequest
    response_module.AMLResponse = raw_http.AMLResponse
    return request_module, response_module
