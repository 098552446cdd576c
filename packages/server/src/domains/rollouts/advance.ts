import { beginAnalysis, counted, nextDue, outcomeOfAnalysis } from './tally.ts'
import type { Alert, Effect, Facts, Measured, Move, Plan, PlannedMetric, RolloutState, Step, What } from './types.ts'

/** How often it is asked whether the candidate serves, or a gate has decided. */
const LOOK_MS = 500

type Verdict =
  | { kind: 'waits' }
  | { kind: 'passed' }
  | { kind: 'failed' | 'inconclusive'; why: string; data?: Record<string, unknown> }

const WAITS: Verdict = { kind: 'waits' }
const PASSED: Verdict = { kind: 'passed' }

/**
 * Where a rollout stands once facts and time are known: it passes all steps that are done by now, turns back when something
 * failed, pauses where it cannot be told. Facts about what it no longer asks for are left aside. Pure.
 */
export function advance(plan: Plan, before: RolloutState, facts: Facts, now: number): Move {
  if (before.phase !== 'Progressing' && before.phase !== 'Paused') return { state: before, effects: [] }
  const walk = new Walk(plan, structuredClone(before), now)
  walk.take(facts.measured)
  walk.go(facts)
  return { state: walk.state, effects: walk.effects }
}

/** When a rollout has to be looked at again; undefined when only a command can move it. */
export function nextLook(plan: Plan, state: RolloutState, now: number): number | undefined {
  if (state.phase !== 'Progressing' && state.phase !== 'Paused') return undefined
  const times = [state.pause?.until, state.background === undefined ? undefined : nextDue(state.background)]
  if (state.phase === 'Progressing') {
    const isAsked = plan.steps[state.step]?.kind !== 'analysis'
    times.push(isAsked ? now + LOOK_MS : undefined, state.since + plan.deadlineMs)
    if (state.analysis !== undefined) times.push(nextDue(state.analysis))
  }
  const known = times.filter(time => time !== undefined)
  return known.length === 0 ? undefined : Math.min(...known)
}

/** The metrics whose measurements count now. */
export function metricsOf(plan: Plan, state: RolloutState, place: Measured['place']): readonly PlannedMetric[] {
  if (place === 'background') return plan.background?.metrics ?? []
  const step = plan.steps[state.step]
  return step?.kind === 'analysis' ? step.metrics : []
}

class Walk {
  readonly effects: Effect[] = []
  readonly #plan: Plan
  state: RolloutState
  readonly #now: number

  constructor(plan: Plan, state: RolloutState, now: number) {
    this.#plan = plan
    this.state = state
    this.#now = now
  }

  take(measured: readonly Measured[]): void {
    for (const one of measured) {
      const analysis = one.place === 'step' ? this.state.analysis : this.state.background
      const metric = metricsOf(this.#plan, this.state, one.place).find(({ name }) => name === one.metric)
      const tally = analysis?.tallies[one.metric]
      if (analysis === undefined || metric === undefined || tally === undefined || tally.outcome !== undefined) continue
      analysis.tallies[one.metric] = counted(tally, metric, one, this.#now)
    }
  }

  go(facts: Facts): void {
    if (this.#judgeBackground()) return
    for (;;) {
      if (this.state.phase === 'Paused' && !this.#pauseIsOver()) return
      if (this.state.step >= this.#plan.steps.length) return void this.#promote()
      if (!this.state.entered) {
        this.#enter(this.state.step)
        continue
      }
      const verdict = this.#verdict(this.#plan.steps[this.state.step], facts)
      if (verdict.kind === 'waits') return
      if (verdict.kind === 'failed') return void this.#turnBack(verdict.why)
      if (verdict.kind === 'inconclusive') return void this.#pauseUndecided(verdict.why)
      this.#enter(this.state.step + 1)
    }
  }

  /** True when nothing behind it can go on. */
  #judgeBackground(): boolean {
    const found = this.state.background === undefined ? undefined : outcomeOfAnalysis(this.state.background)
    if (found === undefined || found.outcome === 'Successful') return false
    this.#tell('analysis', { place: 'background', ...found })
    const why = `${found.metric}, measured behind the steps, is ${wordOf(found.outcome)}${reason(found.message)}`
    if (found.outcome === 'Inconclusive') {
      if (this.state.pause?.reason === 'inconclusive') return false
      this.#pauseUndecided(why)
    } else this.#turnBack(why)
    return true
  }

  #pauseIsOver(): boolean {
    const { pause } = this.state
    if (pause?.until === undefined || pause.until > this.#now) return false
    const { pause: _, message: __, ...rest } = this.state
    this.state = { ...rest, phase: 'Progressing' }
    this.#enter(this.state.step + 1)
    return true
  }

  #verdict(step: Step | undefined, facts: Facts): Verdict {
    if (this.state.step < 0) return this.#deployed(facts)
    switch (step?.kind) {
      case 'analysis':
        return this.#analysed()
      case 'gate':
        return this.#gated(facts)
      default:
        return PASSED
    }
  }

  #deployed({ deployment }: Facts): Verdict {
    if (deployment?.state === 'ready') return PASSED
    if (deployment?.state === 'failed')
      return { kind: 'failed', why: `the candidate does not serve: ${deployment.message}` }
    return this.#late('the candidate does not serve yet')
  }

  #analysed(): Verdict {
    const { analysis } = this.state
    if (analysis === undefined) return WAITS
    const found = outcomeOfAnalysis(analysis)
    if (found === undefined) {
      const waiting = Object.entries(analysis.tallies).find(([, tally]) => tally.outcome === undefined && tally.message)
      return this.#late(
        waiting === undefined ? 'its metrics have no outcome yet' : `${waiting[0]}${reason(waiting[1].message)}`,
      )
    }
    this.#tell('analysis', { place: 'step', ...found })
    if (found.outcome === 'Successful') return PASSED
    const why = `${found.metric} is ${wordOf(found.outcome)}${reason(found.message)}`
    return { kind: found.outcome === 'Inconclusive' ? 'inconclusive' : 'failed', why }
  }

  #gated({ gate }: Facts): Verdict {
    if (gate?.result === 'pass') return PASSED
    if (gate === undefined) return this.#late('the gate has not decided yet')
    return { kind: gate.result === 'fail' ? 'failed' : 'inconclusive', why: gate.message }
  }

  /** A step that takes longer than it may. */
  #late(what: string): Verdict {
    if (this.#now - this.state.since < this.#plan.deadlineMs) return WAITS
    const why = `no progress for ${this.#plan.deadlineMs / 1000} s: ${what}`
    return { kind: this.#plan.deadlineAborts ? 'failed' : 'inconclusive', why }
  }

  #enter(index: number): void {
    const { analysis: _, ...rest } = this.state
    this.state = { ...rest, step: index, entered: true, since: this.#now }
    const step = this.#plan.steps[index]
    if (step === undefined) return
    if (step.kind === 'weight')
      Object.assign(this.state, { weight: step.weight, ...(step.weight > 0 ? { mirror: 0 } : {}) })
    if (step.kind === 'mirror') this.state.mirror = step.percentage
    if (step.kind === 'analysis') this.state.analysis = beginAnalysis(step.metrics, this.#now)
    this.#beginBackground(index)
    if (step.kind === 'weight' || step.kind === 'mirror') this.effects.push({ kind: 'traffic' })
    this.#tell('step', { kind: step.kind })
    if (step.kind === 'pause') this.#pauseAt(step)
  }

  #beginBackground(index: number): void {
    const { background } = this.#plan
    if (background === undefined || index < background.startingStep || this.state.background !== undefined) return
    this.state.background = beginAnalysis(background.metrics, this.#now)
  }

  #pauseAt({ ms, approvers }: Extract<Step, { kind: 'pause' }>): void {
    this.state.phase = 'Paused'
    if (ms !== undefined) {
      this.state.pause = { reason: 'duration', until: this.#now + ms }
      this.#tell('paused', { reason: 'duration', seconds: ms / 1000 })
      return
    }
    this.state.pause = { reason: 'approval', ...(approvers === undefined ? {} : { approvers }) }
    this.state.message = 'waits for an approval'
    this.#tell(
      'paused',
      { reason: 'approval' },
      { about: 'waiting', state: 'firing', why: 'a step waits for an approval' },
    )
  }

  #pauseUndecided(why: string): void {
    const { approvers } = this.state.pause ?? {}
    const pause = { reason: 'inconclusive', ...(approvers === undefined ? {} : { approvers }) }
    Object.assign(this.state, { phase: 'Paused', pause, message: why })
    this.#tell('paused', { reason: 'inconclusive', message: why }, { about: 'waiting', state: 'firing', why })
  }

  #turnBack(why: string): void {
    const { pause, analysis: _, background: __, ...rest } = this.state
    const waited = pause?.reason === 'approval' || pause?.reason === 'inconclusive'
    this.state = { ...rest, phase: 'Degraded', weight: 0, mirror: 0, message: why }
    this.effects.push({ kind: 'restore' })
    this.#tell('rolled-back', { reason: why }, { about: 'rollback', state: 'firing', why })
    if (waited) this.#tell('resumed', { reason: 'rolled back' }, { about: 'waiting', state: 'resolved', why })
  }

  #promote(): void {
    const { pause: _, analysis: __, background: ___, message: ____, ...rest } = this.state
    this.state = { ...rest, phase: 'Healthy', weight: 100, mirror: 0 }
    this.effects.push({ kind: 'promote' })
    this.#tell('promoted', {}, { about: 'rollback', state: 'resolved', why: 'a rollout of this endpoint was promoted' })
  }

  #tell(what: What, data: Record<string, unknown>, alert?: Alert): void {
    const { attempt, step, weight, mirror } = this.state
    const said = { attempt, step, of: this.#plan.steps.length, weight, mirror, ...data }
    this.effects.push({ kind: 'event', what, data: said, ...(alert === undefined ? {} : { alert }) })
  }
}

const wordOf = (outcome: string): string => (outcome === 'Error' ? 'not measurable' : outcome.toLowerCase())
const reason = (message: string | undefined): string => (message === undefined ? '' : `: ${message}`)
