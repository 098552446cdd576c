import type { ComponentSpec, JobResource, OnlineDeploymentSpec } from '@hagane/contract'
import type { TableSource } from '@hagane/tabular'
import type { BlobStore } from '../../kernel/blobs/index.ts'
import type { Database, Tx, Who } from '../../kernel/db/index.ts'
import type { EventLog } from '../../kernel/events/index.ts'
import type { Logger } from '../../kernel/log.ts'
import type { Tasks } from '../../kernel/tasks/index.ts'
import type { CollectedPeriods } from '../collection/index.ts'
import type { Submission } from '../jobs/index.ts'
import type { MonitorSchedules } from '../schedules/index.ts'
import type { Chart } from './charts.ts'
import type { Target } from './plan.ts'

/** What is known of a deployment: its model by `azureml:<name>:<version>`, and of one that answers at once what it collects. */
export interface Deployed {
  readonly spec?: OnlineDeploymentSpec
  readonly model: string | undefined
}

/** Content behind a reference, by digest. */
export interface Content {
  readonly tree: string
  readonly path: string
  readonly asset?: string
}

/** What moves a model. */
export interface Explained {
  /** The job that found it. */
  readonly job: string
  readonly features: Readonly<Record<string, number>>
}

/** What monitors ask of others. */
export interface MonitoringNeeds {
  db: Database
  log: Logger
  blobs: BlobStore
  /** Where metrics are drawn over time. */
  chart: Chart
  tasks: Tasks
  events: EventLog
  schedules: MonitorSchedules
  batch: {
    /** Jobs of a batch deployment that were started in a time and have completed, oldest first. */
    completed(workspace: string, target: Target, from: Date, to: Date): Promise<string[]>
  }
  /** An online or batch deployment; undefined when there is none. */
  deployment(workspace: string, endpoint: string, name: string): Promise<Deployed | undefined>
  collected: CollectedPeriods
  /** For what is laid out while a run is judged. */
  workDir: string
  /** Tables are read when nobody else wants the processor; true unless given. */
  background?: boolean
  /** Throws not_found or invalid. */
  resolve(workspace: string, uri: string): Promise<Content>
  /** Throws not_found or invalid. */
  table(workspace: string, uri: string): Promise<TableSource>
  components: { resolve(workspace: string, reference: string): Promise<{ spec: ComponentSpec }> }
  jobs: {
    submit(who: Who, submission: Submission, inTx: (tx: Tx) => Promise<void>): Promise<JobResource>
    /** Those that are there. */
    named(workspace: string, names: readonly string[]): Promise<JobResource[]>
  }
  /** Mean effect of each column on what a model version, `<name>:<version>`, answers, by the newest explanation of it that is complete. */
  explained(workspace: string, model: string): Promise<Explained | undefined>
  /** The jobs that made a model version, `<name>:<version>`. */
  makersOf(workspace: string, model: string): Promise<string[]>
}
