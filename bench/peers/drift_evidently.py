"""drift_evidently.py REFERENCE CURRENT: seconds and bytes that Evidently takes for every metric of every column, reading included."""
import json
import resource
import sys
import time
import warnings

import pandas as pd
from evidently import DataDefinition, Dataset, Report
from evidently.metrics import ValueDrift

warnings.filterwarnings("ignore")
started = time.perf_counter()
reference, current = (pd.read_parquet(path) for path in sys.argv[1:3])
numbers = [name for name in reference.columns if reference[name].dtype.kind in "if"]
words = [name for name in reference.columns if name not in numbers]
definition = DataDefinition(numerical_columns=numbers, categorical_columns=words)
metrics = [ValueDrift(column=name, method=method) for name in numbers
           for method in ("jensenshannon", "wasserstein", "psi", "ks", "hellinger")]
metrics += [ValueDrift(column=name, method=method) for name in words
            for method in ("jensenshannon", "psi", "chisquare", "hellinger")]
before = Dataset.from_pandas(reference, data_definition=definition)
after = Dataset.from_pandas(current, data_definition=definition)
result = Report(metrics).run(after, before).dict()
values = {f"{one['config']['column']} {one['config']['method']}": float(one["value"]) for one in result["metrics"]}
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
print(json.dumps({"seconds": time.perf_counter() - started, "peak": peak, "values": values}))
