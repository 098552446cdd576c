import type { JobStatus, RunReason, Verdict } from '@hagane/contract'

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
    /** The schedule that submitted it; null for steps. */
    schedule: string | null
    reuse_key: string | null
    reused_from: string | null
    error: string | null
    /** What its command used (JSON of StepUsage). */
    usage: string | null
    /** The tries before the last (JSON list of Try). */
    tries: string | null
    /** The server that started the last attempt, in whose data folder it is. */
    server: string | null
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
  /** What a reuse key is the digest of (JSON of ReuseParts). */
  reuse_keys: { workspace: string; key: string; parts: string }
  /** How it was decided whether a step runs; of the last attempt. */
  reuse_decisions: {
    workspace: string
    job: string
    /** That of the job, so that earlier runs can be told from later ones. */
    seq: number
    component: string | null
    experiment_id: string
    /** Node keys from the submitted job down to the step, joined by `/`; empty for a job of its own. */
    path: string
    key: string
    /** Set where the key does not say it: forced, expired … */
    reason: RunReason | null
    /** The job whose results were taken, or would have been. */
    earlier: string | null
    /** Input → where its content came from (JSON). */
    sources: string
    /** The machine it was started on (JSON); null when it was reused. */
    host: string | null
    decided_at: string
  }
  /** Which job computes which again, and how the results compare. */
  reproductions: {
    workspace: string
    job: string
    original: string
    /** JSON of Tolerance. */
    tolerance: string
    /** What was asked to be other than it was (JSON list of sentences). */
    changed: string
    /** Once the job has ended and the results were compared. */
    verdict: Verdict | null
    /** JSON of Judgement. */
    report: string | null
    created_at: string
    judged_at: string | null
  }
}

export type DecisionRow = JobTables['reuse_decisions']

export type JobRow = JobTables['jobs']
export type TrialRow = JobTables['sweep_trials']
