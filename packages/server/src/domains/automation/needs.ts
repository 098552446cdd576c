import type { GateRunResource, JobResource, JobSpec, RolloutResource, RolloutSpec } from '@hagane/contract'
import type { Database, Tx, Who } from '../../kernel/db/index.ts'
import type { Logger } from '../../kernel/log.ts'
import type { Sender } from '../../kernel/outgoing/index.ts'
import type { Secrets } from '../../kernel/secrets.ts'
import type { Tasks } from '../../kernel/tasks/index.ts'
import type { Submission } from '../jobs/index.ts'

interface GateAsked {
  gate: string
  candidate: string
  champion?: string | undefined
  idempotency: string
}

/** What rules ask of others. */
export interface RuleNeeds {
  db: Database
  log: Logger
  tasks: Tasks
  secrets: Secrets
  /** Address of this server. */
  url: () => string
  /** How webhooks leave this server. */
  sender: Sender
  jobs: {
    /** Submits a job; `inTx` runs first in the transaction that stores it, and a throw there undoes all. */
    submit(who: Who, submission: Submission, inTx: (tx: Tx) => Promise<void>): Promise<JobResource>
    /** Throws what a submission of this job would be refused with. */
    check(workspace: string, job: JobSpec): Promise<void>
    /** What a submitted job was made of, to be submitted again; throws not_found. */
    specOf(workspace: string, name: string): Promise<JobSpec>
    /** Jobs by name, those that are there. */
    named(workspace: string, names: readonly string[]): Promise<JobResource[]>
  }
  models: {
    /** The version behind a reference; throws not_found that says what there is. */
    resolve(workspace: string, reference: string): Promise<{ name: string; version: string }>
    setAlias(tx: Tx, name: string, alias: string, version: string): Promise<void>
  }
  gates: {
    /** Begins to judge a candidate, once for each `idempotency`; the name of the run. */
    run(who: Who, asked: GateAsked): Promise<string>
    /** undefined when there is none of this name. */
    find(workspace: string, run: string): Promise<GateRunResource | undefined>
    /** Throws not_found, named after the property that names the gate. */
    require(workspace: string, gate: string, property: string): Promise<void>
  }
  rollouts: {
    /** Throws what a start would be refused with; `isOpen` says of a text that it is not known yet. */
    check(workspace: string, spec: RolloutSpec, isOpen?: (text: string) => boolean): Promise<void>
    /** Creates and starts a rollout, once for each `idempotency`; its name. */
    startRollout(who: Who, spec: RolloutSpec, options: { idempotency: string }): Promise<string>
    /** undefined when there is none of this name. */
    find(workspace: string, name: string): Promise<RolloutResource | undefined>
  }
  /** Parameters and metrics of a run. */
  runFacts(workspace: string, run: string): Promise<Record<string, unknown>>
}
