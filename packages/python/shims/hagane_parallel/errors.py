"""What the driver refuses."""


class ParallelError(Exception):
    """Says what is wrong and what to do. ``code`` is the driver's exit code."""

    def __init__(self, message, code=2):
        super().__init__(message)
        self.code = code
