import { type EstimateReport, HaganeError, type PerformanceMetricName } from '@hagane/contract'
import type { Engine } from '../../engine.ts'
import { featuresOf } from '../sides/feature-kinds.ts'
import { openSide, type Side } from '../sides/side.ts'
import type { EstimateRequest } from '../types.ts'
import { calibrationOf, confidenceBased } from './confidence-based.ts'
import { directLosses } from './direct-loss.ts'
import { classesOf, completeRows, labelledRows, needColumns } from './labelled-rows.ts'
import { classificationScores, regressionScores } from './scores.ts'

/** Rows of each side that are looked at: every k-th of more. */
const MOST_ROWS = 200_000
const DIRECT_ROWS = 50_000

/** How good predictions without labels are likely to be, learnt from a reference that has labels. */
export async function estimatePerformance(engine: Engine, request: EstimateRequest): Promise<EstimateReport> {
  const reference = await openSide(engine, request.reference, 'drift_reference')
  const current = await openSide(engine, request.current, 'drift_current')
  needColumns(reference, { target: request.target, prediction: request.prediction, score: request.score })
  needColumns(current, { prediction: request.prediction, score: request.score })
  return request.task === 'classification'
    ? byConfidence(engine, reference, current, request)
    : byDirectLoss(engine, reference, current, request)
}

async function byConfidence(
  engine: Engine,
  reference: Side,
  current: Side,
  request: EstimateRequest,
): Promise<EstimateReport> {
  if (request.score === undefined)
    throw new HaganeError('invalid', 'score: performance without labels is estimated from probabilities', {
      hint: 'name the column with the probability of the positive class',
    })
  const classes = await classesOf(engine, reference, request)
  if (classes.positive === undefined || classes.names.length > 2)
    throw new HaganeError(
      'unsupported',
      `performance without labels is estimated for two classes, found ${classes.names.length}`,
      {
        hint: 'watch the prediction drift of several classes, or their performance when labels arrive',
      },
    )
  const { rows: then } = await labelledRows(engine, reference, request, classes, [], MOST_ROWS)
  const { rows: now } = await labelledRows(engine, current, request, classes, [], MOST_ROWS)
  const [before, after] = [completeRows(then, true), completeRows(now, false)]
  const calibration = calibrationOf(then, before)
  const realised = before.length === 0 ? new Map() : classificationScores(then, before)
  const estimated =
    after.length === 0 ? undefined : confidenceBased(now.score as Float64Array, now.prediction, after, calibration)
  const names = ['roc_auc', 'accuracy', 'precision', 'recall', 'f1'] as const
  return {
    task: 'classification',
    method: 'cbpe',
    reference_rows: before.length,
    rows: after.length,
    calibrated: calibration !== undefined,
    metrics: names.map(name => line(name, estimated?.[name], realised.get(name), after.length)),
  }
}

function line(
  metric: PerformanceMetricName,
  estimated: number | string | undefined,
  realised: number | string | undefined,
  rows: number,
): EstimateReport['metrics'][number] {
  const value = typeof estimated === 'number' ? estimated : null
  return {
    metric,
    estimated: value,
    reference: typeof realised === 'number' ? realised : null,
    ...(value === null ? {} : { sampling_error: Math.sqrt(Math.max(0, value * (1 - value)) / rows) }),
    ...(value === null ? { reason: estimated === undefined ? 'there are no predictions' : String(estimated) } : {}),
  }
}

async function byDirectLoss(
  engine: Engine,
  reference: Side,
  current: Side,
  request: EstimateRequest,
): Promise<EstimateReport> {
  if (request.prediction === undefined)
    throw new HaganeError('invalid', 'prediction: which column holds what the model said?')
  const own = [request.target, request.prediction, request.score, request.id]
  const features = (await featuresOf(engine, reference, current, request)).filter(
    ({ name, kind }) => !own.includes(name) && ['numeric', 'categorical', 'boolean'].includes(kind),
  )
  const then = await labelledRows(engine, reference, request, undefined, [], DIRECT_ROWS)
  const now = await labelledRows(engine, current, request, undefined, [], DIRECT_ROWS)
  const losses = await directLosses(engine, {
    reference,
    current,
    features,
    before: then.rows,
    after: now.rows,
    most: DIRECT_ROWS,
  })
  const complete = completeRows(then.rows, true)
  const realised = complete.length === 0 ? undefined : regressionScores(then.rows, complete)
  const names = [
    ['mean_absolute_error', 'mae'],
    ['mean_squared_error', 'mse'],
    ['root_mean_squared_error', 'rmse'],
  ] as const
  return {
    task: 'regression',
    method: 'dle',
    reference_rows: complete.length,
    rows: losses?.rows ?? 0,
    calibrated: false,
    metrics: names.map(([metric, loss]) => {
      const found = realised?.get(metric)
      return {
        metric,
        estimated: losses?.[loss] ?? null,
        reference: typeof found === 'number' ? found : null,
        ...(losses === undefined
          ? { reason: 'there are no labels in the reference, or no predictions' }
          : { sampling_error: losses.deviation[loss] / Math.sqrt(losses.rows) }),
      }
    }),
  }
}
