import { createReadStream } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import {
  type Cell,
  HaganeError,
  type PredictionRows,
  parsePredictionId,
  predictionHour,
  type ShadowComparison,
} from '@hagane/contract'
import { type ResultOf, runTabular, type TabularRequest } from '@hagane/tabular'
import type { Database } from '../../kernel/db/index.ts'
import { captureFiles } from './captures.ts'
import { endpointFolder, FEEDBACK } from './places.ts'
import { listFiles } from './reads.ts'

/** A question may take this long. */
const answerMs = 120_000
const defaultPeriodMs = 24 * 3_600_000
/** How often a question is put again when captures became tables while it was put together. */
export const attempts = 5
const atOnce = 2
const mayWait = 16

export type Sources = Extract<TabularRequest, { kind: 'compare' }>['sources']

export interface QuestionDeps {
  db: Database
  gatewayDir: string
  workDir: string
  redactionKey: string
  datastoreFolder(workspace: string): Promise<string>
  /** Revisions that an endpoint has had. Throws not_found when there is no such endpoint, now or before. */
  revisionsOf(workspace: string, endpoint: string): Promise<string[]>
}

export interface Period {
  since?: string | undefined
  until?: string | undefined
}

interface Place {
  workspace: string
  endpoint: string
}

interface PredictionsAsked extends Period {
  deployments?: string[] | undefined
  prediction?: string | undefined
  sql?: string | undefined
  /** Without the columns of inputs, which is quicker. */
  withoutInputs?: boolean
}

/** Answers questions about what was collected, each in a process of its own, a few at a time. */
export function buildQuestions(deps: QuestionDeps) {
  const turns = new Turns()

  async function ask<R extends Extract<TabularRequest, { sources: Sources }>>(
    place: Place,
    period: Period,
    request: (sources: Sources) => R,
    signal: AbortSignal,
  ): Promise<ResultOf<R>> {
    const revisions = await deps.revisionsOf(place.workspace, place.endpoint)
    const limited = AbortSignal.any([signal, AbortSignal.timeout(answerMs)])
    for (let attempt = 1; ; attempt += 1) {
      const sources = await sourcesOf(deps, place, revisions, period)
      try {
        return await turns.take(() => runTabular(request(sources), { signal: limited }))
      } catch (error) {
        if (limited.aborted && !signal.aborted) throw tookTooLong()
        if (!(error instanceof HaganeError) || error.kind !== 'conflict' || attempt === attempts) throw error
      }
    }
  }

  const asked = (deps: QuestionDeps, asked: PredictionsAsked) => {
    const period = periodOf(deps, asked)
    const { deployments, prediction, sql, withoutInputs = false } = asked
    const filter = {
      ...(prediction === undefined && period.since !== undefined ? { since: period.since } : {}),
      ...(period.until === undefined ? {} : { until: period.until }),
      ...(deployments === undefined ? {} : { deployments }),
      ...(prediction === undefined ? {} : { prediction }),
    }
    return { period, filter, withoutInputs, ...(sql === undefined ? {} : { sql }) }
  }

  return {
    predictions(
      place: Place,
      { limit, ...what }: PredictionsAsked & { limit: number },
      signal: AbortSignal,
    ): Promise<PredictionRows> {
      const { period, ...question } = asked(deps, what)
      return ask(place, period, sources => ({ kind: 'predictions', sources, ...question, limit }), signal)
    },

    /** The answer as a file that is gone once it has been read. */
    async file(
      place: Place,
      { format, ...what }: PredictionsAsked & { format: 'csv' | 'parquet' | 'json' },
      signal: AbortSignal,
    ) {
      const { period, ...question } = asked(deps, what)
      const folder = await mkdtemp(join(deps.workDir, 'answer-'))
      const done = () => rm(folder, { recursive: true, force: true })
      const output = { format, folder, path: join(folder, `predictions.${format}`) }
      try {
        await ask(place, period, sources => ({ kind: 'predictions', sources, ...question, limit: 1, output }), signal)
      } catch (error) {
        await done()
        throw error
      }
      return createReadStream(output.path).on('close', () => void done())
    },

    /** What was collected and said of a prediction or a row of it, a few rows at most; none when nothing was kept. */
    async ofPrediction(place: Place, prediction: string): Promise<CollectedRow[]> {
      const found = await this.predictions(place, { prediction, limit: 20 }, AbortSignal.timeout(answerMs))
      return found.rows.map(row => collectedRow(found.columns.map(({ name }, at) => [name, row[at] ?? null])))
    },

    compare(
      place: Place,
      { since, until, ...what }: Period & { live: string; shadow: string; tolerance: number; worst: number },
      signal: AbortSignal,
    ): Promise<ShadowComparison> {
      const period = periodOf(deps, { since, until })
      const from = period.since ?? new Date(0).toISOString()
      const to = until === undefined ? {} : { until }
      return ask(place, period, sources => ({ kind: 'compare', sources, since: from, ...to, ...what }), signal)
    },
  }
}
/** A row of a prediction as lineage shows it. */
export interface CollectedRow {
  row_id: string
  output?: unknown
  inputs?: Record<string, Cell>
  labels?: Record<string, Cell>
}

function collectedRow(cells: readonly (readonly [string, Cell])[]): CollectedRow {
  const said = cells.filter(([, cell]) => cell !== null)
  const of = (prefix: string) =>
    said.flatMap(([name, cell]) => (name.startsWith(prefix) ? [[name.slice(prefix.length), cell] as const] : []))
  const row = new Map(said)
  const label = row.get('label')
  const labels = [...of('label_'), ...(label === undefined ? [] : [['label', label] as const])]
  const inputs = of('input_')
  const output = row.get('output')
  return {
    row_id: String(row.get('row_id')),
    ...(typeof output === 'string' ? { output: JSON.parse(output) } : {}),
    ...(inputs.length === 0 ? {} : { inputs: Object.fromEntries(inputs) }),
    ...(labels.length === 0 ? {} : { labels: Object.fromEntries(labels) }),
  }
}

export type Questions = ReturnType<typeof buildQuestions>

/** The last day, or the hour of the prediction that is asked for. */
function periodOf({ db }: QuestionDeps, { since, until, prediction }: PredictionsAsked): Period {
  const parsed = prediction === undefined ? undefined : parsePredictionId(prediction)
  if (parsed !== undefined) {
    const hour = `${predictionHour(parsed.time)}:00:00.000Z`
    return { since: hour, until: new Date(Date.parse(hour) + 3_600_000).toISOString() }
  }
  return { since: since ?? new Date(db.clock.now().getTime() - defaultPeriodMs).toISOString(), until }
}

/** What was collected at an endpoint in a period, as the reader of tables takes it; of one deployment, when it is named. */
export async function sourcesOf(
  deps: QuestionDeps,
  { workspace, endpoint }: { workspace: string; endpoint: string },
  revisions: readonly string[],
  { since, until }: Period,
  deployment?: string,
): Promise<Sources> {
  const from = since === undefined ? undefined : predictionHour(Date.parse(since))
  const to = until === undefined ? undefined : predictionHour(Date.parse(until))
  const store = await deps.datastoreFolder(workspace)
  const within = (hour: string): boolean => (from === undefined || hour >= from) && (to === undefined || hour <= to)
  const captured = await captureFiles(deps.gatewayDir, [...revisions, `${FEEDBACK}-${workspace}`])
  const captures = captured.filter(({ name, hour }) => within(hour) || name.startsWith(FEEDBACK))
  // files after captures: what is turned into tables in between is then among both, and taken once
  const collections = ['predictions', 'model_inputs', FEEDBACK]
  const listed = await listFiles(deps.db, workspace, endpoint, { collections, from, to })
  const files = listed.filter(file => deployment === undefined || (file.deployment ?? deployment) === deployment)
  const converted = new Set(files.map(({ source }) => source))
  return {
    workspace,
    endpoint,
    root: join(store, endpointFolder(endpoint)),
    parquet: files.map(({ collection, path }) => ({ table: collection, path: join(store, path) })),
    captures: captures.filter(({ name }) => !converted.has(name)).map(({ path }) => path),
    redactionKey: deps.redactionKey,
  }
}

/** Lets a few work at a time and a limited number wait. */
class Turns {
  #busy = 0
  readonly #waiting: (() => void)[] = []

  async take<T>(work: () => Promise<T>): Promise<T> {
    if (this.#busy >= atOnce) {
      if (this.#waiting.length >= mayWait)
        throw new HaganeError('rate_limited', `${mayWait} questions about predictions are waiting already`, {
          hint: 'try again in a moment',
        })
      await new Promise<void>(turn => this.#waiting.push(turn))
    } else this.#busy += 1
    try {
      return await work()
    } finally {
      // the turn goes to whoever waits, before anyone who comes now
      const next = this.#waiting.shift()
      if (next === undefined) this.#busy -= 1
      else next()
    }
  }
}

const tookTooLong = (): HaganeError =>
  new HaganeError('timeout', `the question took longer than ${answerMs / 1000} s and was given up`, {
    hint: 'ask for a shorter time with since and until, or for fewer columns',
  })
