"""Asks a worker over its own socket, without a gateway: one request after the other for some seconds; p50 and p99 in ms.

Arguments: folder of the worker, folder of score.py, seconds.
"""

import json
import os
import socket
import subprocess
import sys
import time

worker, code, seconds = sys.argv[1], sys.argv[2], float(sys.argv[3])
sys.path.insert(0, worker)

from hagane_worker import frames  # noqa: E402

near, far = socket.socketpair()


def hand_over():
    os.dup2(far.fileno(), 3)


child = subprocess.Popen(
    [sys.executable, os.path.join(worker, "serve.py"), "bench/worker/0"], pass_fds=(3,), preexec_fn=hand_over, stdout=sys.stderr
)
far.close()
channel = frames.Channel(near)
config = {"kind": "python-score", "python": sys.executable, "code_dir": code, "scoring_script": "score.py", "model_dir": code}
channel.send(frames.pack(frames.CONFIG, 0, json.dumps(config).encode()))
first = channel.receive()
assert first and first[0][0] == frames.READY, first
name, kind, body = b"pr-0123456789abcdef-01ARZ3NDEKTSV4RRFFQ69G5FAV", b"application/json", b"[1]"
payload = frames.SCORE.pack(time.monotonic() + 3600, 0, 0, len(name), len(kind), 0) + name + kind + body
times = []
end = time.perf_counter() + seconds
sent = 0.0
while sent < end:
    sent = time.perf_counter()
    channel.send(frames.pack(frames.REQUEST, len(times), payload))
    answered = channel.receive()
    times.append(time.perf_counter() - sent)
    assert answered[0][0] == frames.ANSWERED, answered
near.close()
child.wait()
times.sort()
print(json.dumps({"p50": times[len(times) // 2] * 1000, "p99": times[len(times) * 99 // 100] * 1000}))
