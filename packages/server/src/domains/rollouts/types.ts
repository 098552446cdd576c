import type { MeasurementPhase, MetricProvider, PauseReason, RolloutApproval, RolloutPhase } from '@hagane/contract'

/** A metric with its times in milliseconds. `count` is undefined where it is measured without end. */
export interface PlannedMetric {
  readonly name: string
  readonly provider: MetricProvider
  readonly successCondition?: string | undefined
  readonly failureCondition?: string | undefined
  readonly intervalMs: number
  readonly count: number | undefined
  readonly failureLimit: number
  readonly inconclusiveLimit: number
  readonly consecutiveErrorLimit: number
  readonly initialDelayMs: number
  readonly windowMs: number | undefined
  readonly minimum: number
}

export type Step =
  | { readonly kind: 'weight'; readonly weight: number }
  | { readonly kind: 'mirror'; readonly percentage: number }
  | { readonly kind: 'pause'; readonly ms?: number; readonly approvers?: readonly string[] }
  | { readonly kind: 'analysis'; readonly metrics: readonly PlannedMetric[] }
  | { readonly kind: 'gate'; readonly gate: string; readonly champion?: string | undefined }

/** Every strategy as one list of steps. */
export interface Plan {
  readonly steps: readonly Step[]
  readonly background?: { readonly startingStep: number; readonly metrics: readonly PlannedMetric[] }
  readonly deadlineMs: number
  readonly deadlineAborts: boolean
}

export type Outcome = 'Successful' | 'Failed' | 'Inconclusive' | 'Error'

/** How far the measuring of one metric is. Times are epoch milliseconds. */
export interface Tally {
  measured: number
  failed: number
  inconclusive: number
  errorsInRow: number
  nextAt: number
  outcome?: Outcome
  message?: string
}
export interface Analysis {
  startedAt: number
  tallies: Record<string, Tally>
}

/** The step before the first: the candidate is deployed. */
export const DEPLOYING = -1

export interface RolloutState {
  phase: RolloutPhase
  attempt: number
  /** Counts how often something was asked to be measured again; a gate is run once for each. */
  round: number
  /** From DEPLOYING to the number of steps, when all are done. */
  step: number
  /** False: what the step does when it begins is still to come. */
  entered: boolean
  /** Since when it is at this step. */
  since: number
  weight: number
  mirror: number
  analysis?: Analysis
  background?: Analysis
  pause?: { reason: PauseReason; until?: number; approvers?: readonly string[] }
  skipped: number[]
  approvals: RolloutApproval[]
  message?: string
}

export type AnalysisPlace = 'step' | 'background'

/** What a measurement said, and what follows from it by the conditions of its metric. */
export interface Measured {
  readonly place: AnalysisPlace
  readonly metric: string
  readonly phase: MeasurementPhase
  readonly result: number | null
  readonly stable: number | null
  readonly count: number
  readonly message?: string
}

/** What is known of the world when a rollout is looked at. */
export interface Facts {
  readonly deployment?: { readonly state: 'ready' | 'waiting' } | { readonly state: 'failed'; readonly message: string }
  readonly measured: readonly Measured[]
  readonly gate?: { readonly result: 'pass' | 'fail' | 'inconclusive'; readonly message: string }
}

export type What =
  | 'started'
  | 'step'
  | 'analysis'
  | 'paused'
  | 'resumed'
  | 'approved'
  | 'retried'
  | 'promoted'
  | 'aborted'
  | 'rolled-back'

/** What has to happen in the transaction that keeps a new state, in this order. */
export type Effect =
  /** Takes hold of the endpoint. */
  | { readonly kind: 'begin' }
  | { readonly kind: 'traffic' }
  | { readonly kind: 'restore' }
  | { readonly kind: 'promote' }
  | { readonly kind: 'event'; readonly what: What; readonly data: Record<string, unknown>; readonly alert?: Alert }

/** In words; names and keys are added where it is sent. */
export interface Alert {
  readonly about: 'rollback' | 'waiting'
  readonly state: 'firing' | 'resolved'
  readonly why: string
}

export interface Move {
  readonly state: RolloutState
  readonly effects: readonly Effect[]
}

/** What a provider found of candidate and stable; null where nothing can be said yet. */
export interface Found {
  result: number | null
  stable: number | null
  /** Requests, or rows, behind the result. */
  count: number
  /** What there was nothing of. */
  message?: string
}

/** Where and when it is measured. Times are epoch milliseconds. */
export interface Scope {
  workspace: string
  endpoint: string
  candidate: string
  stable: string
  since: number
  until: number
}
