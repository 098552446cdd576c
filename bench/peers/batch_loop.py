"""What people write instead of a batch endpoint: chunks of a file, predict, append. Prints {"seconds", "peak", "cpu"} in JSON."""

import json
import os
import resource
import subprocess
import sys
import tempfile
import time

CHUNK = 100000


def cut(path, parts, target):
    """Files of about equal size with the header of the whole; not part of what is measured."""
    size = os.path.getsize(path)
    with open(path, "rb") as file:
        header = file.readline()
        names = []
        for part in range(parts):
            end = size * (part + 1) // parts
            names.append(os.path.join(target, "part-{}.csv".format(part)))
            with open(names[-1], "wb") as piece:
                piece.write(header)
                while file.tell() < end:
                    piece.write(file.read(min(1 << 24, end - file.tell())))
                piece.write(file.readline())
    return names


def score(folder, source, target):
    import mlflow.pyfunc
    import pandas

    model = mlflow.pyfunc.load_model(os.path.join(folder, "model"))
    with open(target, "w") as file:
        for chunk in pandas.read_csv(source, chunksize=CHUNK):
            predictions = pandas.DataFrame({"file": "rows.csv", "prediction": model.predict(chunk)})
            predictions.to_csv(file, header=False, index=False)


def peak_of(processes):
    """Resident bytes of all processes now."""
    total = 0
    for process in processes:
        try:
            with open("/proc/{}/statm".format(process.pid)) as file:
                total += int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
        except (OSError, IndexError):
            pass
    return total


def main():
    folder, workers = sys.argv[1], int(sys.argv[2])
    with tempfile.TemporaryDirectory(dir=folder) as work:
        parts = cut(os.path.join(folder, "rows", "rows.csv"), workers, work)
        started, peak = time.time(), 0
        processes = [
            subprocess.Popen([sys.executable, __file__, "score", folder, part, part + ".out"]) for part in parts
        ]
        while any(process.poll() is None for process in processes):
            peak = max(peak, peak_of(processes))
            time.sleep(0.1)
        if any(process.returncode for process in processes):
            sys.exit("a part of the loop failed")
        with open(os.path.join(work, "predictions.csv"), "wb") as whole:
            for part in parts:
                with open(part + ".out", "rb") as rows:
                    while True:
                        data = rows.read(1 << 24)
                        if not data:
                            break
                        whole.write(data)
        used = resource.getrusage(resource.RUSAGE_CHILDREN)
        cpu = used.ru_utime + used.ru_stime
        print(json.dumps({"seconds": time.time() - started, "peak": peak, "cpu": cpu}))


if __name__ == "__main__":
    if sys.argv[1] == "score":
        score(*sys.argv[2:])
    else:
        main()
