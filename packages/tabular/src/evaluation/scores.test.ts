import { execFileSync } from 'node:child_process'
import { type ScoreMetric, scoreMetrics } from '@hagane/contract'
import { pythonWith } from '@hagane/testkit'
import { describe, expect, it } from 'vitest'
import { bootstrap } from './bootstrap.ts'
import { decide } from './decide.ts'
import { jensenShannonDistance, kolmogorovSmirnov } from './distances.ts'
import { randomBelow } from './random.ts'
import { type Label, scorerOf } from './scores.ts'

/** The same scores by scikit-learn and SciPy, of what comes in. */
const program = `
import json, sys
import numpy as np
from scipy.spatial.distance import jensenshannon
from scipy.stats import ks_2samp
from sklearn import metrics as m
def of(metric, truth, predicted, weights):
    w = None if weights is None else np.array(weights, dtype=float)
    if metric in ("mae", "mse", "rmse", "r2"):
        found = {"mae": m.mean_absolute_error, "mse": m.mean_squared_error, "r2": m.r2_score,
                 "rmse": lambda *a, **k: m.mean_squared_error(*a, **k) ** 0.5}[metric]
        return found(truth, predicted, sample_weight=w)
    if metric in ("roc_auc", "log_loss"):
        return (m.roc_auc_score if metric == "roc_auc" else m.log_loss)(truth, predicted, sample_weight=w)
    if metric == "accuracy":
        return m.accuracy_score(truth, predicted, sample_weight=w)
    classes = set(truth) | set(predicted)
    how = {"average": "binary"} if classes <= {0, 1} else {"average": "macro"}
    return getattr(m, metric + "_score")(truth, predicted, sample_weight=w, zero_division=0, **how)
def distance(kind, a, b):
    if kind == "ks":
        return ks_2samp(a, b).statistic
    keys = sorted(set(a) | set(b))
    return jensenshannon([a.count(k) for k in keys], [b.count(k) for k in keys], base=2)
print(json.dumps([of(*case) if case[0] not in ("js", "ks") else distance(*case[:3]) for case in json.load(sys.stdin)]))
`
const random = randomBelow(42)
const many = <T>(rows: number, of: () => T): T[] => Array.from({ length: rows }, of)
const share = () => random(1000) / 1000

type Case = [ScoreMetric, number[], number[], number[] | null]

/** Binary, of many classes, with probabilities full of ties, regression; weighted and not; of few rows and of many. */
function cases(): Case[] {
  const found: Case[] = []
  for (const rows of [10, 57, 400])
    for (const isWeighted of [false, true]) {
      const weights = isWeighted ? many(rows, () => random(4)) : null
      const binary = many(rows, () => random(2)).map((value, i) => (i < 2 ? i : value))
      const classes = many(rows, () => random(4))
      const ties = many(rows, () => (1 + random(8)) / 10)
      const numbers = many(rows, () => share() * 100 - 50)
      if (weights !== null) weights.splice(0, 2, 1, 1)
      for (const metric of scoreMetrics) {
        if (metric === 'roc_auc' || metric === 'log_loss') found.push([metric, binary, ties, weights])
        else if (['mae', 'mse', 'rmse', 'r2'].includes(metric))
          found.push([metric, numbers, numbers.map(value => value + share()), weights])
        else {
          found.push([metric, binary, many(rows, () => random(2)), weights])
          found.push([metric, classes, many(rows, () => random(4)), weights])
        }
      }
    }
  return found
}

it('scores agree with scikit-learn, distances with SciPy', async () => {
  const python = await pythonWith(['mlflow==3.17.2', 'scikit-learn'])
  const scored = cases()
  const [left, right] = [many(300, () => random(7)), many(200, () => random(5))]
  const input = JSON.stringify([...scored, ['js', left, right], ['ks', left, right]])
  const theirs = JSON.parse(execFileSync(python, ['-c', program], { input, encoding: 'utf8' })) as number[]
  const ours = scored.map(([metric, truth, predicted, weights]) =>
    scorerOf(metric, { truth, predicted })(weights ?? undefined),
  )
  ours.push(jensenShannonDistance(left, right), kolmogorovSmirnov(left, right))
  for (const [i, value] of ours.entries())
    expect(value, `${scored[i]?.[0]} of case ${i}`).toBeCloseTo(theirs[i] ?? Number.NaN, 9)
}, 600_000)

describe('a score', () => {
  const truth: Label[] = ['yes', 'no', 'yes', 'no']
  it('takes 1, "1", 1.0 and true for one class', () => {
    expect(scorerOf('accuracy', { truth: [1, true, '1', 0], predicted: ['1', 1, true, false] })()).toBe(1)
  })
  it('makes classes of probabilities where the truth has two', () => {
    const predicted = [0.9, 0.2, 0.4, 0.6]
    expect(scorerOf('accuracy', { truth, predicted }, { positive: 'yes' })()).toBe(0.5)
    expect(scorerOf('recall', { truth, predicted }, { positive: 'yes', threshold: 0.3 })()).toBe(1)
  })
  it.each([
    ['roc_auc', [1, 1], [0.1, 0.9]],
    ['r2', [3, 3], [1, 2]],
    ['mae', [1, 2], [null, 2]],
    ['accuracy', [], []],
  ] as [ScoreMetric, Label[], Label[]][])('%s is not defined where it has no meaning', (metric, truth, predicted) => {
    expect(scorerOf(metric, { truth, predicted })()).toBeNull()
  })
})

describe('an interval', () => {
  const values = many(300, () => share())
  const mean = (drawn: Uint16Array) =>
    values.reduce((sum, value, i) => sum + value * (drawn[i] ?? 0), 0) / values.length
  const confidence = { level: 0.95, resamples: 2000, seed: 3 }

  it('is the same for the same seed, and near that of the normal distribution', () => {
    const [first] = bootstrap(300, [mean], confidence)
    expect(bootstrap(300, [mean], confidence)).toEqual([first])
    const center = values.reduce((sum, value) => sum + value, 0) / 300
    const error = Math.sqrt(values.reduce((sum, value) => sum + (value - center) ** 2, 0) / 300 / 300)
    expect(first?.[0]).toBeCloseTo(center - 1.96 * error, 2)
    expect(first?.[1]).toBeCloseTo(center + 1.96 * error, 2)
  })
  it('is not told of what is mostly undefined', () => {
    expect(bootstrap(9, [drawn => ((drawn[0] ?? 0) > 0 ? 1 : null)], confidence)).toEqual([undefined])
  })
  it('decides with all of it, or not', () => {
    const told = (interval: [number, number] | undefined, bound: number) =>
      decide({ value: 0.5, interval, bound }, 'interval')
    expect([told([0.4, 0.6], 0.3), told([0.4, 0.6], 0.5), told([0.4, 0.6], 0.7), told(undefined, 0.5)]).toEqual([
      ...['pass', 'inconclusive', 'fail', 'pass'],
    ])
    expect(decide({ value: 0.5, interval: [0.4, 0.6], bound: 0.5 }, 'value')).toBe('pass')
    expect(decide({ value: null, bound: 0 }, 'value')).toBe('inconclusive')
  })
})
