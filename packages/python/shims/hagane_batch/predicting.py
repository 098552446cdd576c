"""Calls a model with many rows at once, and finds the rows that it cannot predict."""

import time

from . import lines

_FIRST = 10000
_SECONDS = 0.5
_MOST_ALONE = 50


class Predictor(object):
    """Chunks grow while a call takes less than half a second: a slow model gives signs of life, a fast one is not held up."""

    def __init__(self, predict):
        self._predict = predict
        self._rows = _FIRST

    def one(self, data):
        return self._predict(data)

    def predictions(self, frame, beat):
        """
        Yields ``(start, texts, predictions)`` for each part of the frame, and ``(start, message, count)`` for rows that the
        model refuses. ``beat()`` is called after each call of the model.
        """
        budget = [_MOST_ALONE]
        at = 0
        while at < len(frame):
            part = frame if at == 0 and self._rows >= len(frame) else frame.iloc[at:at + self._rows]
            began = time.monotonic()
            for found in self._part(part, at, budget, beat):
                yield found
            if len(part) == self._rows and time.monotonic() - began < _SECONDS:
                self._rows *= 2
            elif time.monotonic() - began > 4 * _SECONDS:
                self._rows = max(1, self._rows // 2)
            at += len(part)

    def _part(self, part, start, budget, beat):
        try:
            predictions = self._predict(part)
            texts = lines.cells_of(predictions, len(part))
        except Exception as error:
            beat()
            yield from self._halves(part, start, budget, beat, "{}: {}".format(type(error).__name__, error))
            return
        beat()
        yield start, texts, predictions

    def _halves(self, part, start, budget, beat, message):
        """Looks for the rows at fault, one by one until there are too many."""
        if len(part) == 1 or budget[0] <= 0:
            budget[0] -= 1
            yield start, message, len(part)
            return
        middle = len(part) // 2
        yield from self._part(part.iloc[:middle], start, budget, beat)
        yield from self._part(part.iloc[middle:], start + middle, budget, beat)
