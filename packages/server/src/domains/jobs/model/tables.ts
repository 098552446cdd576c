import type { JobStatus } from '@hagane/contract'

export type JobTables = {
  jobs: {
    workspace: string
    name: string
    type: 'command' | 'pipeline' | 'sweep'
    status: JobStatus
    display_name: string
    experiment_name: string
    experiment_id: string
    description: string | null
    tags: string
    properties: string
    parent: string | null
    /** The job that was submitted; a job of its own is its own root. */
    root: string
    /** Node key in the parent. */
    step: string | null
    /** Order of creation, for lists. */
    seq: number
    compute: string | null
    /** As submitted, references resolved (JSON). */
    spec: string
    /** What to do, in digests (JSON of plan.ts). */
    plan: string
    /** By name: type, tree, path, asset (JSON). */
    outputs: string
    git: string | null
    commit_id: string | null
    reuse_key: string | null
    reused_from: string | null
    error: string | null
    attempts: number
    archived: number
    revision: number
    created_at: string
    created_by: string
    modified_at: string
    modified_by: string
    start_time: string | null
    end_time: string | null
  }
  /** Results that may be taken again: reuse key → the job that computed them. */
  step_results: { workspace: string; key: string; job: string; created_at: string }
  /** The trials of sweeps, beside the jobs that they are. */
  sweep_trials: {
    workspace: string
    sweep: string
    /** From 0, in the order of creation. */
    number: number
    job: string
    /** Where in the search space it is (JSON). */
    point: string
    /** Best value of the primary metric so far; null before there is one. */
    value: number | null
    /** Values of the primary metric logged so far. */
    intervals: number
    /** The last interval at which the early termination policy has looked at it. */
    judged: number
    /** Why that policy stopped it. */
    stopped: string | null
  }
}

export type JobRow = JobTables['jobs']
export type TrialRow = JobTables['sweep_trials']
