"""
Predictions as the lines of ``predictions.csv``: ``['file.csv', prediction]``, one Python list literal for each row of the
input, which Azure ML documents for models without code.
"""

_FEW = 4096


def cells_of(predictions, count):
    """
    The text of each prediction. A model may answer an array, a list, a series, a frame, or one array with a row for each row
    of its input; anything else is no answer for ``count`` rows: throws ValueError.
    """
    import numpy

    if isinstance(predictions, dict) and len(predictions) == 1:
        predictions = next(iter(predictions.values()))
    if hasattr(predictions, "to_numpy"):
        predictions = predictions.to_numpy()
    if isinstance(predictions, list):
        texts = [repr(_plain(value)) for value in predictions]
    else:
        array = numpy.asarray(predictions)
        if array.ndim == 2 and array.shape[1] == 1:
            array = array[:, 0]
        texts = _of_array(array) if array.ndim > 0 else [repr(_plain(predictions))]
    if len(texts) != count:
        raise ValueError("the model answered {} predictions for {} rows".format(len(texts), count))
    return texts


def _of_array(array):
    import numpy

    if array.ndim == 1 and array.dtype.kind in "iu" and len(array) > _FEW:
        low, high = int(array.min()), int(array.max())
        if high - low < _FEW:
            known = [repr(value) for value in range(low, high + 1)]
            return list(map(known.__getitem__, (array - low).tolist()))
    if array.dtype.kind == "O":
        return [repr(_plain(value)) for value in array.tolist()]
    if array.dtype.kind == "M":
        return [repr(str(value)) for value in array.astype("datetime64[ms]")]
    if array.dtype.kind == "f" and array.ndim == 1:
        return ["None" if text == "nan" else text for text in map(repr, array.tolist())] if numpy.isnan(array).any() else list(
            map(repr, array.tolist())
        )
    return list(map(repr, array.tolist()))


def _plain(value):
    if hasattr(value, "tolist"):
        value = value.tolist()
    if isinstance(value, float) and value != value:
        return None
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if value is None or isinstance(value, (str, int, float, bool, dict)):
        return value
    return str(value)


def write_lines(file, name, texts, ids=None):
    """Writes a line for each text; with ``ids`` = (prefix, first number) the row's own id comes before."""
    if not texts:
        return
    if ids is None:
        before = "[{!r}, ".format(name)
        file.write(before + ("]\n" + before).join(texts) + "]\n")
        return
    prefix, first = ids
    middle = "', {!r}, ".format(name)
    file.write("".join(["['{}-{}{}{}]\n".format(prefix, first + at, middle, text) for at, text in enumerate(texts)]))
