"""The life of a worker process: configure, load, answer until the gateway has gone or says stop."""

import gc
import json
import logging
import os
import signal
import socket
import sys
import traceback

from . import warm
from .frames import BATCHED, CONFIG, FAILED, PING, PONG, READY, REQUEST, STOP, Channel, Request, pack, pack_answer, pack_json

logger = logging.getLogger("hagane.worker")

_PR_SET_PDEATHSIG = 1


def end_with_parent():
    """Asks the kernel to end this process with the gateway, even in the middle of a long call (Linux only)."""
    if not sys.platform.startswith("linux"):
        return
    parent = os.getppid()
    try:
        import ctypes

        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    except (ImportError, OSError, AttributeError) as error:
        logger.info("no parent-death signal: %s", error)
    if os.getppid() != parent:
        raise SystemExit(0)


def load(config):
    if config["kind"] == "python-score":
        from .script import load_script

        return load_script(config)
    if config["kind"] == "python-pickle":
        from .pickle_model import load_pickle_model

        return load_pickle_model(config)
    from .mlflow_model import load_mlflow_model

    return load_mlflow_model(config)


def serve(channel, model):
    """Answers frames until the other side has gone or says stop. Whatever has arrived together is answered together."""
    while True:
        frames = channel.receive()
        if not frames:
            return
        requests = []
        stopping = False
        for kind, frame_id, payload in frames:
            if kind == REQUEST:
                requests.append(Request(frame_id, payload))
            elif kind == PING:
                channel.send(pack(PONG, frame_id, b""))
            elif kind == STOP:
                stopping = True
        for answers in model.answer(requests):
            predicted = len(answers) > 1 and answers[0][1].status < 400
            told = [pack(BATCHED, len(answers), b"")] if predicted else []
            channel.send(b"".join(told + [pack_answer(request.id, answer) for request, answer in answers]))
        if stopping:
            return


def main():
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    end_with_parent()
    logging.basicConfig(
        level=logging.INFO, stream=sys.stdout, format="%(asctime)s %(levelname).1s [%(process)d] %(name)s - %(message)s"
    )
    os.set_inheritable(3, False)
    connection = socket.socket(fileno=3)
    connection.setblocking(True)
    channel = Channel(connection)
    frames = channel.receive()
    if not frames or frames[0][0] != CONFIG:
        raise SystemExit(2)
    config = json.loads(frames[0][2].decode("utf-8"))
    if config["kind"] == "warm":
        warm.import_all(config["modules"])
        # the next one may have come with it
        frames = frames[1:] or channel.receive()
        if not frames:
            return
        config = json.loads(frames[0][2].decode("utf-8"))
        warm.become(config)
    try:
        model = load(config)
    except BaseException as error:  # noqa: B902 - sys.exit() in the user's code is a failure to report as well
        traceback.print_exc()
        sys.stderr.flush()
        channel.send(pack_json(FAILED, {"message": describe(error), "traceback": traceback.format_exc()}))
        raise SystemExit(3)  # noqa: B904
    gc.collect()
    if hasattr(gc, "freeze"):
        gc.freeze()
    channel.send(pack_json(READY, dict(model.description(), modules=warm.imported())))
    serve(channel, model)
    sys.stdout.flush()


def describe(error):
    text = str(error).strip()
    return "%s: %s" % (type(error).__name__, text) if text else type(error).__name__
