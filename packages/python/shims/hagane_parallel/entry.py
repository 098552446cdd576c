"""The entry script: loaded once in each worker, and called for each mini-batch."""

import importlib
import importlib.util
import inspect
import os
import sys

from .rows import write_rows


class MiniBatchContext(object):
    """What ``run(mini_batch, mini_batch_context)`` is told beside the mini-batch."""

    def __init__(self, values):
        self.minibatch_index = values["minibatch_index"]
        self.mini_batch_id = values["minibatch_index"]
        self.partition_key_value = values["partition_key_value"]
        self.global_row_index_lower_bound = values["global_row_index_lower_bound"]
        self.global_row_index_upper_bound = values["global_row_index_upper_bound"]

    def __repr__(self):
        return "MiniBatchContext({})".format(self.__dict__)


class Entry(object):
    """``init()``, ``run()`` and ``shutdown()`` of a module; only run is required."""

    def __init__(self, module, mark=""):
        self._module = module
        self._mark = mark
        if not callable(getattr(module, "run", None)):
            raise AttributeError("the entry script defines no function run(mini_batch)")
        self._takes_context = _takes_two(module.run)

    def init(self):
        if callable(getattr(self._module, "init", None)):
            self._module.init()

    def process(self, message, beat):
        """Runs a mini-batch and writes the rows of the result; ``beat()`` says that run() begins. Answers facts for the driver."""
        files, frame = message["files"], message["frame"]
        mini_batch = files if frame is None else _frame(frame)
        beat()
        returned = self.run(mini_batch, MiniBatchContext(message["context"]))
        return {"rows": write_rows(returned, message["rows"], self._mark)}

    def run(self, mini_batch, context):
        return self._module.run(mini_batch, context) if self._takes_context else self._module.run(mini_batch)

    def shutdown(self):
        if callable(getattr(self._module, "shutdown", None)):
            self._module.shutdown()


def load(task, script, code, settings):
    """The entry of a task; ``code`` is the folder that its imports start from, ``settings`` what a batch deployment adds."""
    sys.path.insert(0, code)
    if task == "batch-model":
        return importlib.import_module("hagane_batch.scorer").Scorer(settings)
    if task == "model":
        return Entry(importlib.import_module("hagane_parallel.model_entry"))
    path = os.path.join(code, script)
    if not os.path.isfile(path):
        raise FileNotFoundError("entry_script: there is no {} in the code of the task".format(script))
    own = os.path.dirname(path)
    if own != code:
        sys.path.insert(0, own)
    name = os.path.splitext(os.path.basename(path))[0]
    spec = importlib.util.spec_from_file_location(name, path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return Entry(module, settings.get("mark", ""))


def _frame(path):
    import pandas

    return pandas.read_pickle(path)


def _takes_two(function):
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        return False
    if any(parameter.kind == parameter.VAR_POSITIONAL for parameter in parameters):
        return True
    positional = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    return len([parameter for parameter in parameters if parameter.kind in positional]) > 1
