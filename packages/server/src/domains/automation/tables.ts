import type { RuleActionKind, RuleActionState, RuleRunState, RuleSkipReason } from '@hagane/contract'
import type { Stamps } from '../../kernel/stamps.ts'

export type RuleTables = {
  rules: Stamps & {
    workspace: string
    name: string
    /** Tells a rule from an earlier one of the same name. */
    id: string
    display_name: string | null
    description: string | null
    tags: string
    properties: string
    /** JSON of RuleTrigger. */
    triggers: string
    /** JSON of Limits. */
    limits: string
    /** JSON list of RuleAction, jobs complete. */
    actions: string
    git: string | null
    /** Experiment of jobs that name none. */
    experiment: string | null
    is_enabled: number
    /** Sealed; what a git host signs with. */
    secret: string | null
    /** The newest event that was decided on; older ones are never looked at again. */
    decided_seq: number
    /** Epoch milliseconds of the last run that was fired by itself. */
    fired_at: number | null
    /** Epoch milliseconds of the next time of its schedule; null without one, or when disabled. */
    next_tick: number | null
    /** JSON of Held: the events that debounce holds back. */
    held: string | null
    held_until: number | null
  }
  rule_runs: {
    rule_id: string
    /** Counts the runs of a rule from 1. */
    number: number
    workspace: string
    rule: string
    state: RuleRunState
    /** Why it was skipped. */
    reason: RuleSkipReason | null
    message: string | null
    /** How many events it stands for. */
    events: number
    event_seq: number
    /** JSON of the event as expressions see it. */
    event: string
    correlation: string
    /** JSON list of RuleAction, as they were when it fired. */
    actions: string
    git: string | null
    experiment: string | null
    error: string | null
    started_at: string
    started_ms: number
    ended_at: string | null
  }
  rule_actions: {
    rule_id: string
    number: number
    position: number
    id: string
    kind: RuleActionKind
    state: RuleActionState
    attempts: number
    /** Epoch milliseconds before which it is not tried again. */
    not_before: number | null
    /** What ends it: job/<name>, gate-run/<name>, rollout/<name>. Null unless it waits. */
    waits_for: string | null
    workspace: string
    result: string | null
    error: string | null
    reason: string | null
    started_at: string | null
    ended_at: string | null
  }
  /** Deliveries of a git host that were taken in. */
  rule_deliveries: { rule_id: string; delivery: string; at: string }
}

export type RuleRow = RuleTables['rules']
export type RunRow = RuleTables['rule_runs']
export type ActionRow = RuleTables['rule_actions']

/** How often a rule may fire. */
export interface Limits {
  debounce?: string | undefined
  cooldown?: string | undefined
  max_per_hour?: number | undefined
  max_depth: number
}

/** Events that debounce holds back: the newest of them, and how many they are. */
export interface Held {
  seq: number
  count: number
  /** Epoch milliseconds of the first. */
  since: number
}
