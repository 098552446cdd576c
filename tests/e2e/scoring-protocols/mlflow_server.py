"""MLflow's own scoring server for every model of a folder, each below its name: `python mlflow_server.py <folder>`.

Prints the port that it listens on.
"""

import socket
import sys
from pathlib import Path

import mlflow.pyfunc
import mlflow_models
import uvicorn
from mlflow.pyfunc.scoring_server import init
from starlette.applications import Starlette

folder = Path(sys.argv[1])
mlflow_models.write(folder)
app = Starlette()
for model in folder.iterdir():
    app.mount("/" + model.name, init(mlflow.pyfunc.load_model(str(model))))
listener = socket.create_server(("127.0.0.1", 0))
print("port", listener.getsockname()[1], flush=True)
uvicorn.Server(uvicorn.Config(app, log_level="critical", timeout_keep_alive=600)).run(sockets=[listener])
