import type { BlobStore } from '../../kernel/blobs/index.ts'
import type { Database, Tx, Who } from '../../kernel/db/index.ts'
import type { BoundRoute } from '../../kernel/http/index.ts'
import type { Logger } from '../../kernel/log.ts'
import { pathOfUri } from './artifact-space/locations.ts'
import { artifactOperations } from './artifacts/operations.ts'
import { artifactRoutes } from './artifacts/routes.ts'
import { type Artifacts, buildArtifacts } from './artifacts/service.ts'
import { type ArtifactFile, copyFiles } from './artifacts/store.ts'
import { experimentOperations } from './experiments/operations.ts'
import { buildExperiments } from './experiments/service.ts'
import { metricOperations, valuesOf } from './histories/operations.ts'
import { inputOperations } from './inputs/operations.ts'
import { loggedModelOperations } from './logged-models/operations.ts'
import { loggedModelFileRoute } from './logged-models/routes.ts'
import { buildLoggedModels, type LoggedModels } from './logged-models/service.ts'
import { buildFolding, foldRun } from './metrics/fold.ts'
import type { Point } from './metrics/segments.ts'
import { copyMetrics } from './metrics/store.ts'
import { logMetrics, logParams, type RunStatus, requireRun, setStatus, setTags } from './runs/logging.ts'
import { createRuns, takeRuns } from './runs/many.ts'
import { runOperations } from './runs/operations.ts'
import type { RunData, RunRow } from './runs/reads.ts'
import { runSearch } from './runs/search/operation.ts'
import { buildRuns, type MetricsListener } from './runs/service.ts'
import { copyRunFacts } from './runs/store.ts'
import { readsOf } from './tables.ts'
import { checkParam, type KeyValue } from './wire/names.ts'
import { mlflowRoutes } from './wire/operation.ts'
import { serverOperations, serviceRoutes } from './wire/service-routes.ts'

export { artifactUri, pathOfUri, unescaped } from './artifact-space/locations.ts'
export { checkedArtifactPath, fullyDecoded } from './artifact-space/paths.ts'
export { sendDownload } from './artifacts/download.ts'
export type { ArtifactMount } from './artifacts/service.ts'
export type { RunStatus } from './runs/logging.ts'
export { parseFilter } from './search/filter.ts'
export { type Comparison, modelVersionGrammar, type OrderBy, registeredModelGrammar } from './search/grammar.ts'
export { parseOrderBy } from './search/order-by.ts'
export { allOf, amongNumbers, amongTexts, type Condition, matches, ordered } from './search/reads.ts'
export { flag, integer, list, required, text } from './wire/fields.ts'

import { MlflowError } from './wire/mlflow-error.ts'

export { invalidParameter, MlflowError, notFound } from './wire/mlflow-error.ts'
export { checkStrictTag, type KeyValue, limits, refusePath } from './wire/names.ts'
export { mlflowErrors, mlflowRoutes, type Operation, operation } from './wire/operation.ts'
export { decodePageToken, pageOf } from './wire/page-token.ts'
export { listOut, optionalOut } from './wire/response.ts'
export { asKeyValue, keyValue } from './wire/shared-messages.ts'

interface Deps {
  db: Database
  blobs: BlobStore
  log: Logger
}

export interface NewJobRun {
  /** The job's name; without one the run gets an id of 32 hexadecimal digits. */
  runId?: string
  experimentId: string
  name?: string
  parentRunId?: string
  tags?: Record<string, string>
  params?: Record<string, string>
  /** Epoch milliseconds. */
  startTime: number
  user?: string
  status?: RunStatus
}

/** What other domains ask of tracking. Functions that take a transaction act in its workspace. */
export interface Tracking {
  readonly routes: BoundRoute[]
  readonly artifacts: Artifacts
  readonly loggedModels: LoggedModels
  /** Id of the experiment of this name; makes it when there is none, refuses a deleted one. */
  ensureExperiment(tx: Tx, name: string): Promise<string>
  /** Makes the Default experiment of a workspace that has none. */
  ensureDefaultExperiment(who: Who): Promise<void>
  createRun(tx: Tx, run: NewJobRun): Promise<void>
  /** The same of many, with names and new ids, all in one experiment. */
  createRuns(tx: Tx, runs: readonly (NewJobRun & { runId: string; name: string })[]): Promise<void>
  setRunStatus(tx: Tx, runId: string, status: RunStatus, endTime?: number): Promise<void>
  logParams(tx: Tx, runId: string, params: Record<string, string>): Promise<void>
  logMetrics(tx: Tx, runId: string, points: readonly Point[]): Promise<void>
  setTags(tx: Tx, runId: string, tags: Record<string, string>): Promise<void>
  /** A run and everything it holds; throws not_found. */
  getRun(workspace: string, runId: string): Promise<{ row: RunRow; data: RunData }>
  /** Latest value of each metric; NaN where NaN was logged last. */
  latestMetrics(workspace: string, runId: string): Promise<Record<string, number>>
  /** Every value of a metric in the order it was logged; NaN where NaN was. A run that does not exist has none. */
  metricValues(workspace: string, runId: string, key: string): Promise<number[]>
  /** Called after each commit that logged metrics of a run, with a client's keys; a hint only, since a crash can come before it. */
  onMetrics(listener: MetricsListener): void
  /** Copies metrics, params, inputs, models and artifact entries of a run whose outputs are taken again. */
  copyRun(tx: Tx, from: string, to: string): Promise<void>
  /** The same of many, which end with it: the run that takes → the run it takes from. */
  takeRuns(tx: Tx, takes: ReadonlyMap<string, string>, status: RunStatus): Promise<void>
  /**
   * Content below a path of the run's artifacts as a tree; throws not_found. MLflow 3 keeps a logged model beside the run's
   * artifacts, where `runs:/<id>/<model name>` still has to find it: a path that is no artifact is looked for there.
   */
  artifactTree(workspace: string, runId: string, path: string): Promise<{ tree: string; path: string }>
  putArtifact(tx: Tx, runId: string, path: string, digest: string, size: number): Promise<void>
  /** Adds every file of a tree to the run's artifacts. */
  putArtifactTree(tx: Tx, runId: string, entries: readonly ArtifactFile[]): Promise<void>
  /** Adds a registered version to the tag `mlflow.modelVersions` of the logged model it was made from. */
  noteModelVersion(who: Who, modelId: string, name: string, version: string): Promise<void>
  /** Ends background folding; call before the database closes. */
  stop(): Promise<void>
}

const pairs = (values: Record<string, string> = {}): KeyValue[] =>
  Object.entries(values).map(([key, value]) => ({ key, value }))

const parentTag = (id: string | undefined): KeyValue[] =>
  id === undefined ? [] : [{ key: 'mlflow.parentRunId', value: id }]

const reader = (workspace: string): Who => ({ workspace, actor: 'server' })

/** Tells everybody who listens of each run that has logged metrics, `first` before all. */
function tellingOf(first: () => void): { logged: MetricsListener; onMetrics: (listener: MetricsListener) => void } {
  const listeners: MetricsListener[] = [first]
  return {
    logged: (workspace, runId, keys) => {
      for (const listener of listeners) listener(workspace, runId, keys)
    },
    onMetrics: listener => void listeners.push(listener),
  }
}

/** Experiments, runs, metrics and artifacts. MLflow's REST API is the adapter; jobs use the door. */
export function buildTracking({ db, blobs, log }: Deps): Tracking {
  const experiments = buildExperiments(db)
  const folding = buildFolding(db, log)
  const telling = tellingOf(folding.soon)
  const runs = buildRuns(db, experiments, telling.logged)
  const artifacts = buildArtifacts(db, blobs)
  const loggedModels = buildLoggedModels(db, experiments)
  const getRun = (workspace: string, runId: string) => runs.get(reader(workspace), runId)
  return {
    onMetrics: telling.onMetrics,
    routes: [
      ...mlflowRoutes(
        [
          ...serverOperations,
          ...experimentOperations(db, experiments),
          ...runOperations(db, runs),
          runSearch(db, experiments, folding),
          ...metricOperations(db),
          ...inputOperations(db, experiments.numberOf),
          ...artifactOperations(artifacts),
          ...loggedModelOperations(db, loggedModels, artifacts, experiments.numberOf),
        ],
        log,
      ),
      ...artifactRoutes(artifacts, log),
      loggedModelFileRoute(loggedModels, artifacts, log),
      ...serviceRoutes(log),
    ],
    artifacts,
    loggedModels,
    ensureExperiment: async (tx, name) => String((await experiments.ensure(tx, name)).experiment_id),
    ensureDefaultExperiment: async who => void (await experiments.ensureDefault(who)),
    async createRun(tx, { parentRunId, tags, params, ...run }) {
      const row = await runs.createIn(tx, { ...run, tags: [...pairs(tags), ...parentTag(parentRunId)] })
      await logParams(
        tx,
        row,
        pairs(params).map(param => checkParam(param)),
        false,
      )
    },
    createRuns: (tx, runs) =>
      createRuns(
        tx,
        experiments,
        runs.map(({ parentRunId, tags, params, ...run }) => ({
          ...run,
          tags: [...pairs(tags), ...parentTag(parentRunId)],
          params: pairs(params),
        })),
      ),
    takeRuns,
    setRunStatus: async (tx, runId, status, endTime) => setStatus(tx, await requireRun(tx, runId), status, endTime),
    logParams: async (tx, runId, params) => logParams(tx, await requireRun(tx, runId), pairs(params), false),
    async logMetrics(tx, runId, points) {
      await logMetrics(tx, await requireRun(tx, runId), points)
      tx.afterCommit(() => telling.logged(tx.who.workspace, runId, []))
    },
    setTags: async (tx, runId, tags) => setTags(tx, await requireRun(tx, runId), pairs(tags)),
    getRun,
    async latestMetrics(workspace, runId) {
      const { data } = await getRun(workspace, runId)
      return Object.fromEntries(data.metrics.map(({ key, value }) => [key, value ?? Number.NaN]))
    },
    metricValues: (workspace, runId, key) => valuesOf(readsOf(db), workspace, runId, key),
    async copyRun(tx, from, to) {
      const [source, target] = [await requireRun(tx, from), await requireRun(tx, to)]
      await foldRun(tx, source)
      await copyMetrics(tx, source.run_no, target.run_no, target.experiment_id)
      await copyRunFacts(tx, source.run_no, target.run_no)
      const [here, there] = [pathOfUri(source.artifact_uri), pathOfUri(target.artifact_uri)]
      if (here !== undefined && there !== undefined) await copyFiles(tx, here, there)
    },
    artifactTree: (workspace, runId, path) => treeOfRun(artifacts, loggedModels, reader(workspace), runId, path),
    putArtifact: (tx, runId, path, digest, size) => artifacts.putInRun(tx, runId, [{ path, digest, size }]),
    putArtifactTree: (tx, runId, entries) => artifacts.putInRun(tx, runId, entries),
    noteModelVersion: loggedModels.noteVersion,
    stop: folding.stop,
  }
}

async function treeOfRun(artifacts: Artifacts, models: LoggedModels, who: Who, runId: string, path: string) {
  const location = await artifacts.runLocation(who, runId)
  try {
    return await artifacts.treeUnder(who, location, path)
  } catch (error) {
    const [name = '', ...rest] = path.split('/')
    const model = error instanceof MlflowError && name !== '' ? await models.ofRun(who, runId, name) : undefined
    if (model === undefined) throw error
    return artifacts.treeUnder(who, model.artifact_uri, rest.join('/'))
  }
}
