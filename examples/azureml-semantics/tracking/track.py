"""What mlflow.log_param and mlflow.log_metric send, with nothing but the variables that every job has."""
import json
import os
import time
import urllib.request


def call(path, body):
    request = urllib.request.Request(
        f"{os.environ['MLFLOW_TRACKING_URI']}/api/2.0/mlflow/{path}",
        json.dumps({"run_id": os.environ["MLFLOW_RUN_ID"], **body}).encode(),
        {"content-type": "application/json", "authorization": f"Bearer {os.environ['MLFLOW_TRACKING_TOKEN']}"},
    )
    urllib.request.urlopen(request).close()


call("runs/log-parameter", {"key": "hello_param", "value": "world"})
call("runs/log-metric", {"key": "hello_metric", "value": float(os.environ.get("METRIC", "42")), "timestamp": int(time.time() * 1000)})
