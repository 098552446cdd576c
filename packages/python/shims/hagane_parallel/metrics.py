"""Metrics of the run that this process belongs to, by MLflow's REST API; without a server nothing is logged."""

import json
import os
import sys
import threading
import time
import urllib.request

_TIMEOUT_SECONDS = 10


class Metrics(object):
    def __init__(self, prefix):
        self._prefix = prefix
        self._url = os.environ.get("MLFLOW_TRACKING_URI", "")
        self._run = os.environ.get("MLFLOW_RUN_ID", "")
        self._thread = None
        self._told = False

    def log(self, values, step, wait=False):
        """Sends the values in the background; while an earlier send is under way these are left out, unless ``wait``."""
        if not self._url.startswith("http") or not self._run:
            return
        if self._thread is not None and self._thread.is_alive():
            if not wait:
                return
            self._thread.join(_TIMEOUT_SECONDS)
        now = int(time.time() * 1000)
        metrics = [
            {"key": self._prefix + name, "value": value, "timestamp": now, "step": step} for name, value in values.items()
        ]
        self._thread = threading.Thread(target=self._send, args=({"run_id": self._run, "metrics": metrics},), daemon=True)
        self._thread.start()
        if wait:
            self._thread.join(_TIMEOUT_SECONDS)

    def _send(self, body):
        headers = {"Content-Type": "application/json"}
        token = os.environ.get("MLFLOW_TRACKING_TOKEN")
        if token:
            headers["Authorization"] = "Bearer " + token
        url = self._url.rstrip("/") + "/api/2.0/mlflow/runs/log-batch"
        request = urllib.request.Request(url, json.dumps(body).encode("utf-8"), headers)
        try:
            urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=_TIMEOUT_SECONDS).close()
        except Exception as error:
            if not self._told:
                sys.stdout.write("[parallel] metrics could not be logged: {}\n".format(error))
            self._told = True
