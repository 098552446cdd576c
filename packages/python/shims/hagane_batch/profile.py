"""
What a column of scored data looks like, made of parts that are added up: counts, the range, mean and spread of all rows, and
the distribution of a sample. Numbers fall into buckets of constant relative width (as in DDSketch, Masson et al. 2019, with
an accuracy of 5 %), which any two profiles share, so that they can be added and compared without the data.
"""

import math

SAMPLE = 2000
_GAMMA = 1.05 / 0.95
_LOG = math.log(_GAMMA)
_SMALLEST = 1e-9
_MOST_VALUES = 200


def of_frame(frame):
    """Profiles of the columns of a frame, by name."""
    return {str(name): of_column(frame[name]) for name in frame.columns}


def of_column(values):
    """The profile of a series or array. A sample for the distribution is taken at equal steps."""
    import numpy
    import pandas

    series = values if isinstance(values, pandas.Series) else pandas.Series(values)
    step = max(1, len(series) // SAMPLE)
    if series.dtype.kind in "iuf":
        return _of_numbers(series.to_numpy(dtype="float64", na_value=numpy.nan), step)
    sample = series.iloc[::step]
    counts = sample.dropna().astype(str).str.slice(0, 100).value_counts()
    return {
        "type": "text",
        "count": len(series),
        "missing": int(series.isna().sum()),
        "sampled": int(len(sample)),
        "values": {str(value): int(count) for value, count in counts.iloc[:_MOST_VALUES].items()},
    }


def _of_numbers(array, step):
    import numpy

    finite = array[numpy.isfinite(array)]
    found = {"type": "number", "count": int(len(array)), "missing": int(numpy.isnan(array).sum()), "buckets": {}}
    found["sampled"] = 0
    if not len(finite):
        return found
    mean = float(finite.mean())
    found.update(
        min=float(finite.min()), max=float(finite.max()), mean=mean, m2=float(((finite - mean) ** 2).sum()), finite=int(len(finite))
    )
    sample = finite[::step]
    found["sampled"] = int(len(sample))
    keys, counts = numpy.unique(_buckets(sample), return_counts=True)
    found["buckets"] = {str(int(key)): int(count) for key, count in zip(keys, counts)}
    return found


def _buckets(numbers):
    """The number of each value's bucket, in order of value: 0 for what is near zero, below it for what is negative."""
    import numpy

    size = numpy.maximum(numpy.abs(numbers), _SMALLEST)
    index = numpy.ceil(numpy.log(size) / _LOG).astype("int64") + _OFFSET
    return numpy.where(numpy.abs(numbers) <= _SMALLEST, 0, numpy.where(numbers < 0, -index, index))


_OFFSET = 1 - int(math.ceil(math.log(_SMALLEST) / _LOG))


def add(one, other):
    """The profile of both columns together."""
    if one is None or one["type"] != other["type"]:
        return dict(other) if one is None or other["count"] > one["count"] else dict(one)
    both = {name: one[name] + other[name] for name in ("count", "missing", "sampled")}
    both["type"] = one["type"]
    if one["type"] == "text":
        both["values"] = _most(_sum(one["values"], other["values"]))
        return both
    both["buckets"] = _sum(one["buckets"], other["buckets"])
    parts = [part for part in (one, other) if part.get("finite")]
    if not parts:
        return both
    count = sum(part["finite"] for part in parts)
    mean = sum(part["mean"] * part["finite"] for part in parts) / count
    # Chan, Golub and LeVeque 1979: sums of squares around a common mean
    m2 = sum(part["m2"] + part["finite"] * (part["mean"] - mean) ** 2 for part in parts)
    both.update(min=min(part["min"] for part in parts), max=max(part["max"] for part in parts))
    both.update(mean=mean, m2=m2, finite=count)
    return both


def add_all(into, more):
    for name, column in more.items():
        into[name] = add(into.get(name), column)


def _sum(one, other):
    total = dict(one)
    for key, count in other.items():
        total[key] = total.get(key, 0) + count
    return total


def _most(counts):
    if len(counts) <= 2 * _MOST_VALUES:
        return counts
    return dict(sorted(counts.items(), key=lambda item: -item[1])[:_MOST_VALUES])


def shown(column):
    """A profile for people: its standard deviation in place of the sum of squares, and quantiles."""
    view = {name: value for name, value in column.items() if name not in ("m2", "finite", "buckets")}
    if column["type"] == "number" and column.get("finite"):
        view["std"] = math.sqrt(column["m2"] / column["finite"])
        view["quantiles"] = {name: _quantile(column, share) for name, share in (("p05", 0.05), ("p50", 0.5), ("p95", 0.95))}
    return view


def _quantile(column, share):
    left = share * column["sampled"]
    for key in sorted(column["buckets"], key=int):
        left -= column["buckets"][key]
        if left <= 0:
            return min(column["max"], max(column["min"], _middle(int(key))))
    return column["max"]


def _middle(key):
    if key == 0:
        return 0.0
    high = _GAMMA ** (abs(key) - _OFFSET)
    value = 2 * high / (1 + _GAMMA)
    return value if key > 0 else -value


def drift(baseline, scored):
    """
    The population stability index of each column that both have, worst first: the sum of (p - q) ln(p / q) over ten ranges that
    hold a tenth of the baseline each, or over the values of a text. Above 0.2 is held to be a shift.
    """
    found = {}
    for name, column in scored.items():
        known = baseline.get(name)
        if known is not None and known["type"] == column["type"] and known["sampled"] and column["sampled"]:
            found[name] = round(_psi(*_shares(known, column)), 6)
    return dict(sorted(found.items(), key=lambda item: -item[1]))


def _shares(known, column):
    if known["type"] == "text":
        names = sorted(set(known["values"]) | set(column["values"]))
        return [known["values"].get(name, 0) for name in names], [column["values"].get(name, 0) for name in names]
    keys = sorted({int(key) for key in known["buckets"]} | {int(key) for key in column["buckets"]})
    before, now = [0], [0]
    for key in keys:
        if before[-1] >= known["sampled"] / 10.0:
            before.append(0)
            now.append(0)
        before[-1] += known["buckets"].get(str(key), 0)
        now[-1] += column["buckets"].get(str(key), 0)
    return before, now


def _psi(before, now):
    total = 0.0
    for one, other in zip(before, now):
        p = max(1e-4, one / float(max(1, sum(before))))
        q = max(1e-4, other / float(max(1, sum(now))))
        total += (q - p) * math.log(q / p)
    return total
