"""``python -m hagane_score``: a line of JSON settings, then the paths of data, model and output, one a line."""

import json
import os
import sys

from .predict import score
from .table import Unreadable, read_table


def main():
    lines = [line.strip() for line in sys.stdin.read().split("\n")]
    settings, (data, model, output) = json.loads(lines[0]), lines[1:4]
    frame = read_table(data)
    print("[score] {} rows, {} columns".format(len(frame), len(frame.columns)), flush=True)
    found = score(frame, model, settings)
    path = os.path.join(output, "scored.json")
    with open(path + ".new", "w", encoding="utf-8") as file:
        json.dump(found, file, ensure_ascii=False, allow_nan=False)
    os.replace(path + ".new", path)
    print("[score] predicted in {:.2f} s".format(found["seconds"]), flush=True)


if __name__ == "__main__":
    try:
        main()
    except Unreadable as error:
        print("[score] ERROR: {}".format(error), flush=True)
        sys.exit(1)
