"""What run() returned, as lines of text."""

import inspect

SINGLE = (str, bytes, dict)


def write_rows(returned, path, mark=""):
    """
    Writes the rows of a result and answers how many there are: a frame's rows with blanks between the values and without a
    header, of anything else one line for each item. Each begins with ``mark`` where there is one. Throws TypeError for a
    result that has no items.
    """
    with open(path, "w", encoding="utf-8", newline="") as file:
        if _is_frame(returned):
            return _write_frame(returned, file, mark)
        if returned is None or isinstance(returned, SINGLE) or not hasattr(returned, "__iter__"):
            raise TypeError(
                "run() returned {}; it has to return a list or a DataFrame with one element for each item".format(
                    type(returned).__name__
                )
            )
        count = 0
        for item in returned:
            if inspect.isgenerator(returned) and _is_frame(item):
                count += _write_frame(item, file, mark)
            else:
                file.write("{}{}\n".format(mark + " " if mark else "", item))
                count += 1
        return count


def _is_frame(value):
    return type(value).__name__ == "DataFrame" and hasattr(value, "to_csv")


def _write_frame(frame, file, mark):
    if len(frame):
        if mark:
            frame = frame.reset_index(drop=True)
            frame.insert(0, mark, mark, allow_duplicates=True)
        file.write(frame.to_csv(sep=" ", header=False, index=False))
    return len(frame)
