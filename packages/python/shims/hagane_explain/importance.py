"""How much each column moves the answers of a model. Only numpy and pandas are needed."""

import numpy

REPEATS = 5


def as_numbers(answers):
    """Answers as a table of floats; labels become one column for each, 1 where it was given."""
    table = numpy.asarray(answers)
    if table.ndim == 1:
        table = table.reshape(-1, 1)
    table = table.reshape(len(table), -1)
    if numpy.issubdtype(table.dtype, numpy.number) or table.dtype == bool:
        return table.astype(float)
    try:
        return table.astype(float)
    except (TypeError, ValueError):
        labels = sorted({str(value) for value in table[:, 0]})
        return numpy.array([[float(str(value) == label) for label in labels] for value in table[:, 0]])


def permutation(predict, rows, background, seed=0):
    """Global importance and values of each row, of a function that answers for a table.

    Importance of a column: the mean distance between answers and those after its values were shuffled, over 5 shuffles
    (Breiman 2001, with answers in place of labels, which need not be known). Value of a row: the mean difference between its
    answer and those with the column's values of 20 background rows in their place.
    """
    random = numpy.random.default_rng(seed)
    base = predict(rows)
    picked = background.iloc[random.integers(0, len(background), 20)]
    importance, values = {}, {}
    for column in rows.columns:
        moved = []
        for _ in range(REPEATS):
            changed = rows.copy()
            changed[column] = rows[column].to_numpy()[random.permutation(len(rows))]
            moved.append(float(numpy.abs(predict(changed) - base).mean()))
        importance[column] = sum(moved) / len(moved)
        values[column] = numpy.mean([_replaced(predict, rows, column, value, base) for value in picked[column]], axis=0)
    return importance, values


def _replaced(predict, rows, column, value, base):
    changed = rows.copy()
    changed[column] = value
    return _main(base - predict(changed))


def _main(table):
    """The last column: of probabilities that of the last class, of other answers the only one or the last."""
    return table[:, -1]


def shapley(predict, native, rows, background):
    """The same from SHAP: the exact explainer of tree models where there is one, else that of any function."""
    import shap

    try:
        explained = shap.TreeExplainer(native)(rows)
    except Exception:  # not a model of trees, or one of a kind that shap does not know
        masker = shap.maskers.Independent(background, max_samples=100)
        explained = shap.Explainer(lambda table: _main(predict(_frame(table, rows))), masker)(rows)
    values = numpy.asarray(explained.values, dtype=float)
    if values.ndim == 3:
        values = values[:, :, -1]
    columns = list(rows.columns)
    importance = {column: float(numpy.abs(values[:, i]).mean()) for i, column in enumerate(columns)}
    base = float(numpy.ravel(explained.base_values)[-1]) if explained.base_values is not None else None
    return importance, {column: values[:, i] for i, column in enumerate(columns)}, base


def _frame(table, like):
    import pandas

    return pandas.DataFrame(table, columns=like.columns).astype(like.dtypes.to_dict(), errors="ignore")
