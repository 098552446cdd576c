"""The part of Azure's package ``mltable`` that scripts use, for environments that do not have that package.

Found only when no installed ``mltable`` is. It reads and writes MLTable folders on this machine with pandas; what needs a
workspace in Azure (data asset URIs, delta lake, streams) is refused with a message.
"""

from .column_types import DataType, MLTableFileEncoding, MLTableHeaders
from .tables import (
    MLTable,
    from_delimited_files,
    from_delta_lake,
    from_json_lines_files,
    from_parquet_files,
    from_paths,
    load,
)

__all__ = [
    "MLTable",
    "load",
    "from_delimited_files",
    "from_parquet_files",
    "from_json_lines_files",
    "from_paths",
    "from_delta_lake",
    "DataType",
    "MLTableFileEncoding",
    "MLTableHeaders",
]
