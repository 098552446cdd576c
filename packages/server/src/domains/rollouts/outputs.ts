import { type Cell, HaganeError, type MetricProvider } from '@hagane/contract'
import { jensenShannonDistance, kolmogorovSmirnov, type Label, scorerOf } from '@hagane/tabular'
import type { RolloutNeeds } from './needs.ts'
import type { Found, Scope } from './types.ts'

/** Rows of each deployment that are looked at, the newest first. */
const MOST_ROWS = 20_000

/** Outputs of mirrored requests come from the copy, whose labels are those of the request that was copied. */
const rowsSql = (label: string | undefined): string => {
  const said = label === undefined ? 'null' : `p.${label}`
  const ofLive = label === undefined ? 'null' : `l.${label}`
  return `select p.deployment, p.output, coalesce(${said}, ${ofLive}) as label from predictions p
    left join predictions l on l.prediction_id = p.mirror_of and l.row = p.row
    where p.status < 400 and p.output is not null
    qualify row_number() over (partition by p.deployment order by p.time desc, p.row_id) <= ${MOST_ROWS}`
}

interface OutputRow {
  deployment: string
  output: Label
  label: Cell
}

/** What both deployments answered; `wantsLabel` names a label that need not have been said yet. */
async function outputsOf(
  { questions }: RolloutNeeds,
  { workspace, endpoint, candidate, stable, since, until }: Scope,
  output: string | undefined,
  label: string | undefined,
  signal: AbortSignal,
): Promise<OutputRow[]> {
  const asked = {
    since: new Date(since).toISOString(),
    until: new Date(until).toISOString(),
    deployments: [candidate, stable],
    limit: 2 * MOST_ROWS,
    withoutInputs: true,
  }
  const place = { workspace, endpoint }
  const columns =
    label === undefined ? [] : (await questions.predictions(place, { ...asked, limit: 1 }, signal)).columns
  const column = columns.find(({ name }) => name === label || name === `label_${label}`)?.name
  if (label !== undefined && column === undefined) return []
  const { rows } = await questions.predictions(place, { ...asked, sql: rowsSql(column && quoted(column)) }, signal)
  return rows.map(([deployment, text, said]) => ({
    deployment: String(deployment),
    output: valueAt(JSON.parse(String(text)), output),
    label: said ?? null,
  }))
}

const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`

/** How far the outputs of candidate and stable lie apart. */
export async function distributionOf(
  needs: RolloutNeeds,
  scope: Scope,
  { distance, output }: NonNullable<MetricProvider['prediction_distribution']>,
  signal: AbortSignal,
): Promise<Found> {
  const rows = await outputsOf(needs, scope, output, undefined, signal)
  const of = (deployment: string) => rows.filter(row => row.deployment === deployment).map(row => row.output)
  const [candidate, stable] = [of(scope.candidate), of(scope.stable)]
  const result =
    distance === 'jensen_shannon_distance'
      ? jensenShannonDistance(candidate, stable)
      : kolmogorovSmirnov(candidate.map(Number), stable.map(Number))
  const count = Math.min(candidate.length, stable.length)
  return { result, stable: null, count, ...(result === null ? { message: NOTHING_KEPT } : {}) }
}

const NOTHING_KEPT =
  'no outputs of both deployments are kept: switch on model_outputs of their data_collector, or mirror the traffic'

/** The score of each deployment on the rows whose label is known. */
export async function labelScoreOf(
  needs: RolloutNeeds,
  scope: Scope,
  { metric, label, output, positive }: NonNullable<MetricProvider['label_score']>,
  signal: AbortSignal,
): Promise<Found> {
  const rows = (await outputsOf(needs, scope, output, label, signal)).filter(row => row.label !== null)
  const of = (deployment: string) => {
    const mine = rows.filter(row => row.deployment === deployment)
    const scored = { truth: mine.map(row => row.label as Label), predicted: mine.map(row => row.output) }
    return { value: mine.length === 0 ? null : scorerOf(metric, scored, { positive })(), count: mine.length }
  }
  const [candidate, stable] = [of(scope.candidate), of(scope.stable)]
  return {
    result: candidate.value,
    stable: stable.value,
    count: candidate.count,
    ...(candidate.count === 0 ? { message: `no feedback names '${label}' of a prediction of the candidate yet` } : {}),
  }
}

/**
 * The value at a path like `.probability[1]` of an output. Without a path, a list or map of one value is that value. Throws
 * `invalid` where there is none, since no waiting mends that.
 */
export function valueAt(output: unknown, path: string | undefined): Label {
  let value = output
  for (const [, name, index] of (path ?? '').matchAll(/(?:^|\.)([^.[\]]+)|\[(\d+)\]/g))
    value = typeof value === 'object' && value !== null ? Reflect.get(value, name ?? index ?? '') : undefined
  while (path === undefined && typeof value === 'object' && value !== null && Object.keys(value).length === 1)
    value = Object.values(value)[0]
  if (value === null || ['string', 'number', 'boolean'].includes(typeof value)) return value as Label
  throw new HaganeError(
    'invalid',
    `output: ${path === undefined ? 'it has several values' : `there is no value at ${path}`}`,
    {
      hint: 'name the place in the output, like .probability[1]',
    },
  )
}
