import type { AlertRuleSpec, BacktestResult } from '@hagane/contract'
import type { Database } from '../../../kernel/db/index.ts'
import { type EventRow, eventsAfter, firstAt } from '../../../kernel/events/index.ts'
import { begin, onEnd, onEvent, onTime, type RuleState, type Step } from './machine.ts'
import { type MetricSource, windowOf } from './metric-source.ts'
import { overMetric } from './metric-step.ts'
import { keyOf, type Rule, ruleOfSpec, signalOf } from './rule.ts'

const PAGE = 1000
const MOST_SHOWN = 1000

type Firing = BacktestResult['firings'][number]

/** A rule over a metric is looked at every ten seconds, in a long period less often. */
const LOOK_MS = 10_000
const MOST_LOOKS = 2000

interface Asked {
  rule: AlertRuleSpec
  since: Date
  until: Date
}

/** Replays a rule on the past of a period, as if it had been there. Throws `invalid` for a condition that is none. */
export async function backtest(
  { db, metric }: { db: Database; metric: MetricSource },
  workspace: string,
  { rule: spec, since, until }: Asked,
): Promise<BacktestResult> {
  const rule = ruleOfSpec(spec, workspace)
  const replay = new Replay(rule, since.getTime())
  if (spec.metric !== undefined) {
    const looks = Math.ceil((until.getTime() - since.getTime()) / MOST_LOOKS / LOOK_MS)
    const step = Math.max(1, looks) * LOOK_MS
    for (let at = since.getTime() + step; at <= until.getTime(); at += step)
      replay.measured(at, await metric(workspace, windowOf(spec.metric, at)))
    return { ...replay.end(since, until), step_seconds: step / 1000 }
  }
  for await (const event of between(db, workspace, since, until, spec)) replay.event(event)
  return replay.end(since, until)
}

async function* between(
  db: Database,
  workspace: string,
  since: Date,
  until: Date,
  spec: AlertRuleSpec,
): AsyncGenerator<EventRow> {
  const type = spec.resolve_on === undefined && spec.on?.types?.length === 1 ? spec.on.types[0] : undefined
  const end = until.toISOString()
  for (let after = (await firstAt(db, since.toISOString())) - 1; ; ) {
    const events = await eventsAfter(db, after, PAGE, { workspace, type })
    for (const event of events) {
      if (event.time >= end) return
      yield event
      after = event.seq
    }
    if (events.length < PAGE) return
  }
}

class Replay {
  readonly #rule: Rule
  readonly #since: number
  readonly #states = new Map<string, RuleState>()
  readonly #open = new Map<string, Firing>()
  readonly #pending = new Map<string, number>()
  readonly #firings: Firing[] = []
  #counted = 0
  #fired = 0
  #seconds = 0
  #now: number

  constructor(rule: Rule, since: number) {
    this.#rule = rule
    this.#since = since
    this.#now = since
    if (rule.timings.absentFor !== undefined) this.#states.set('', begin(since))
  }

  event(event: EventRow): void {
    // a clock that was set back does not turn time round
    this.#now = Math.max(this.#now, Date.parse(event.time))
    const what = this.#rule.looksAt(event)
    if (what === undefined) return
    const key = keyOf(this.#rule, event.subject)
    this.#pass(key)
    const state = this.#states.get(key) ?? begin(this.#since)
    if (what === 'counts') this.#counted++
    const step = what === 'ends' ? onEnd(state, this.#now) : onEvent(this.#rule.timings, state, this.#now)
    this.#take(key, step, event.seq)
  }

  measured(at: number, value: number | undefined): void {
    this.#now = at
    const step = overMetric(this.#rule, this.#states.get(''), value, at)
    if (step === undefined) return
    if (step.state.times.length > 0) this.#counted++
    this.#take('', step, undefined)
  }

  end(since: Date, until: Date): BacktestResult {
    this.#now = until.getTime()
    for (const key of [...this.#states.keys()]) this.#pass(key)
    for (const firing of this.#open.values()) this.#seconds += (this.#now - Date.parse(firing.fired_at)) / 1000
    return {
      ...{ since: since.toISOString(), until: until.toISOString(), events: this.#counted, fired: this.#fired },
      firing_seconds: Math.round(this.#seconds),
      firings: this.#firings.sort((a, b) => a.fired_at.localeCompare(b.fired_at)),
    }
  }

  #pass(key: string): void {
    const state = this.#states.get(key)
    if (state !== undefined) this.#take(key, onTime(this.#rule.timings, state, this.#now), undefined)
  }

  #take(key: string, { state, moves }: Step, seq: number | undefined): void {
    const before = this.#states.get(key)
    this.#states.set(key, state)
    for (const { move, at } of moves) {
      const time = new Date(at).toISOString()
      if (move === 'pending') this.#pending.set(key, at)
      if (move === 'dropped') this.#pending.delete(key)
      if (move === 'firing') this.#fire(key, time, state.times.length > 0 ? state : (before ?? state), seq)
      if (move === 'resolved') this.#resolve(key, time)
    }
  }

  #fire(key: string, time: string, state: RuleState, seq: number | undefined): void {
    this.#fired++
    const { key: name, summary } = signalOf(this.#rule, key, state, false)
    const pending = this.#pending.get(key)
    const firing: Firing = {
      ...{ key: name, summary, fired_at: time, events: state.times.length },
      ...(pending === undefined ? {} : { pending_at: new Date(pending).toISOString() }),
      ...(seq === undefined ? {} : { last_seq: seq }),
    }
    this.#pending.delete(key)
    this.#open.set(key, firing)
    if (this.#firings.length < MOST_SHOWN) this.#firings.push(firing)
  }

  #resolve(key: string, time: string): void {
    const firing = this.#open.get(key)
    if (firing === undefined) return
    firing.resolved_at = time
    this.#seconds += (Date.parse(time) - Date.parse(firing.fired_at)) / 1000
    this.#open.delete(key)
  }
}
