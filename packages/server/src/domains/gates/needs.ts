import type { EnvironmentSpec, JobResource } from '@hagane/contract'
import type { BlobStore } from '../../kernel/blobs/index.ts'
import type { Database, Tx, Who } from '../../kernel/db/index.ts'
import type { Logger } from '../../kernel/log.ts'
import type { Tasks } from '../../kernel/tasks/index.ts'
import type { Data } from '../data/index.ts'
import type { ServedModel } from '../endpoints/index.ts'
import type { Jobs, Submission } from '../jobs/index.ts'

/** What gates ask of others. */
export interface GateNeeds {
  db: Database
  blobs: BlobStore
  tasks: Tasks
  log: Logger
  data: Pick<Data, 'resolve'>
  models: { resolve(workspace: string, reference: string): Promise<ServedModel> }
  /** The environment under a name that does not change, where it has one. */
  environment(workspace: string, wanted: string | EnvironmentSpec | null): Promise<{ id?: string }>
  jobs: {
    submit(who: Who, submission: Submission, inTx: (tx: Tx) => Promise<void>): Promise<JobResource>
    named: Jobs['named']
    output: Jobs['output']
  }
  /** Last values of the metrics of a run; none when there is no such run. */
  runMetrics(workspace: string, runId: string): Promise<Record<string, number>>
}
