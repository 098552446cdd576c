import type { JobResource, JobSpec, MonitorDefinition, MonitorSpec } from '@hagane/contract'
import type { Database, Tx, Who } from '../../kernel/db/index.ts'
import type { Logger } from '../../kernel/log.ts'
import type { Submission } from '../jobs/index.ts'
import type { ScheduleRow } from './tables.ts'

/** What schedules ask of others. */
export interface ScheduleNeeds {
  db: Database
  log: Logger
  jobs: {
    /** Submits a job; `inTx` runs first in the transaction that stores it, and a throw there undoes all. */
    submit(who: Who, submission: Submission, inTx: (tx: Tx) => Promise<void>): Promise<JobResource>
    /** Throws what a submission of this job would be refused with. */
    check(workspace: string, job: JobSpec): Promise<void>
    /** What a submitted job was made of, to be submitted again; throws not_found. */
    specOf(workspace: string, name: string): Promise<JobSpec>
  }
  monitors: ScheduledMonitors
}

/** What schedules whose times have a monitor judge ask of monitors. */
export interface ScheduledMonitors {
  /** Throws what this monitor is refused with. */
  check(workspace: string, monitor: MonitorSpec): Promise<void>
  /** In the transaction that takes the time: has the moment judged, once. The run's name; undefined when there is nothing to judge. */
  begin(tx: Tx, monitor: ScheduleRow, time: Date, kind: 'tick' | 'manual'): Promise<string | undefined>
  /** In the transaction that stores a monitor's definition; `before` is the row that it replaces. */
  stored(tx: Tx, name: string, definition: MonitorDefinition, before: ScheduleRow | undefined): Promise<void>
  /** In the transaction that deletes it. */
  deleted(tx: Tx, monitor: ScheduleRow): Promise<void>
}
