"""Suggests points of a search space with Optuna's TPE sampler, one JSON line in, one JSON line out, until the input ends.

Every request holds the whole history, so this process remembers nothing and may be ended at any moment: the same request
gets the same answer. For each parameter ``space`` says ``"float"`` (between 0 and 1) or how many values it has, which are
then numbered from 0.

    {"seed": 7, "goal": "minimize", "space": {"lr": "float", "kind": 3}, "count": 1,
     "trials": [{"point": {"lr": 0.2, "kind": 1}, "state": "complete", "value": 0.5, "intervals": 4}]}
    {"points": [{"lr": 0.25, "kind": 1}]}

``state`` is ``complete``, ``pruned`` (stopped early, ``value`` is the best up to ``intervals``), ``fail`` or ``running``; a
running trial counts as a bad one nearby until it is known (constant liar), so that trials in parallel spread out.
"""

import json
import random
import sys
import warnings

import optuna
from optuna.distributions import CategoricalDistribution, FloatDistribution
from optuna.trial import TrialState, create_trial

STATES = {
    "complete": TrialState.COMPLETE,
    "pruned": TrialState.PRUNED,
    "fail": TrialState.FAIL,
    "running": TrialState.RUNNING,
}


def distributions_of(space):
    return {
        name: FloatDistribution(0.0, 1.0) if size == "float" else CategoricalDistribution(list(range(size)))
        for name, size in space.items()
    }


def told(trial, distributions):
    """A trial of the history in Optuna's words."""
    state = STATES[trial["state"]]
    value = trial.get("value")
    pruned = state == TrialState.PRUNED
    return create_trial(
        params=trial["point"],
        distributions=distributions,
        state=state,
        value=value if state == TrialState.COMPLETE else None,
        intermediate_values={trial["intervals"]: value} if pruned and value is not None else {},
    )


def suggest(request):
    distributions = distributions_of(request["space"])
    history = [told(trial, distributions) for trial in request["trials"]]
    points = []
    for _ in range(request["count"]):
        index = len(history) + len(points)
        # a seed for each trial, so that the answer depends on what is known and not on what was asked before
        seed = random.Random("%s/%s" % (request["seed"], index)).getrandbits(32)
        sampler = optuna.samplers.TPESampler(seed=seed, multivariate=True, constant_liar=True)
        study = optuna.create_study(sampler=sampler, direction=request["goal"])
        study.add_trials(history + [told({"point": one, "state": "running"}, distributions) for one in points])
        points.append(study.ask(distributions).params)
    return points


def main():
    warnings.simplefilter("ignore")
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    for line in sys.stdin:
        try:
            answer = {"points": suggest(json.loads(line))}
        except Exception as error:  # told to the server, which says what it means for the sweep
            answer = {"error": "%s: %s" % (type(error).__name__, error)}
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
