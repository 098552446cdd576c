"""The model behind bare uvicorn: the floor of one row at a time in Python. No server that people use is this bare."""

import json
import os

import joblib
import numpy as np

model = joblib.load(os.path.join(os.environ["BENCH_MODEL_DIR"], "model.joblib"))
_HEADERS = [(b"content-type", b"application/json")]


async def app(scope, receive, send):
    if scope["type"] != "http":
        return
    body = b""
    more = True
    while more:
        event = await receive()
        body += event.get("body", b"")
        more = event.get("more_body", False)
    rows = json.loads(body)["rows"]
    answer = json.dumps(model.predict(np.array(rows)).tolist()).encode()
    head = _HEADERS + [(b"content-length", str(len(answer)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": head})
    await send({"type": "http.response.body", "body": answer})
