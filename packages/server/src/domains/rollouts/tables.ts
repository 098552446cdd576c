import type { Stamps } from '../../kernel/stamps.ts'

/** Tables of migration 0094. JSON is text, times are epoch milliseconds or, where they are shown, RFC 3339 text. */
export type RolloutTables = {
  rollouts: Stamps & {
    workspace: string
    name: string
    /** Tells a rollout from an earlier one of the same name. */
    id: string
    /** Counts the rollouts of the server. */
    seq: number
    endpoint: string
    candidate: string
    stable: string
    spec: string
    phase: string
    state: string
    /** Traffic and mirror before it began, as JSON; null until it starts. */
    before: string | null
    /** The endpoint while it is on its way, else null: an endpoint has one rollout at a time, which the database keeps. */
    holds: string | null
    /** When it has to be looked at again; null when only a command can move it. */
    next_look: number | null
    /** What set it off. */
    correlation: string | null
    /** A caller's key: who starts it again with the same one gets this rollout. */
    idempotency: string | null
  }
  rollout_measurements: {
    rollout_id: string
    seq: number
    attempt: number
    step: number
    metric: string
    time: string
    phase: string
    result: number | null
    stable: number | null
    count: number
    message: string | null
  }
}
export type RolloutRow = RolloutTables['rollouts']
export type MeasurementRow = RolloutTables['rollout_measurements']
