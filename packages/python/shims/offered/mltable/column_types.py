"""The names that scripts hand over instead of texts."""

from enum import Enum


class MLTableHeaders(Enum):
    no_header = "no_header"
    from_first_file = "from_first_file"
    all_files_different_headers = "all_files_different_headers"
    all_files_same_headers = "all_files_same_headers"


class MLTableFileEncoding(Enum):
    utf8 = "utf8"
    iso88591 = "iso88591"
    latin1 = "latin1"
    ascii = "ascii"
    utf16 = "utf16"
    utf8bom = "utf8bom"
    windows1252 = "windows1252"


class DataType(object):
    """A type for convert_column_types."""

    def __init__(self, column_type):
        self.column_type = column_type

    @staticmethod
    def to_string():
        return DataType("string")

    @staticmethod
    def to_int():
        return DataType("int")

    @staticmethod
    def to_float():
        return DataType("float")

    @staticmethod
    def to_stream():
        return DataType("stream_info")

    @staticmethod
    def to_bool(true_values=None, false_values=None, mismatch_as="error"):
        if true_values is None and false_values is None:
            return DataType("boolean")
        options = {"true_values": _listed(true_values), "false_values": _listed(false_values), "mismatch_as": mismatch_as}
        return DataType({"boolean": options})

    @staticmethod
    def to_datetime(formats, date_constant=None):
        options = {"formats": _listed(formats)}
        if date_constant is not None:
            options["date_constant"] = date_constant
        return DataType({"datetime": options})


def _listed(values):
    return [values] if isinstance(values, str) else list(values or [])


def value_of(option):
    """The text of an enum, or the text itself."""
    return option.value if isinstance(option, Enum) else option
