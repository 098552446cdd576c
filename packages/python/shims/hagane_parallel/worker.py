"""
A worker process: ``init()`` once, then ``run()`` for each mini-batch it is given. It hears and speaks lines of JSON on two
descriptors of its own, so that what the script prints goes its own way.
"""

import json
import os
import sys
import traceback


def main():
    control = _opened(sys.argv[1], "r")
    report = _opened(sys.argv[2], "w")
    task = json.loads(control.readline())

    def say(**message):
        report.write(json.dumps(message) + "\n")
        report.flush()

    try:
        entry = _start(task)
    except BaseException:
        say(event="init-failed", traceback=traceback.format_exc())
        raise SystemExit(1)
    say(event="ready")
    for line in control:
        _serve(entry, json.loads(line), say)
    entry.shutdown()


def _opened(number, mode):
    os.set_inheritable(int(number), False)
    return os.fdopen(int(number), mode, encoding="utf-8")


def _start(task):
    from .entry import load

    sys.argv = [task["entry_script"] or "model"] + task["arguments"]
    entry = load(task["task"], task["entry_script"], os.getcwd(), task["settings"])
    entry.init()
    return entry


def _serve(entry, message, say):
    index = message["index"]
    try:
        say(event="done", index=index, **entry.process(message, lambda: say(event="running", index=index)))
    except BaseException as error:
        last = traceback.format_exception_only(type(error), error)[-1].strip()
        say(event="failed", index=index, error=last, traceback=_trace(error))


def _trace(error):
    """The traceback from the script's own lines on, where the error comes from there."""
    own, here = error.__traceback__, os.path.dirname(os.path.abspath(__file__))
    while own is not None and own.tb_frame.f_code.co_filename.startswith(here):
        own = own.tb_next
    return "".join(traceback.format_exception(type(error), error, own or error.__traceback__))


if __name__ == "__main__":
    main()
