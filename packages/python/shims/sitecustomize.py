"""Loaded by every Python of a Hagane job (it lies first on PYTHONPATH): directory listings come sorted by name.

Data that Azure ML mounts is listed in order of name, and scripts rely on it (``os.listdir(path)[0]``); local file systems
list in any order. os.walk, glob and pathlib build on these two functions. Packages in ``offered`` are found when the
environment has none of that name. Then an environment's own sitecustomize runs.
"""

import os
import sys


class _Sorted(object):
    """Stands in for a built-in: not a function, so that a class that keeps it as an attribute does not bind it."""

    def __init__(self, name):
        self._original = getattr(os, name)
        self.__name__ = name
        self.__module__ = "os"
        self.__doc__ = self._original.__doc__

    def __reduce__(self):
        return self.__name__  # pickled as the global os.listdir, which also means something without this file


class _Listdir(_Sorted):
    def __call__(self, *args, **kwargs):
        return sorted(self._original(*args, **kwargs))


class _Scandir(_Sorted):
    def __call__(self, *args, **kwargs):
        with self._original(*args, **kwargs) as entries:
            return _Entries(sorted(entries, key=lambda entry: entry.name))


class _Entries(object):
    """What os.scandir promises: an iterator and a context manager with close()."""

    def __init__(self, entries):
        self._entries = iter(entries)

    def __iter__(self):
        return self

    def __next__(self):
        return next(self._entries)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self._entries = iter(())


def _sort_listings():
    for name, make in (("listdir", _Listdir), ("scandir", _Scandir)):
        original = getattr(os, name)
        replacement = make(name)
        if original in os.supports_fd:
            os.supports_fd.add(replacement)
        setattr(os, name, replacement)


class _Offered(object):
    """Finds, after everybody else, the stand-in of a package that the environment does not have."""

    @staticmethod
    def find_spec(name, _path=None, _target=None):
        if name != "mltable":
            return None
        from importlib.machinery import PathFinder

        return PathFinder.find_spec(name, [os.path.join(os.path.dirname(os.path.abspath(__file__)), "offered")])


def _run_next():
    """Runs the sitecustomize that would have been found without this one."""
    from importlib.machinery import PathFinder
    from importlib.util import module_from_spec

    here = os.path.dirname(os.path.abspath(__file__))
    spec = PathFinder.find_spec("sitecustomize", [path for path in sys.path if os.path.abspath(path) != here])
    if spec is not None and spec.loader is not None:
        spec.loader.exec_module(module_from_spec(spec))


_sort_listings()
sys.meta_path.append(_Offered)
_run_next()
