"""
Scores a million rows with the driver of batch deployments, kills it and all its workers (SIGKILL) as often as asked while it
works, starts it again each time, and checks that every row has come exactly once. Prints the outcome in JSON.
"""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time

SHIMS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "packages", "python", "shims")
BATCH_ID = "pr-0123456789abcdef-01ARZ3NDEKTSV4RRFFQ69G5FAV"
MOST = 1000000


def shorten(source, target):
    """The first rows of a file."""
    with open(source, "rb") as file, open(target, "wb") as short:
        for number, line in enumerate(file):
            if number > MOST:
                return
            short.write(line)


def start(folder, work, workers):
    for name in ("score", "report"):
        shutil.rmtree(os.path.join(work, name), ignore_errors=True)
        os.makedirs(os.path.join(work, name))
    settings = {"concurrency": workers, "row_ids": True, "batch_id": BATCH_ID, "largest_unit": 1 << 20}
    paths = [os.path.join(work, "input"), os.path.join(work, "score"), os.path.join(work, "report")]
    request = "\n".join([json.dumps(settings)] + paths + [os.path.join(folder, "model"), "", ""])
    process = subprocess.Popen(
        [sys.executable, "-m", "hagane_batch"],
        cwd=os.path.join(work, "code"),
        env=dict(os.environ, PYTHONPATH=SHIMS, HAGANE_RESUME_FOLDER=os.path.join(work, "state")),
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        start_new_session=True,
    )
    process.stdin.write(request.encode("utf-8"))
    process.stdin.close()
    return process


def done(work):
    state = os.path.join(work, "state")
    return len([name for name in os.listdir(state) if name.endswith(".done")]) if os.path.isdir(state) else 0


def wrong(work, rows):
    """Rows that are not there, not in their place, or there twice."""
    found = count = 0
    with open(os.path.join(work, "score", "predictions.csv")) as file:
        for number, line in enumerate(file):
            count += 1
            found += not line.startswith("['{}-{}', ".format(BATCH_ID, number))
    return found + abs(rows - count)


def main():
    folder, workers, kills = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    with tempfile.TemporaryDirectory(dir=folder) as work:
        for name in ("input", "code"):
            os.makedirs(os.path.join(work, name))
        shorten(os.path.join(folder, "rows", "rows.csv"), os.path.join(work, "input", "rows.csv"))
        with open(os.path.join(work, "input", "rows.csv"), "rb") as file:
            rows = sum(1 for _ in file) - 1
        started = time.time()
        killed = 0
        for _ in range(kills):
            before, process = done(work), start(folder, work, workers)
            while process.poll() is None and done(work) < before + 3:
                time.sleep(0.02)
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
                killed += 1
            process.wait()
        process = start(folder, work, workers)
        if process.wait() != 0:
            sys.exit("the last try failed")
        seconds = time.time() - started
        print(json.dumps({"rows": rows, "wrong": wrong(work, rows), "kills": killed, "seconds": seconds}))


if __name__ == "__main__":
    main()
