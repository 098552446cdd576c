import type { JobResource, JobSpec } from '@hagane/contract'
import type { Database, Tx, Who } from '../../kernel/db/index.ts'
import type { Logger } from '../../kernel/log.ts'
import type { Submission } from '../jobs/index.ts'

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
}
