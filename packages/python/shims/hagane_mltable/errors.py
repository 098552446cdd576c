"""What goes wrong with an MLTable, in words that say how to put it right."""


class MLTableError(ValueError):
    """An MLTable file that cannot be read, or data that does not fit what it says."""
