import { HaganeError, type PerformanceReport } from '@hagane/contract'
import { columnTypeOf, isNumeric } from '../../column-type.ts'
import type { Engine } from '../../engine.ts'
import { identifier } from '../../sql-text.ts'
import { categoryOf, openSide, type Side, sampleOf } from '../sides/side.ts'
import { orderedBy } from '../statistics/roc-auc.ts'
import type { PerformanceRequest } from '../types.ts'
import { classesOf, completeRows, labelledRows, needColumns } from './labelled-rows.ts'
import { classificationScores, regressionScores, withIntervals } from './scores.ts'

/** Predictions that are scored: every k-th of more. */
const MOST_ROWS = 1_000_000
const CONFIDENCE = 0.95
const ROUNDS = 200
const MOST_SLICES = 20
const RANGES = 4

/** How good predictions were: every metric of the task with its interval, over all rows that have a label, and by slice. */
export async function measurePerformance(engine: Engine, request: PerformanceRequest): Promise<PerformanceReport> {
  const side = await withLabels(engine, request)
  const slices = request.slices ?? []
  needColumns(side, {
    target: request.target,
    prediction: request.prediction,
    score: request.score,
    ...Object.fromEntries(slices.map((name, i) => [`slices[${i}]`, name])),
  })
  if (request.prediction === undefined && (request.task === 'regression' || request.score === undefined))
    throw new HaganeError('invalid', 'prediction: which column holds what the model said?', {
      hint: 'name it; for two classes the score is enough',
    })
  const classes = request.task === 'classification' ? await classesOf(engine, side, request) : undefined
  const { rows } = await labelledRows(engine, side, request, classes, [], MOST_ROWS)
  // in the order of the scores, which every sample of them keeps, so that none has to be sorted by them again
  const complete = inOrder(rows.score, completeRows(rows, true))
  const { confidence = CONFIDENCE, rounds = ROUNDS } = request
  const scores = (picked: Uint32Array) =>
    (classes === undefined ? regressionScores : classificationScores)(rows, picked)
  const measured = (picked: Uint32Array) => withIntervals(picked, scores, { confidence, rounds })
  const bySlice: PerformanceReport['slices'] = []
  for (const column of slices)
    for (const { value, picked } of await slicesOf(engine, side, column, complete))
      bySlice.push({ column, value, labelled: picked.length, metrics: measured(picked) })
  return {
    task: request.task,
    rows: side.rows,
    labelled: complete.length,
    confidence,
    metrics: measured(complete),
    slices: bySlice,
  }
}

const inOrder = (score: Float64Array | undefined, rows: Uint32Array): Uint32Array =>
  score === undefined ? rows : orderedBy(score, rows)

/** The predictions with the labels of another table beside them; of several labels of a row the last one counts. */
async function withLabels(engine: Engine, request: PerformanceRequest): Promise<Side> {
  const side = await openSide(engine, request.source, 'drift_predictions')
  if (request.labels === undefined) return side
  const labels = await openSide(engine, request.labels.source, 'drift_labels')
  const { key } = request.labels
  needColumns(side, { 'labels.key': key })
  needColumns(labels, { 'labels.key': key, target: request.target })
  const [k, target] = [identifier(key), identifier(request.target)]
  const others = side.relation.columns.filter(({ name }) => name !== request.target)
  const last = `select ${k}::varchar as k, last(${target}) as label from (${labels.relation.sql}) where ${target} is not null group by 1`
  const names = others.map(({ name }) => `p.${identifier(name)}`)
  const type = labels.relation.columns.find(({ name }) => name === request.target)?.type ?? 'VARCHAR'
  await engine.run(
    `create table drift_labelled as select ${names.join(', ')}, l.label as ${target} from (${side.relation.sql}) p left join (${last}) l on p.${k}::varchar = l.k`,
  )
  const columns = [...others, { name: request.target, type }]
  return { ...side, relation: { sql: 'select * from drift_labelled', columns } }
}

async function slicesOf(
  engine: Engine,
  side: Side,
  column: string,
  rows: Uint32Array,
): Promise<{ value: string; picked: Uint32Array }[]> {
  const type = side.relation.columns.find(({ name }) => name === column)?.type ?? 'VARCHAR'
  const shown = isNumeric(columnTypeOf(type)) ? await rangesOf(engine, side, column) : categoryOf(column, type)
  const found = await engine.rows<{ v: string | null }>(`select ${shown} as v from (${sampleOf(side, MOST_ROWS)})`)
  const groups = new Map<string, number[]>()
  for (const row of rows) {
    const value = found[row]?.v ?? '(missing)'
    const group = groups.get(value)
    if (group === undefined) groups.set(value, [row])
    else group.push(row)
  }
  return [...groups]
    .sort(([a, one], [b, other]) => other.length - one.length || (a < b ? -1 : 1))
    .slice(0, MOST_SLICES)
    .map(([value, picked]) => ({ value, picked: Uint32Array.from(picked) }))
}

/** Ranges with as many rows each, as text such as `[3, 7)`. */
async function rangesOf(engine: Engine, { relation }: Side, column: string): Promise<string> {
  const number = `${identifier(column)}::double`
  const cuts = Array.from({ length: RANGES - 1 }, (_, i) => (i + 1) / RANGES)
  const [found] = await engine.rows<{ cuts: number[] | null }>(
    `select quantile_disc(${number}, [${cuts.join(', ')}]) as cuts from (${relation.sql}) where isfinite(${number})`,
  )
  const edges = [...new Set((found?.cuts ?? []).map(Number))]
  const steps = edges.map((edge, i) => `when ${number} < ${edge} then '[${edges[i - 1] ?? ''}, ${edge})'`)
  return `case when ${identifier(column)} is null or isnan(${number}) then null ${steps.join(' ')} else '[${edges.at(-1) ?? ''}, )' end`
}
