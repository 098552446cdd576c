import type { OnlineDeploymentSpec } from '@hagane/contract'
import type { TableSource } from '@hagane/tabular'
import type { Database } from '../../kernel/db/index.ts'
import type { EventLog } from '../../kernel/events/index.ts'
import type { Logger } from '../../kernel/log.ts'
import type { Tasks } from '../../kernel/tasks/index.ts'
import type { CollectedPeriods } from '../collection/index.ts'
import type { MonitorSchedules } from '../schedules/index.ts'

/** What is known of a deployment that runs: its model by `azureml:<name>:<version>`, and what it collects. */
export interface Deployed {
  readonly spec: OnlineDeploymentSpec
  readonly model: string | undefined
}

/** Content behind a reference, by digest. */
export interface Content {
  readonly tree: string
  readonly path: string
  readonly asset?: string
}

/** What monitors ask of others. */
export interface MonitoringNeeds {
  db: Database
  log: Logger
  tasks: Tasks
  events: EventLog
  schedules: MonitorSchedules
  /** An online deployment; undefined when there is none. */
  deployment(workspace: string, endpoint: string, name: string): Promise<Deployed | undefined>
  collected: CollectedPeriods
  /** Throws not_found or invalid. */
  resolve(workspace: string, uri: string): Promise<Content>
  /** Throws not_found or invalid. */
  table(workspace: string, uri: string): Promise<TableSource>
  /** The jobs that made a model version, `<name>:<version>`. */
  makersOf(workspace: string, model: string): Promise<string[]>
}
