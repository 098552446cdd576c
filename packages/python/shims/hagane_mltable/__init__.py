"""Reads MLTable folders with nothing but pandas: ``hagane_mltable.load(folder).to_pandas_dataframe()``."""

from .errors import MLTableError
from .table import MLTable, load

__all__ = ["MLTable", "MLTableError", "load"]
