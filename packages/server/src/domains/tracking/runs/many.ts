import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Tx } from '../../../kernel/db/index.ts'
import { pathOfUri } from '../artifact-space/locations.ts'
import { type Experiments, locationIn, requireActiveExperiment } from '../experiments/service.ts'
import { foldRun } from '../metrics/fold.ts'
import { writesOf } from '../tables.ts'
import { checkParam, checkTag, type KeyValue } from '../wire/names.ts'
import { appendRunEvent, EMPTY_RUN, RUN_NAME_TAG, type RunStatus, runNotFound } from './logging.ts'
import {
  copyFacts,
  copyFolders,
  insertPairs,
  insertRuns,
  pointCounts,
  runsNamed,
  sealRuns,
  withTailAmong,
} from './many-store.ts'
import { type RunRow, runData } from './reads.ts'
import { sealOf } from './seal.ts'
import { type NewRun, userOf } from './service.ts'

const RUNS_AT_ONCE = 200

type JobRun = NewRun & { runId: string; name: string; params: readonly KeyValue[] }

/** Creates the runs of one experiment together, in a few statements. Their names are given and their ids are new. */
export async function createRuns(tx: Tx, experiments: Experiments, runs: readonly JobRun[]): Promise<void> {
  const [first] = runs
  if (first === undefined) return
  const experiment = await experiments.findIn(tx, first.experimentId)
  requireActiveExperiment(experiment)
  const rows = await insertRuns(
    tx,
    runs.map(run => ({
      run_id: run.runId,
      experiment_id: experiment.experiment_id,
      run_name: run.name,
      user_id: userOf(tx.who.actor, run.user),
      status: run.status ?? 'RUNNING',
      start_time: run.startTime ?? tx.now.getTime(),
      artifact_uri: locationIn(experiment, run.runId, 'artifacts'),
    })),
  )
  const byId = new Map(rows.map(row => [row.run_id, row]))
  const rowOf = (run: JobRun): RunRow => byId.get(run.runId) as RunRow
  const tags = runs.flatMap(run => tagsOf(run).map(tag => ({ run_no: rowOf(run).run_no, ...tag })))
  const params = runs.flatMap(run => run.params.map(param => ({ run_no: rowOf(run).run_no, ...checkParam(param) })))
  await insertPairs(tx, 'tags', tags)
  await insertPairs(tx, 'params', params)
  for (const run of runs) {
    const parent = run.tags.find(tag => tag.key === 'mlflow.parentRunId')?.value
    appendRunEvent(tx, rowOf(run), 'created', {
      experiment_id: String(experiment.experiment_id),
      name: run.name,
      status: rowOf(run).status,
      ...(parent === undefined ? {} : { parent_run_id: parent }),
    })
  }
}

/** Each tag once, the last of several with one key. */
const tagsOf = (run: JobRun): KeyValue[] => [
  ...new Map(
    [...run.tags.map(tag => checkTag(tag)), { key: RUN_NAME_TAG, value: run.name }].map(tag => [tag.key, tag]),
  ).values(),
]

/** Takes over everything of earlier runs and ends, many at a time. `takes` says which run takes from which. */
export async function takeRuns(tx: Tx, takes: ReadonlyMap<string, string>, status: RunStatus): Promise<void> {
  const names = [...takes]
  for (let i = 0; i < names.length; i += RUNS_AT_ONCE) {
    await takeSome(tx, names.slice(i, i + RUNS_AT_ONCE), status)
    await nextTurn()
  }
}

async function takeSome(tx: Tx, takes: readonly (readonly [string, string])[], status: RunStatus): Promise<void> {
  const rows = await runsNamed(tx, [...new Set(takes.flat())])
  const byId = new Map(rows.map(row => [row.run_id, row]))
  const rowOf = (id: string): RunRow => {
    const row = byId.get(id)
    if (row === undefined) throw runNotFound(id)
    return row
  }
  const pairs = takes.map(([to, from]) => ({ to: rowOf(to), from: rowOf(from) }))
  const unfolded = new Set(
    await withTailAmong(
      tx,
      pairs.map(pair => pair.from.run_no),
    ),
  )
  for (const row of rows) if (unfolded.has(row.run_no)) await foldRun(tx, row)
  await copyFacts(
    tx,
    pairs.map(({ from, to }) => ({ from: from.run_no, to: to.run_no })),
  )
  const folders = pairs.flatMap(({ from, to }) => {
    const [here, there] = [pathOfUri(from.artifact_uri), pathOfUri(to.artifact_uri)]
    return here === undefined || there === undefined ? [] : [{ from: here, to: there }]
  })
  if (folders.length > 0) await copyFolders(tx, folders)
  await endSome(
    tx,
    pairs.map(pair => pair.to),
    status,
  )
}

async function endSome(tx: Tx, runs: readonly RunRow[], status: RunStatus): Promise<void> {
  const runNos = runs.map(run => run.run_no)
  const data = await runData(writesOf(tx), tx.dialect, runNos)
  const points = await pointCounts(tx, runNos)
  const endTime = tx.now.getTime()
  const seals = runs.map(run => sealOf(run.run_id, data.get(run.run_no) ?? EMPTY_RUN, points.get(run.run_no) ?? 0))
  await sealRuns(
    tx,
    status,
    endTime,
    runs.map((run, i) => ({ run_no: run.run_no, seal: seals[i]?.digest ?? '' })),
  )
  for (const [i, run] of runs.entries()) {
    const { digest, ...counts } = seals[i] as (typeof seals)[number]
    appendRunEvent(tx, run, 'finished', {
      status,
      experiment_id: String(run.experiment_id),
      name: run.run_name,
      end_time: endTime,
      seal: digest,
      ...counts,
    })
  }
}
