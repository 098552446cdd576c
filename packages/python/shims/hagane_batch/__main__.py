"""``python -m hagane_batch``: reads a request on standard input and carries it out in the current folder."""

import os
import shutil
import signal
import sys
import tempfile
import time

from hagane_batch.request import parse
from hagane_batch.results import Report
from hagane_batch.units import no_input, units_of
from hagane_parallel.driver import Driver
from hagane_parallel.errors import ParallelError
from hagane_parallel.results import Results

_RESUME = "HAGANE_RESUME_FOLDER"
_MOST_VAIN_TRIES = 5


def main():
    signal.signal(signal.SIGTERM, lambda number, _frame: sys.exit(128 + number))
    request = parse(sys.stdin.read())
    state = os.environ.pop(_RESUME, None) or tempfile.mkdtemp(prefix="hagane-batch-")
    files = os.path.join(state, "files")
    os.makedirs(files, exist_ok=True)
    refuse_vain_tries(state)
    prepare(request, state, files)
    began = _began(state)
    units = units_of(request, state)
    if not units:
        raise no_input(request)
    results = Results(state)
    driver = Driver(request, units, results)
    counts = driver.run()
    if counts.failed_items >= sum(unit.size for unit in units) > 0:
        raise ParallelError("nothing could be scored; the first error: {}".format(driver.first_error), code=1)
    publish(files, request.score)
    facts = Report(request, units, results).write(counts, began)
    told = "{rows} rows, {errors} errors, {seconds:.1f} s".format(**facts)
    driver.journal.say(told + "".join("; drift of {} {}".format(*worst) for worst in list(facts.get("drift", {}).items())[:3]))


def refuse_vain_tries(state):
    """What is killed again and again before any mini-batch ends, as for lack of memory, is not tried for ever."""
    path = os.path.join(state, "tries")
    done = len([name for name in os.listdir(state) if name.endswith(".done")])
    before = (0, 0)
    if os.path.exists(path):
        with open(path) as file:
            before = tuple(int(word) for word in file.read().split()) or before
    times = before[1] + 1 if before[0] == done else 1
    if times > _MOST_VAIN_TRIES:
        raise ParallelError("it was killed {} times, and no mini-batch ended in between".format(times - 1), code=1)
    with open(path + ".new", "w") as file:
        file.write("{} {}".format(done, times))
    os.replace(path + ".new", path)


def publish(files, score):
    """What scripts wrote becomes part of the output, and stays where it is: another try may have to do this again."""
    for folder, _, names in os.walk(files):
        target = os.path.join(score, os.path.relpath(folder, files))
        os.makedirs(target, exist_ok=True)
        for name in names:
            try:
                os.link(os.path.join(folder, name), os.path.join(target, name))
            except OSError:
                shutil.copyfile(os.path.join(folder, name), os.path.join(target, name))


def prepare(request, state, files):
    """What scoring scripts read: the model's folder under its own name, and where they may write; the cores are shared out."""
    # libraries that take all cores in each of several processes only wait for each other
    os.environ.setdefault("OMP_NUM_THREADS", str(max(1, (os.cpu_count() or 1) // request.workers)))
    os.environ["AZUREML_BI_OUTPUT_PATH"] = files
    if request.model is None:
        return
    folder = os.path.join(state, "model")
    os.makedirs(folder, exist_ok=True)
    link = os.path.join(folder, request.model_folder)
    if os.path.islink(link):
        os.remove(link)
    os.symlink(request.model, link)
    os.environ["AZUREML_MODEL_DIR"] = folder


def _began(state):
    """When the first try began."""
    path = os.path.join(state, "began")
    if not os.path.exists(path):
        with open(path, "w") as file:
            file.write(repr(time.time()))
    with open(path) as file:
        return float(file.read() or time.time())


if __name__ == "__main__":
    try:
        main()
    except ParallelError as error:
        print("[batch] ERROR: {}".format(error), flush=True)
        sys.exit(error.code)
