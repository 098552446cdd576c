import type { ComponentSpec, EnvironmentSpec, LockChanges } from '@hagane/contract'
import type { BlobStore } from '../../../kernel/blobs/index.ts'
import type { Clock } from '../../../kernel/clock.ts'
import type { Database, Tx } from '../../../kernel/db/index.ts'
import type { Logger } from '../../../kernel/log.ts'
import type { Tasks } from '../../../kernel/tasks/index.ts'
import type { Compute, ContainerPlace, StepProcess, UsagePoint } from '../../compute/index.ts'
import type { Data } from '../../data/index.ts'
import type { JobMemory } from './memory.ts'
import type { SweepSignals } from './sweep-signals.ts'
import type { JobRow } from './tables.ts'

/** What jobs ask of other domains, as narrow as they need it; the composition root hands in the doors. */
export interface JobNeeds {
  db: Database
  blobs: BlobStore
  tasks: Tasks
  log: Logger
  clock: Clock
  dataDir: string
  /** Address of this server as jobs on this machine reach it. */
  url: () => string
  concurrency: number
  /** Stable over restarts: which server this is, among those of one database. */
  serverId: string
  /** Seconds after which a kept result is not taken any more; without it results stay good. */
  reuseMaxAge?: number | undefined
  data: Data
  components: {
    resolve(
      workspace: string,
      reference: string,
    ): Promise<{ name: string; version: string; digest: string; spec: ComponentSpec }>
  }
  environments: Environments
  models: Models
  tracking: Tracking
  compute: Omit<Compute, 'routes'>
  running: RunningSteps
  measures: StepMeasures
  /** Hears what a running step uses, as it is measured. */
  noteUsage?: (of: { workspace: string; job: string; compute: string | null }, points: readonly UsagePoint[]) => void
  memory: JobMemory
  sweeps: SweepSignals
  tokens: {
    issue(tx: Tx, actor: string, role: 'job', workspace: string): Promise<string>
    withdraw(tx: Tx, actor: string): Promise<void>
  }
}

export interface EnvironmentPlan {
  /** `azureml:<name>:<version>` when it is registered. */
  id?: string
  definitionDigest: string
  lockDigest?: string
}
export interface Environments {
  /** Cheap: reads the definition, builds nothing. null is plain Python. */
  plan(workspace: string, environment: string | EnvironmentSpec | null): Promise<EnvironmentPlan>
  /** The text of a lock and its full Python version. Throws not_found. */
  readLock(digest: string): Promise<{ python: string; text: string }>
  /** What differs between two locks, by their digests; undefined when one of them is gone. */
  lockChanges(before: string, after: string): Promise<LockChanges | undefined>
  ensureBuilt(
    workspace: string,
    environment: string | EnvironmentSpec | null,
    options: {
      onLog?: (line: string) => void
      signal?: AbortSignal
      actor?: string
      /** Digest of the lock to build, whatever the definition would be resolved to now. */
      lock?: string
    },
  ): Promise<{ prefix: string; python: string; lockDigest: string; deviations: string[] }>
  /** The environment for a step's command, which may run in a container. */
  ensureForStep(
    workspace: string,
    environment: string | EnvironmentSpec | null,
    options: { signal?: AbortSignal; actor?: string; lock?: string; inContainer: boolean },
  ): Promise<StepEnvironment>
}

export interface StepEnvironment {
  /** Left out for an image without packages of its own. */
  prefix?: string
  lockDigest: string
  /** What it has otherwise than its author wrote. */
  deviations: string[]
  container?: ContainerPlace
}

export interface Models {
  resolve(
    workspace: string,
    reference: string,
  ): Promise<{ id: string; name: string; version: string; type: string; tree: string; path: string }>
  register(
    tx: Tx,
    model: {
      name: string
      version?: string | undefined
      type: string
      tree: string
      path: string
      source: string
      jobName: string
      runId: string
    },
  ): Promise<{ name: string; version: string }>
}

export interface Tracking {
  ensureExperiment(tx: Tx, name: string): Promise<string>
  /** Runs of jobs that are submitted together. */
  createRuns(
    tx: Tx,
    runs: readonly {
      runId: string
      experimentId: string
      name: string
      parentRunId?: string
      tags: Record<string, string>
      params: Record<string, string>
      startTime: number
      user: string
      status: 'SCHEDULED' | 'RUNNING'
    }[],
  ): Promise<void>
  setRunStatus(
    tx: Tx,
    runId: string,
    status: 'RUNNING' | 'FINISHED' | 'FAILED' | 'KILLED',
    endTime?: number,
  ): Promise<void>
  /** Metrics, params and artifact entries of a run whose outputs are taken again. */
  copyRun(tx: Tx, from: string, to: string): Promise<void>
  /** The same of many, which end with it: the run that takes → the run it takes from. */
  takeRuns(tx: Tx, takes: ReadonlyMap<string, string>, status: 'FINISHED'): Promise<void>
  setTags(tx: Tx, runId: string, tags: Record<string, string>): Promise<void>
  logParams(tx: Tx, runId: string, params: Record<string, string>): Promise<void>
  logMetrics(
    tx: Tx,
    runId: string,
    points: readonly { key: string; value: number; timestamp: number; step: number }[],
  ): Promise<void>
  latestMetrics(workspace: string, runId: string): Promise<Record<string, number>>
  /** Every value of a metric in the order it was logged; NaN where NaN was. */
  metricValues(workspace: string, runId: string, key: string): Promise<number[]>
  /** Called after each commit that logged metrics of a run, with the keys that an MLflow client logged; a hint only. */
  onMetrics(listener: (workspace: string, runId: string, keys: readonly string[]) => void): void
  /** Content below a path of the run's artifacts; throws not_found. */
  artifactTree(workspace: string, runId: string, path: string): Promise<{ tree: string; path: string }>
  /** Adds every file of a tree below a path of the run's artifacts. */
  putArtifactTree(tx: Tx, runId: string, entries: { path: string; digest: string; size: number }[]): Promise<void>
}

/** The steps that this server carries, so that a request to stop reaches them at once. */
export interface RunningSteps {
  /** From the claim of a step's task to its end; `stop` aborts when the step is asked to stop. */
  carry(workspace: string, name: string): { stop: AbortSignal; end(): void }
  /** The process of a step that is carried here. */
  watch(workspace: string, name: string, step: StepProcess): void
  /** Aborts what a step waits for and ends its process tree, if it is carried here. */
  requestStop(workspace: string, name: string): void
}

/** Measures the steps that this server carries. */
export interface StepMeasures {
  /** The result of `work`; while it lasts the step is measured, if it lasts long enough to be worth it. */
  during<T>(
    row: Pick<JobRow, 'workspace' | 'name' | 'created_by' | 'compute'>,
    step: StepProcess,
    folder: string,
    work: Promise<T>,
  ): Promise<T>
  /** An MLflow client has logged these metrics of a run: where it measures the system itself, we do not. */
  noteKeys(workspace: string, runId: string, keys: readonly string[]): void
}
