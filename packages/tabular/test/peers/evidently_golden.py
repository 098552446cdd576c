"""Writes evidently.json: what Evidently and SciPy say of the cases in cases.json.

    pip install evidently==0.7.23 scipy==1.17.1 "pandas<3" && python evidently_golden.py

The values come from a small generator that case-values.ts repeats, so that only results are stored.
"""
import json
import math
import pathlib
import warnings

import numpy as np
import pandas as pd
from evidently.legacy.calculations.stattests import chi_stat_test, hellinger_stat_test, jensenshannon_stat_test
from evidently.legacy.calculations.stattests import ks_stat_test, psi_stat_test, wasserstein_stat_test, z_stat_test
from evidently.legacy.core import ColumnType
from scipy import stats

warnings.filterwarnings("ignore")
here = pathlib.Path(__file__).parent


def generator(seed):
    state = seed

    def following():
        nonlocal state
        state = (state * 1664525 + 1013904223) % 2**32
        return state / 2**32

    return following


def numbers(spec):
    draw = generator(spec["seed"])
    values = []
    for i in range(spec["n"]):
        shape = spec["shape"]
        if shape == "constant":
            value = 0.0
        elif shape == "integers":
            value = math.floor(draw() * spec["values"])
        elif shape == "tail":
            u = draw()
            value = u / (1.0001 - u)
        elif shape == "uniform":
            value = draw()
        else:
            value = draw() + draw() + draw() + draw() - 2
            if shape == "outliers" and i % 500 == 0:
                value = value * 1000
        value = value * spec.get("scale", 1) + spec.get("shift", 0)
        if "missingEach" in spec and i % spec["missingEach"] == 0:
            value = None
        if "infiniteEach" in spec and i % spec["infiniteEach"] == 0:
            value = math.inf if i % 2 else -math.inf
        values.append(value)
    return pd.Series(values)


def categories(spec):
    draw = generator(spec["seed"])
    values = []
    for i in range(spec["n"]):
        u = draw()
        u = u + spec.get("tilt", 0) * (u * u - u)
        value = f"c{spec.get('from', 0) + math.floor(u * spec['values']):03d}"
        values.append(None if "missingEach" in spec and i % spec["missingEach"] == 0 else value)
    return pd.Series(values)


def clean(series):
    return series.replace([-np.inf, np.inf], np.nan).dropna()


def plain(value):
    value = float(value)
    return value if math.isfinite(value) else None


def of(test, reference, current, kind):
    return plain(test(reference.copy(), current.copy(), kind, None).drift_score)


def numeric(case):
    r, c = clean(numbers(case["reference"])), clean(numbers(case["current"]))
    kind = ColumnType.Numerical
    return {
        "jensen_shannon_distance": of(jensenshannon_stat_test, r, c, kind),
        "normalized_wasserstein_distance": of(wasserstein_stat_test, r, c, kind),
        "population_stability_index": of(psi_stat_test, r, c, kind),
        "two_sample_kolmogorov_smirnov_test": of(ks_stat_test, r, c, kind),
        "hellinger_distance": of(hellinger_stat_test, r, c, kind),
        "ks_statistic": plain(stats.ks_2samp(r, c).statistic),
        "mean": plain(np.mean(c)),
        "std": plain(np.std(c)),
    }


def categorical(case):
    r, c = clean(categories(case["reference"])), clean(categories(case["current"]))
    kind = ColumnType.Categorical
    keys = sorted(set(r) | set(c))
    a = np.array([(r == key).sum() for key in keys])
    b = np.array([(c == key).sum() for key in keys])
    test = stats.chisquare(b, a * len(c) / len(r))
    table = stats.chi2_contingency(np.array([a, b]), correction=False)
    found = {
        "jensen_shannon_distance": of(jensenshannon_stat_test, r, c, kind),
        "population_stability_index": of(psi_stat_test, r, c, kind),
        "chi_squared_test": of(chi_stat_test, r, c, kind),
        "chi_squared_statistic": plain(test.statistic),
        "hellinger_distance": of(hellinger_stat_test, r, c, kind),
        "l_infinity_distance": plain(np.max(np.abs(a / len(r) - b / len(c)))),
        "cramers_v": plain(math.sqrt(table.statistic / (len(r) + len(c)))),
    }
    if len(keys) <= 2:
        found["two_proportion_z_test"] = of(z_stat_test, r, c, kind)
    return found


cases = json.loads((here / "cases.json").read_text())
result = {
    "numeric": {case["name"]: numeric(case) for case in cases["numeric"]},
    "categorical": {case["name"]: categorical(case) for case in cases["categorical"]},
}
p_values = [[0.01, 0.04, 0.03, 0.005], [0.5], [0.2, 0.2, 1.0, 0.001, 0.049], [0.0, 1.0]]
result["benjamini_hochberg"] = [[p, stats.false_discovery_control(p).tolist()] for p in p_values]
(here / "evidently.json").write_text(json.dumps(result, indent=1) + "\n")
