"""Azure ML's own inference server for every script of a folder: `python azure_server.py <folder> <temporary folder>`.

Prints one line of JSON, the port of each script by name. Ends when its standard input does.
"""

import json
import os
import signal
import socket
import sys
from pathlib import Path

import azure.monitor.opentelemetry.exporter  # noqa: F401 - imported once, for every server that is forked from here
import flask  # noqa: F401
import gunicorn.app.wsgiapp
import inference_schema.schema_decorators  # noqa: F401
import pandas  # noqa: F401

ENVIRONMENT = {"AZUREML_MODEL_DIR": "/models", "SERVICE_NAME": "the-service", "OWN_VARIABLE": "é"}


def serve(code, listener, home):
    """What `azmlinfsrv` does once it has read its arguments, on a socket that is open already."""
    os.chdir(code)
    os.environ.update(ENVIRONMENT, AML_APP_ROOT=str(code), AZUREML_ENTRY_SCRIPT="score.py")
    if code.name == "slow":
        os.environ["SCORING_TIMEOUT_MS"] = "200"
    listener.set_inheritable(True)
    options = ["-b", "fd://%d" % listener.fileno(), "-w", "1", "--timeout", "300", "--worker-tmp-dir", home, "--no-control-socket"]
    sys.argv = ["azmlinfsrv", *options, "azureml_inference_server_http.server.entry:app"]
    gunicorn.app.wsgiapp.WSGIApplication("%(prog)s").run()


def main(folder, home):
    ports, servers = {}, []
    for code in sorted(folder.iterdir()):
        listener = socket.create_server(("127.0.0.1", 0))
        ports[code.name] = listener.getsockname()[1]
        server = os.fork()
        if server == 0:
            os.dup2(2, 1)
            serve(code, listener, home)
        listener.close()
        servers.append(server)
    print(json.dumps(ports), flush=True)
    sys.stdin.read()
    for server in servers:
        os.kill(server, signal.SIGTERM)
    for server in servers:
        os.waitpid(server, 0)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
